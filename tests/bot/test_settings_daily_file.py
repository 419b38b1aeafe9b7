"""Where daily files go, as people write it in the settings."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import DailyFile, load


def read(folder: Path, **environ: str) -> DailyFile:
    told = {f"RADAR_DAILY_FILE__{name.upper()}": value for name, value in environ.items()}
    return load(environ=told, folder=folder).daily_file


def test_by_default_it_is_a_folder_of_the_data(tmp_path: Path) -> None:
    assert read(tmp_path) == DailyFile(destination="local", path=Path("data/portfolio"))


def test_a_path_may_begin_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    assert read(tmp_path, path="~/.ghtraf/portfolio").path == tmp_path / ".ghtraf" / "portfolio"


def test_a_gist_is_named_by_its_id_or_its_address(tmp_path: Path) -> None:
    for written in (
        "abc123",
        "https://gist.github.com/me/abc123",
        "https://gist.github.com/abc123/",
    ):
        assert read(tmp_path, gist_id=written).gist_id == "abc123"


def test_a_token_may_stand_in_a_file_and_is_a_secret(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("ghp_mine\n")
    settings = load(
        environ={"RADAR_DAILY_FILE__GIST_TOKEN_FILE": str(tmp_path / "token")}, folder=tmp_path
    )

    assert [secret.get_secret_value() for secret in settings.secrets()] == ["ghp_mine"]
    assert "ghp_mine" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "written", "fix"),
    [
        ("destination", "cloud", "'none', 'local', 'gist' or 'both'"),
        ("path", "~nobody-of-that-name/files", "write the path in full"),
        ("path", "a\0b", "write the path of a folder"),
        ("gist_id", "https://gist.github.com/me/a b", "write the gist's id"),
        ("gist_id", "../user", None),
    ],
)
def test_a_wrong_value_is_one_sentence(
    tmp_path: Path, name: str, written: str, fix: str | None
) -> None:
    if fix is None:  # only the last part counts: nothing of an address is ever asked for
        assert read(tmp_path, **{name: written}).gist_id == "user"
        return
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, **{name: written})

    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"daily_file.{name}")
    assert fix in line


@pytest.mark.parametrize("written", ["5", "[a]"])
def test_a_path_in_yaml_is_text(tmp_path: Path, written: str) -> None:
    (tmp_path / "config.yaml").write_text(f"daily_file:\n  path: {written}\n")

    with pytest.raises(SettingsError, match=r"daily_file\.path .*: write the path of a folder"):
        load(environ={}, folder=tmp_path)
