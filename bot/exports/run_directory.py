"""Run directories on this machine: written whole, checked byte by byte, found in a clone."""

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from bot.core.reports import Verified
from bot.core.run_directory import FOLDER, META, NAME, PORTFOLIO, Meta, digest
from bot.errors import InvalidFile, RadarError, UsageError
from bot.exports.run_files import read_envelope, read_meta, read_portfolio
from bot.exports.values import Unusable

LARGEST = 512 * 2**20
"""Bytes of a file that is read; GitHub keeps none of more than 100 MB."""
LARGEST_META = 2**20
"""The same of `meta.json`, which names at most a hundred files."""


def find(path: Path) -> list[Path]:
    """The run directory itself, or those of a folder or a clone, oldest first.

    Raises InvalidFile where there is none.
    """
    try:
        found = _found(path)
    except (OSError, RuntimeError) as error:  # a link that leads to itself is the latter
        reason = error.strerror if isinstance(error, OSError) else "a link leads to itself"
        raise InvalidFile(
            f"{path} cannot be looked into ({reason}): check the path and who may read it."
        ) from error
    if not found:
        raise InvalidFile(
            f"{path} has no run directories: name one, the folder {FOLDER} they are in, or its"
            " clone."
        )
    return found


def _found(path: Path) -> list[Path]:
    if NAME.fullmatch(path.resolve().name) or (path / META).is_file():
        if not path.is_dir():
            raise InvalidFile(f"{path} is no folder: name a run directory, or the clone it is in.")
        return [path]
    for folder in (path / FOLDER, path):
        found = sorted(one for one in folder.glob("*") if NAME.fullmatch(one.name) and one.is_dir())
        if found:
            return found
    return []


def verify(path: Path, *, now: int) -> list[Verified]:
    """Look at every byte of the directories there."""
    return [Verified(str(one), *_checked(one, now)) for one in find(path)]


def portfolio_of(path: Path, *, now: int) -> Path:
    """The portfolio of the newest directory there; raises InvalidFile if anything is wrong."""
    newest = find(path)[-1]
    _, problems = _checked(newest, now)
    if problems:
        raise InvalidFile(f"{problems[0]} Nothing was restored: fetch the directory anew.")
    return newest / PORTFOLIO


def write(root: Path, name: str, files: Mapping[str, bytes]) -> Path:
    """Make `<root>/snapshots/<name>`, whole or not at all; never in place of another."""
    target = root / FOLDER / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=target.parent))
        try:
            for file, octets in files.items():
                (part / file).write_bytes(octets)
            part.chmod(0o755)  # mkdtemp's is for its owner alone
            part.rename(target)  # fails where there is one that holds anything
        except BaseException:
            _forget(part)
            raise
    except OSError as error:
        if target.exists():
            raise UsageError(f"{target} is there already: it was left as it is.") from error
        raise RadarError(
            f"Cannot write {target} ({error.strerror or error}): name another folder by --out."
        ) from error
    return target


def _forget(part: Path) -> None:
    with suppress(OSError):
        for file in part.iterdir():
            file.unlink()
        part.rmdir()


def _checked(directory: Path, now: int) -> tuple[int, tuple[str, ...]]:
    """How many files it has, and a sentence for each thing that is wrong."""
    problems: list[str] = []
    try:
        meta = read_meta(_octets(directory / META, LARGEST_META))
    except Unusable as error:
        return 0, (f"{directory / META} is damaged: {error}",)
    if directory.resolve().name != meta.head.directory:
        problems.append(f"{directory} is called {meta.head.directory} in its {META}: rename it.")
    if PORTFOLIO not in meta.files:
        problems.append(f"{directory / META} names no {PORTFOLIO}: fetch the directory anew.")
    for name in meta.files:
        try:
            _check(directory / name, meta, now)
        except Unusable as error:
            problems.append(f"{directory / name} is damaged: {error}")
    strangers = {one.name for one in os.scandir(directory)} - {META, *meta.files}
    problems += [f"{directory / one} is none of its files: remove it." for one in sorted(strangers)]
    return len(meta.files) + 1, tuple(map(_printable, problems))


def _printable(sentence: str) -> str:
    """Names of files are anybody's: they might steer a terminal, or be no text at all."""
    return "".join(one if one.isprintable() else "?" for one in sentence)


def _check(path: Path, meta: Meta, now: int) -> None:
    octets, note = _octets(path), meta.files[path.name]
    if (len(octets), digest(octets)) != (note.octets, note.sha256):
        raise Unusable(f"its checksum in {META} does not fit.")
    told = read_envelope(octets)
    if told[:3] != (meta.head.org, note.run_id, note.generated_at):
        raise Unusable(f"its envelope is not that which {META} names.")
    if path.name == PORTFOLIO:
        read_portfolio(octets, now=now)


def _octets(path: Path, most: int = LARGEST) -> bytes:
    try:
        looked = path.lstat()
        if stat.S_ISLNK(looked.st_mode):  # git keeps links: they may lead anywhere
            raise Unusable("it is a link, and not the file itself.")
        if not (stat.S_ISREG(looked.st_mode) or stat.S_ISDIR(looked.st_mode)):
            raise Unusable("it is no file, and might never end.")
        if looked.st_size > most:
            raise Unusable(f"it has more than {most // 2**20} MB.")
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"it cannot be read ({error.strerror or error}).") from None
