"""Where run directories go, as people write it in the settings."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Snapshots, load


def read(folder: Path, **environ: str) -> Snapshots:
    told = {f"RADAR_SNAPSHOTS__{name.upper()}": value for name, value in environ.items()}
    return load(environ=told, folder=folder).snapshots


def test_by_default_there_are_none(tmp_path: Path) -> None:
    assert read(tmp_path) == Snapshots(
        enabled=False, repo_path=None, branch="main", retain_last=None, incremental=False
    )


def test_all_of_it_may_be_said(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        enabled="true",
        repo_path="https://github.com/acme/state",
        branch="radar/state-1.0",
        retain_last="90",
        incremental="true",
    )

    assert settings == Snapshots(
        enabled=True,
        repo_path="acme/state",
        branch="radar/state-1.0",
        retain_last=90,
        incremental=True,
    )


@pytest.mark.parametrize(
    ("told", "key", "fix"),
    [
        ({"enabled": "true"}, "repo_path", "set it as owner/name, as snapshots.enabled is true"),
        ({"enabled": "often"}, "enabled", "a valid boolean"),
        ({"repo_path": "state"}, "repo_path", "write a repository as owner/name"),
        ({"retain_last": "0"}, "retain_last", "write 1 or more"),
        ({"retain_last": "all"}, "retain_last", "write a whole number"),
        ({"branch": "-x"}, "branch", "write the name of a branch, such as main"),
        ({"branch": "a..b"}, "branch", "write the name of a branch, such as main"),
        ({"branch": "a b"}, "branch", "write the name of a branch, such as main"),
        ({"branch": "a/../../b"}, "branch", "write the name of a branch, such as main"),
        ({"branch": "a.lock"}, "branch", "write the name of a branch, such as main"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    tmp_path: Path, told: dict[str, str], key: str, fix: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read(tmp_path, **told)

    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"snapshots.{key}")
    assert fix in line


def test_a_branch_may_be_written_as_git_does(tmp_path: Path) -> None:
    assert read(tmp_path, branch="refs/heads/main").branch == "main"
