"""A file is replaced whole, or stays as it was."""

from pathlib import Path

import pytest

from bot.exports.whole import replace


def test_the_new_file_has_the_mode_of_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "told.json"
    file.write_bytes(b"old")
    file.chmod(0o640)

    replace(file, b"new", tmp_path / ".part")

    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o640)
    assert list(tmp_path.iterdir()) == [file]


def test_what_cannot_take_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    (taken / "by").mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        replace(taken, b"new", tmp_path / ".part")

    assert list(tmp_path.iterdir()) == [taken]
