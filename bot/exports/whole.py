"""Files that are replaced whole: the old one or the new one is there, whatever dies in between."""

import os
from contextlib import suppress
from pathlib import Path


def replace(path: Path, content: bytes, part: Path) -> None:
    """Write under the name `part` first, which the caller's lock keeps to itself.

    A file that is there passes its mode on: who may read it is no business of ours.
    """
    try:
        with part.open("wb") as file:
            if path.exists():
                part.chmod(path.stat().st_mode & 0o777)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Let a rename survive a power cut; Windows knows no such call."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
