"""The files of a run directory as untrusted bytes: read into types, or refused in one sentence."""

import json
from datetime import datetime
from typing import Annotated, Literal, NamedTuple, TypeVar

import msgspec

from bot.core.metrics import METRICS
from bot.core.models import ImportRow, Sample
from bot.core.names import parse_repository
from bot.core.run_directory import VERSION, FileNote, Head, Meta, content, digest
from bot.errors import InvalidName
from bot.exports.values import Unusable, read_moment, shown

T = TypeVar("T")
Stamp = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
RunId = Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z-]{8,64}$")]
Org = Annotated[str, msgspec.Meta(pattern="^[0-9A-Za-z_-]{1,39}$")]
FileName = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}\.json$")]
LATER = 3_600
"""Seconds by which the clock of whoever wrote a directory may be ahead."""


class _Note(msgspec.Struct):
    bytes: Count
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    generated_at: Stamp
    run_id: RunId


class _Meta(msgspec.Struct):
    generated_at: Stamp
    org: Org
    run_id: RunId
    period_start: Stamp
    period_end: Stamp
    files: Annotated[dict[FileName, _Note], msgspec.Meta(max_length=100)]
    checksum: str


class _Envelope(msgspec.Struct):
    generated_at: Stamp
    org: Org
    run_id: RunId
    data: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=1_000_000)]


class _Seen(msgspec.Struct):
    at: Stamp
    value: Count


class _Metric(msgspec.Struct):
    metric: Annotated[str, msgspec.Meta(max_length=100)]
    status: Literal["exact", "since", "approx", "new", "gone"]
    before: Count | None
    after: Count
    change: int | None
    percent: float | None
    before_at: Stamp | None
    after_at: Stamp
    also: Annotated[list[_Seen], msgspec.Meta(max_length=100)] = []


class _Repository(msgspec.Struct):
    repo: Annotated[str, msgspec.Meta(max_length=140)]
    state: Literal["active", "gone"]
    gone_at: Stamp | None
    visibility: Literal["public", "private", "unknown"]
    archived: bool | None
    metrics: Annotated[list[_Metric], msgspec.Meta(max_length=1_000)]


class Envelope(NamedTuple):
    org: str
    run_id: str
    generated_at: int
    data: list[msgspec.Raw]


def read_meta(octets: bytes) -> Meta:
    """Raises Unusable; one changed byte is enough for that."""
    told = _decoded(octets, _Meta)
    if not _is_of_one_piece(octets):
        raise Unusable("its own checksum does not fit.")
    files = {
        name: FileNote(one.bytes, one.sha256, _moment(one.generated_at), one.run_id)
        for name, one in told.files.items()
    }
    start, end = _moment(told.period_start), _moment(told.period_end)
    if start > end:
        raise Unusable("its period ends before it starts.")
    return Meta(Head(told.org, told.run_id, _moment(told.generated_at), start, end), files)


def _is_of_one_piece(octets: bytes) -> bool:
    """Is it in its canonical form, and its checksum that of the rest?"""
    try:
        document = json.loads(octets)
        checksum = document.pop("checksum")
        rest, whole = content(document), content({**document, "checksum": checksum})
    except (ValueError, RecursionError):  # numbers and nestings beyond what Python takes
        return False
    return bool(checksum == digest(rest) and whole == octets)


def read_envelope(octets: bytes) -> Envelope:
    told = _decoded(octets, _Envelope)
    return Envelope(told.org, told.run_id, _moment(told.generated_at), told.data)


def is_enveloped(text: str) -> bool:
    """Is it a file of a run directory, and no daily one?"""
    if '"schema_version"' not in text:  # of a year of daily files each would be read twice
        return False
    try:
        return "schema_version" in msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError):
        return False


def read_portfolio(octets: bytes, *, now: int) -> list[ImportRow]:
    """The samples of every repository, oldest first; metrics nobody knows are passed over."""
    rows: list[ImportRow] = []
    for number, raw in enumerate(read_envelope(octets).data, start=1):
        try:
            rows += _rows(_typed(raw, _Repository), now)
        except (InvalidName, Unusable) as error:
            raise Unusable(f"entry {number} of its data: {error}") from error
    return rows


def _rows(one: _Repository, now: int) -> list[ImportRow]:
    full_name = parse_repository(one.repo)
    samples: dict[int, dict[str, int]] = {}
    for metric in one.metrics:
        ends = [(metric.before_at, metric.before), (metric.after_at, metric.after)]
        for at, value in [*ends, *((seen.at, seen.value) for seen in metric.also)]:
            if at is not None and value is not None and metric.metric in METRICS:
                samples.setdefault(_past(at, now), {})[metric.metric] = value
    gone_at = None if one.gone_at is None else _past(one.gone_at, now)
    return [
        ImportRow(1, full_name, Sample(at, values), gone_at=gone_at)
        for at, values in sorted(samples.items())
    ]


def _decoded(octets: bytes, kind: type[T]) -> T:
    """Read a document of a version that is known; the rest of it may have keys that are not."""
    try:
        version = msgspec.json.decode(octets, type=dict[str, msgspec.Raw]).get("schema_version")
        number = msgspec.json.decode(version, type=object) if version is not None else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable(f"it is no JSON object ({error}).") from None
    parts = number.split(".") if isinstance(number, str) else []
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() for part in parts):  # noqa: PLR2004
        raise Unusable(f"its schema_version is {shown(number)}, not one such as {VERSION}.")
    if parts[0] != VERSION.split(".")[0]:
        raise Unusable(
            f"its schema_version is {shown(number)} and the last one known is {VERSION};"
            " update Repo Radar."
        )
    return _typed(octets, kind)


def _typed(octets: bytes | msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(octets, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable(f"it is not as its schema has it ({error}).") from None


def _moment(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp())
    except ValueError:
        raise Unusable(f"{shown(text)} is in no calendar.") from None


def _past(text: str, now: int) -> int:
    return read_moment("a time in it", text, now=now + LATER).at
