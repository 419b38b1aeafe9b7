"""Repositories and their names: who is who, across renames and merges."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.events import Event, Kind, noticed
from bot.core.models import WITHHELD, Reading, Refusal, Refused, Subject, Visibility
from bot.storage.database import Database, Transaction
from bot.storage.dialect import Value, among, each, ids, in_order, numbers
from bot.storage.events import events_of, take_along, was_told_gone, write

COLUMNS = (
    "s.id, s.full_name, s.visibility, s.github_id, s.node_id, s.gone_at, s.archived, s.forbidden_at"
)

BY_NAME = f"""
SELECT {COLUMNS} FROM subject_names n JOIN subjects s ON s.id = n.subject_id
WHERE n.name = $1 ORDER BY n.until DESC LIMIT 1
"""  # the owner of the name now, else the one that had it last
BY_NAMES = f"""
SELECT n.name, {COLUMNS} FROM subject_names n JOIN subjects s ON s.id = n.subject_id
WHERE {among("n.name", 1)} ORDER BY n.name, n.until
"""
BY_ID = f"SELECT {COLUMNS} FROM subjects s WHERE {among('s.id', 1)} ORDER BY s.id"
WATCHED = in_order("subject_id", "watches GROUP BY subject_id", "subject_id")
CHUNK = 500
"""Repositories read at once: others wait for the reader, and for Python, for no longer."""
NAMED_TOO = """EXISTS (
SELECT 1 FROM watches w WHERE w.guild_id = watches.guild_id AND w.watch_group = watches.watch_group
AND w.subject_id = $2 AND w.followed IS NULL)"""
"""Of a watch that is merged: somebody named the other subject in the same group."""
# The id of one that was merged away is given again: a name tells whether it is still the same.
UNREAD = "s.github_id IS NULL AND s.full_name = $2"
MEANT = "(github_id = $3 OR full_name = $4)"
VISIBILITY = {str(one): one for one in Visibility}
"""By its word: asking the class took a fifth of reading a repository."""
STILL = 2**63 - 1
"""`until` of a name that its subject still bears."""
OWNER = "rtrim(rtrim(s.full_name, replace(s.full_name, '/', '')), '/')"
"""SQL for what stands before the slash: off the right goes all that is no slash, then the slash."""


def subject_of(row: Sequence[Value]) -> Subject:
    """Read a row of COLUMNS."""
    id_, full_name, visibility, github_id, node_id, gone_at, archived, forbidden_at = row
    return Subject(
        id=whole(id_),
        full_name=str(full_name),
        visibility=VISIBILITY[str(visibility)],
        github_id=maybe(github_id),
        node_id=None if node_id is None else str(node_id),
        gone_at=maybe(gone_at),
        archived=None if archived is None else bool(archived),
        forbidden_at=maybe(forbidden_at),
    )


def whole(value: Value) -> int:
    """An integer column that is never NULL."""
    assert isinstance(value, int)  # noqa: S101  # the schema says so; a breach is our own mistake
    return value


def maybe(value: Value) -> int | None:
    """An integer column that may be NULL."""
    return None if value is None else whole(value)


class Subjects:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, full_name: str) -> Subject | None:
        """The repository of that name in any spelling, or that had it last."""
        rows = await self._database.rows(BY_NAME, full_name.lower())
        return subject_of(rows[0]) if rows else None

    async def get(self, subject_id: int) -> Subject | None:
        rows = await self._database.rows(
            f"SELECT {COLUMNS} FROM subjects s WHERE s.id = $1", subject_id
        )
        return subject_of(rows[0]) if rows else None

    async def ensure(self, full_names: Sequence[str], at: int) -> list[Subject]:
        """The repositories of these names, each made known at `at` if nobody has heard of it."""
        async with self._database.transaction() as transaction:
            known = await ensure(transaction, full_names, at)
        return [known[name.lower()] for name in full_names]

    async def watched(self) -> list[Subject]:
        """Every repository that anybody watches, once."""
        ((listing,),) = await self._database.rows(WATCHED)
        watched, found = numbers(listing), list[Subject]()
        for first in range(0, len(watched), CHUNK):
            rows = await self._database.rows(BY_ID, ids(watched[first : first + CHUNK]))
            found += [subject_of(row) for row in rows]
        return found

    async def count_watched(self) -> int:
        """How many repositories anybody watches, each once."""
        ((number,),) = await self._database.rows("SELECT count(DISTINCT subject_id) FROM watches")
        return whole(number)

    async def owners(self) -> set[str]:
        """Who owns what anybody watches."""
        rows = await self._database.rows(
            f"SELECT DISTINCT {OWNER} FROM subjects s"
            " WHERE s.id IN (SELECT w.subject_id FROM watches w)"
        )
        return {str(owner) for (owner,) in rows}

    async def events(
        self, subject_ids: Sequence[int], since: int | None = None
    ) -> dict[int, list[Event]]:
        """All that happened to each, in order; to whom nothing did since then is absent."""
        return await events_of(self._database, subject_ids, since)

    async def met(self, since: int) -> set[int]:
        """Ids of those to whom anything happened since then."""
        rows = await self._database.rows(
            "SELECT subject_id FROM events WHERE at > $1"
            " UNION SELECT id FROM subjects WHERE forbidden_at > $1", since,
        )  # fmt: skip
        return {whole(id_) for (id_,) in rows}

    async def count(self) -> int:
        ((number,),) = await self._database.rows("SELECT count(*) FROM subjects")
        return whole(number)


async def ensure(
    transaction: Transaction, full_names: Sequence[str], at: int
) -> dict[str, Subject]:
    """The repositories of these names, by name in lower case, made known where nobody is."""
    wanted = {name.lower(): name for name in full_names}
    rows = await transaction.rows(BY_NAMES, ids(wanted))
    known = {str(name): subject_of(row) for name, *row in rows}  # the last one wins: the owner
    new = await _insert(transaction, [wanted[name] for name in wanted if name not in known])
    await _give_names(transaction, new, at)
    return known | {subject.full_name.lower(): subject for subject in new}


async def _insert(transaction: Transaction, full_names: Sequence[str]) -> list[Subject]:
    rows = await transaction.rows(
        "INSERT INTO subjects (full_name, visibility)"
        f" SELECT value, 'unknown' FROM {each(1)} RETURNING id, full_name",
        ids(full_names),
    )
    return [Subject(whole(id_), str(name), Visibility.UNKNOWN) for id_, name in rows]


async def refuse(transaction: Transaction, subject: Subject, refusal: Refusal, at: int) -> None:
    """Note since when a repository is gone or forbidden; nothing else is touched."""
    if refusal.kind is Refused.NOT_FOUND:
        newly = await transaction.rows(
            "UPDATE subjects SET gone_at = $1 WHERE id = $2 AND gone_at IS NULL"
            f" AND {MEANT} RETURNING id",
            at, subject.id, subject.github_id, subject.full_name,
        )  # fmt: skip
        for (id_,) in newly:
            await write(transaction, whole(id_), [Event(at, Kind.GONE)])
    if refusal.kind in WITHHELD:
        await transaction.run(
            "UPDATE subjects SET forbidden_at = $1 WHERE id = $2 AND forbidden_at IS NULL"
            f" AND {MEANT}",
            at, subject.id, subject.github_id, subject.full_name,
        )  # fmt: skip


async def identify(
    transaction: Transaction, subject: Subject, reading: Reading, at: int
) -> tuple[Subject, set[int]]:
    """Write down who answered; returns the subject it is, and the ids of those to merge into it.

    Identity is GitHub's databaseId. A subject known by name only takes the id of its first answer;
    if another one has that id already, both are the same repository and the named one is merged.
    A subject with another id has lost its name to a repository that nobody knew.
    """
    kept = await _owner_of(transaction, "s.github_id = $1", reading.github_id)
    unread = await _unread(transaction, subject)
    named_only = set() if unread is None else {unread.id}
    kept = unread if kept is None else kept
    newcomer = kept is None
    if kept is None:
        (kept,) = await _insert(transaction, [reading.full_name])
    if newcomer or kept.full_name != reading.full_name:
        named_only |= await _rename(transaction, kept, reading.full_name, at)
    now = Subject(
        id=kept.id,
        full_name=reading.full_name,
        visibility=reading.visibility,
        github_id=reading.github_id,
        node_id=reading.node_id,
        archived=kept.archived if reading.archived is None else reading.archived,
    )
    if now != kept:
        await _update(transaction, now)
        if kept.github_id is None and not await was_told_gone(transaction, kept.id):
            kept = replace(kept, gone_at=None)  # of a file, as of one that was merely not read
        await write(transaction, now.id, noticed(kept, reading, at))
    return now, named_only - {now.id}


async def _update(transaction: Transaction, subject: Subject) -> None:
    """Write down what an answer says; who answers is neither gone nor forbidden."""
    await transaction.run(
        "UPDATE subjects SET full_name = $1, visibility = $2, github_id = $3, node_id = $4,"
        " archived = $5, gone_at = NULL, forbidden_at = NULL WHERE id = $6",
        subject.full_name, subject.visibility, subject.github_id, subject.node_id,
        subject.archived, subject.id,
    )  # fmt: skip


async def _unread(transaction: Transaction, subject: Subject) -> Subject | None:
    """One that is known by name only, as it is by now: whoever asked for it may have waited."""
    if subject.github_id is not None:
        return None
    return await _owner_of(transaction, f"s.id = $1 AND {UNREAD}", subject.id, subject.full_name)


async def _owner_of(transaction: Transaction, where: str, *arguments: Value) -> Subject | None:
    rows = await transaction.rows(f"SELECT {COLUMNS} FROM subjects s WHERE {where}", *arguments)
    return subject_of(rows[0]) if rows else None


async def _rename(transaction: Transaction, subject: Subject, full_name: str, at: int) -> set[int]:
    """Give a subject its new name; returns the id of who bore it until now, if known by it only."""
    rows = await transaction.rows(
        f"SELECT {COLUMNS} FROM subject_names n JOIN subjects s ON s.id = n.subject_id"
        " WHERE n.name = $1 AND n.until = $2 AND s.id <> $3",
        full_name.lower(), STILL, subject.id,
    )  # fmt: skip
    for owner in rows:
        await _end_names(transaction, whole(owner[0]), at)
    await _end_names(transaction, subject.id, at)
    await _give_names(transaction, [replace(subject, full_name=full_name)], at)
    return {owner.id for owner in map(subject_of, rows) if owner.github_id is None}


async def _end_names(transaction: Transaction, subject_id: int, at: int) -> None:
    """One that was borne within a second, after another of that very second, is not kept."""
    await transaction.run(
        "DELETE FROM subject_names WHERE subject_id = $2 AND until = $3 AND EXISTS (SELECT 1"
        " FROM subject_names o WHERE o.name = subject_names.name AND o.until = $1)",
        at, subject_id, STILL,
    )  # fmt: skip
    await transaction.run(
        "UPDATE subject_names SET until = $1 WHERE subject_id = $2 AND until = $3",
        at, subject_id, STILL,
    )  # fmt: skip


async def _give_names(transaction: Transaction, subjects: Sequence[Subject], at: int) -> None:
    await transaction.run_many(
        "INSERT INTO subject_names (name, until, since, subject_id) VALUES ($1, $2, $3, $4)",
        [(subject.full_name.lower(), STILL, at, subject.id) for subject in subjects],
    )


async def absorb(transaction: Transaction, into: int, absorbed: int, at: int) -> None:
    """Let one subject take over all of the other's but its history, which is merged."""
    await _end_names(transaction, absorbed, at)
    await take_along(transaction, into, absorbed, at)
    for statement in (
        (
            "DELETE FROM subject_names WHERE subject_id = $2 AND name IN"
            " (SELECT name FROM subject_names WHERE subject_id = $1)"
        ),
        "UPDATE subject_names SET subject_id = $1 WHERE subject_id = $2",
        f"UPDATE watches SET followed = NULL WHERE subject_id = $1 AND {NAMED_TOO}",
        (
            "DELETE FROM watches WHERE subject_id = $2 AND EXISTS (SELECT 1 FROM watches w WHERE"
            " w.guild_id = watches.guild_id AND w.watch_group = watches.watch_group"
            " AND w.subject_id = $1)"
        ),
        "UPDATE watches SET subject_id = $1 WHERE subject_id = $2",
        (
            "DELETE FROM run_errors WHERE subject_id = $2 AND run_id IN"
            " (SELECT run_id FROM run_errors WHERE subject_id = $1)"
        ),
        "UPDATE run_errors SET subject_id = $1 WHERE subject_id = $2",
        "DELETE FROM subjects WHERE id = $2 AND id <> $1",
    ):
        await transaction.run(statement, into, absorbed)
