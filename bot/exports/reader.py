"""The door for imported files: finds out what a file is and reads it row by row."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.core.export import COLUMNS
from bot.core.models import ImportRow, RefusedRow
from bot.core.run_directory import FOLDER, META, NAME, PORTFOLIO
from bot.core.snapshots import looks_weekly
from bot.errors import InvalidFile
from bot.exports.daily_json import read_snapshot
from bot.exports.history_csv import read_history
from bot.exports.long_csv import read_long
from bot.exports.run_files import is_enveloped, read_portfolio
from bot.exports.values import Unusable, cells_of

_BLOCK = 1 << 20
_GZIP = b"\x1f\x8b"
_ENCODING = "utf-8-sig"  # takes a file with a byte order mark and one without


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files themselves, and of a folder its daily files by name, which is by day.

    So are the portfolios of its run directories. Raises InvalidFile for a folder without any.
    """
    return [file for path in paths for file in _files_of(path)]


def _files_of(path: Path) -> list[Path]:
    try:
        return _files_in(path) if path.is_dir() else [path]
    except OSError as error:
        raise _unreadable(path, error) from error


def _files_in(folder: Path) -> list[Path]:
    next(folder.iterdir(), None)  # raises where it may not be looked into: glob finds nothing then
    if (folder / META).is_file():
        return [folder / PORTFOLIO]
    for place in (folder / FOLDER, folder):
        if found := sorted([*place.glob("*.json"), *_portfolios(place)]):
            return found
    raise InvalidFile(
        f"{folder} cannot be imported: it has no daily files, neither snapshots/*.json nor"
        " *.json; name the folder above snapshots, or the files."
    )


def _portfolios(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob(f"*/{PORTFOLIO}") if NAME.fullmatch(path.parent.name))


def _unreadable(path: Path, error: OSError) -> InvalidFile:
    reason = f"{error.strerror or error}; check the path and who may read it."
    return InvalidFile(f"{path} cannot be imported: {reason}")


def read_rows(path: Path, *, now: int) -> Iterator[ImportRow | RefusedRow]:
    """Yield every row of a CSV or a daily portfolio file, in order, good or refused.

    Raises InvalidFile, before the first row, when the file cannot be used as a whole.
    """
    try:
        yield from _read(path, now)
    except OSError as error:
        raise _unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise InvalidFile(
            f"{path} cannot be imported: it is not UTF-8 text{_place(path)}; save it as UTF-8."
        ) from error
    except Unusable as error:
        raise InvalidFile(f"{path} cannot be imported: {error}") from error


def _read(path: Path, now: int) -> Iterator[ImportRow | RefusedRow]:
    if path.exists() and not path.is_file():
        raise Unusable("it is not a file; name the files in it.")
    if _is_packed(path):
        raise Unusable("it is compressed: unpack it first, with gunzip.")
    opening = _opening(path)
    if not opening:
        raise Unusable("it is empty; is this the right file?")
    with path.open(encoding=_ENCODING, newline="") as text:
        if opening in "{[":
            content = text.read()
            if looks_weekly(content):
                raise Unusable("it holds weekly metrics; use repo-radar metric import.")
            if is_enveloped(content):
                yield from read_portfolio(content.encode(), now=now)
            else:
                yield from read_snapshot(content, now=now)
        elif _is_long(path):
            yield from read_long(text, now=now)
        else:
            yield from read_history(text, now=now)


def _is_long(path: Path) -> bool:
    """Is it what export writes? Its header is always the same."""
    with path.open(encoding=_ENCODING) as text:
        header = next(filter(str.strip, text), "")
    try:
        cells = cells_of(header)
    except Unusable:
        return False
    return tuple(cell.strip().lower() for cell in cells) == COLUMNS


def _is_packed(path: Path) -> bool:
    """As /export sends what is large."""
    with path.open("rb") as octets:
        return octets.read(len(_GZIP)) == _GZIP


def _place(path: Path) -> str:
    """Where the first bytes stand that are no text."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                column = len(line[: error.start].decode()) + 1
                return f" at line {number}, column {column}"
    return ""


def _opening(path: Path) -> str:
    """Return the first character that is not blank.

    All of the file is decoded for it, so that a bad byte far below costs no half import.
    """
    opening = ""
    with path.open(encoding=_ENCODING, newline="") as text:
        while block := text.read(_BLOCK):
            opening = opening or block.lstrip()[:1]
    return opening
