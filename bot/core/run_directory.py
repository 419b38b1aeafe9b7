"""An append-only run directory: its name, its files, and their bytes; same input, same bytes.

Each data file stands in an envelope, `{schema_version, generated_at, org, run_id, data}`, and
`meta.json` has the checksum of each, and one of itself.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from bot.core.daily import written

VERSION = "1.0.0"
"""A reader refuses another first number."""
FOLDER = "snapshots"
META, PORTFOLIO = "meta.json", "portfolio.json"
NAME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}-[0-9a-f]{8}", re.ASCII)
"""Names of run directories sort by time; whatever is called otherwise is none of ours."""

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Head:
    """What all files of a directory share: an input as much as the numbers are."""

    org: str
    run_id: str
    generated_at: int
    period_start: int
    period_end: int

    @property
    def directory(self) -> str:
        moment = datetime.fromtimestamp(self.generated_at, UTC)
        return f"{moment:%Y-%m-%dT%H-%M-%S}-{self.run_id[:8]}"


class FileNote(NamedTuple):
    """What `meta.json` says of one file; the moment and the run are those of its envelope."""

    octets: int
    sha256: str
    generated_at: int
    run_id: str


@dataclass(frozen=True, slots=True)
class Meta:
    head: Head
    files: Mapping[str, FileNote]


@dataclass(frozen=True, slots=True)
class Ground:
    """A destination as it was found."""

    directories: frozenset[str]
    is_open: bool = True  # others than those it is shared with may read it, for all we know


def build(
    head: Head, data: Mapping[str, Sequence[Row]], previous: Meta | None = None
) -> dict[str, bytes]:
    """All files of a directory, `meta.json` last: what is written last makes the others count.

    What is in `previous` already, but for the envelope, stays byte for byte as it was there.
    """
    files: dict[str, bytes] = {}
    notes: dict[str, FileNote] = {}
    for name, rows in sorted(data.items()):
        known = previous.files.get(name) if previous and previous.head.org == head.org else None
        files[name], notes[name] = _file(head, rows, known)
    files[META] = meta_content(Meta(head, notes))
    return files


def _file(head: Head, rows: Sequence[Row], known: FileNote | None) -> tuple[bytes, FileNote]:
    if known is not None:
        same = enveloped(head.org, known.run_id, known.generated_at, rows)
        if (len(same), digest(same)) == (known.octets, known.sha256):
            return same, known
    fresh = enveloped(head.org, head.run_id, head.generated_at, rows)
    return fresh, FileNote(len(fresh), digest(fresh), head.generated_at, head.run_id)


def enveloped(org: str, run_id: str, generated_at: int, rows: Sequence[Row]) -> bytes:
    return content(
        {
            "schema_version": VERSION,
            "generated_at": written(generated_at),
            "org": org,
            "run_id": run_id,
            "data": list(rows),
        }
    )


def meta_content(meta: Meta) -> bytes:
    """The document with the checksum of all the rest of it."""
    head = meta.head
    told: dict[str, object] = {
        "schema_version": VERSION,
        "generated_at": written(head.generated_at),
        "org": head.org,
        "run_id": head.run_id,
        "period_start": written(head.period_start),
        "period_end": written(head.period_end),
        "files": {name: _noted(note) for name, note in meta.files.items()},
    }
    return content({**told, "checksum": digest(content(told))})


def content(document: Mapping[str, object]) -> bytes:
    """The canonical form: keys sorted, two spaces, a final newline, UTF-8."""
    return f"{json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)}\n".encode()


def digest(octets: bytes) -> str:
    return sha256(octets).hexdigest()


def _noted(note: FileNote) -> Row:
    return {
        "bytes": note.octets,
        "sha256": note.sha256,
        "generated_at": written(note.generated_at),
        "run_id": note.run_id,
    }
