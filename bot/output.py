"""What leaves by a file, whole or not at all, and by standard output, byte for byte."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path

from bot.errors import RadarError


def replace(path: Path, content: bytes) -> None:
    """Under a name first that nobody else has; either file is there whatever dies in between."""
    part = path.with_name(f".repo-radar.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def printing() -> Iterator[None]:
    """A disk may be full behind standard output; who closed a pipe wants no more."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        with suppress(OSError), Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())  # or the rest is tried again at the end
        raise RadarError(
            f"Cannot print the answer ({error.strerror or error}): make room, then ask again."
        ) from error


def put(content: bytes) -> None:
    """Byte for byte, whatever the terminal's encoding and line ends."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    else:  # something that stands for it
        sys.stdout.write(content.decode())
