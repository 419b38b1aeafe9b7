"""From one version of the schema to the next: nothing is lost, and all of it or nothing."""

import asyncio
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.core.events import Event, Kind
from bot.core.guild import DigestSettings, Guild
from bot.core.schedule import Every, Plan
from bot.storage.database import open_database
from bot.storage.migrating import APPLICATION_ID, MIGRATIONS
from bot.storage.retention import BELONGINGS
from tests.standins.clock import moment
from tests.standins.stored import contents, store_on

NOON = moment("2026-06-01")
NEWEST = max(int(script.name[:4]) for script in MIGRATIONS.glob("*.sql"))
GUILD = 2**63 - 1
VERSION_1 = f"""
INSERT INTO metrics VALUES (0, 'stars'), (1, 'forks');
INSERT INTO metric_sets VALUES (1, 'forks,stars', 0, 0), (2, 'stars', 1, 0);
INSERT INTO subjects VALUES (1, 'repository', 'o/New', 'private', 7, 'R_7', NULL);
INSERT INTO subjects VALUES (2, 'repository', 'o/gone', 'public', NULL, NULL, {NOON});
INSERT INTO subject_names VALUES ('o/old', {NOON}, 0, 1), ('o/new', {2**63 - 1}, {NOON}, 1);
INSERT INTO subject_names VALUES ('o/gone', {2**63 - 1}, 0, 2);
INSERT INTO observations VALUES (1, 0, 0, 5), (1, 0, {NOON}, 0), (1, 1, 0, {2**62}), (2, 0, 9, 1);
INSERT INTO latest VALUES (1, 0, 0, {NOON}), (1, 1, {2**62}, 0), (2, 0, 1, 9);
INSERT INTO coverage VALUES (1, 1, 0, {NOON}), (2, 2, 9, 9);
INSERT INTO runs VALUES ('a', 'sync', 'partial', 0, 9, 1, 1, 1, 2, 3, NULL);
INSERT INTO runs VALUES ('b', 'schedule', 'running', {NOON}, NULL, 0, 0, 0, 0, 0, 'why');
INSERT INTO run_errors VALUES ('a', 2, 'not_found', 'it''s gone; or not visible');
INSERT INTO watches VALUES (0, 'all', 1), ({GUILD}, 'all', 1), ({GUILD}, 'cöre', 2);
"""  # noqa: S608 - our own figures
Tables = dict[str, list[tuple[object, ...]]]


@pytest.fixture
def version_1(tmp_path: Path) -> Path:
    """A database as the first version of the program left it, with a row or more in each table."""
    path = tmp_path / "radar.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA page_size=1024; PRAGMA journal_mode=WAL;")
        connection.executescript((MIGRATIONS / "0001_initial.sql").read_text(encoding="utf-8"))
        connection.executescript(
            f"PRAGMA application_id={APPLICATION_ID};"
            f"BEGIN; {VERSION_1} PRAGMA user_version=1; COMMIT;"
        )
    return path


def tables_in(path: Path) -> Tables:
    """Everything a file holds, schema and version included."""
    with closing(sqlite3.connect(path)) as connection:
        return dict(_tables(connection))


def unindented(path: Path) -> list[tuple[object, ...]]:
    """The schema of a file that an earlier version began: that one kept the indentation, too."""
    return [
        (name, sql and re.sub(r"(?m)^ +", "", str(sql))) for name, sql in tables_in(path)["schema"]
    ]


def _tables(connection: sqlite3.Connection) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
    schema = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    yield "schema", connection.execute(schema).fetchall()
    yield "version", connection.execute("PRAGMA user_version").fetchall()
    names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    for (name,) in connection.execute(names).fetchall():
        rows = connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - our own tables
        yield name, sorted(rows, key=repr)


async def test_a_database_of_version_1_loses_nothing(version_1: Path) -> None:
    before = tables_in(version_1)
    old = [name for name in before if name not in {"schema", "version"}]
    assert len(old) == 10
    assert all(before[name] for name in old), "a row of each table"

    async with open_database(version_1):
        pass

    after = tables_in(version_1)
    before["subjects"] = [(row[0], *row[2:]) for row in before["subjects"]]  # without its kind
    for name in old:  # a column that is new stands at the end, and is empty
        widths = {len(row) for row in before[name]}
        assert [row[: max(widths)] for row in after[name]] == before[name]
        assert {value for row in after[name] for value in row[max(widths) :]} <= {None}
    kept, now = (dict(schema["schema"]) for schema in (before, after))
    for name, sql in kept.items():  # SQLite writes a new column before the table's own key
        lines = [line.strip().rstrip(",)") for line in str(sql).splitlines()]
        assert [line for line in lines if line not in str(now[name])] in (
            [],
            ["kind TEXT NOT NULL"],
        )
    assert after["version"] == [(NEWEST,)]


async def test_of_what_happened_before_only_since_when_something_is_gone_is_known(
    version_1: Path,
) -> None:
    async with open_database(version_1) as database:
        store = store_on(database)
        new, gone = await store.subjects.get(1), await store.subjects.get(2)

        assert await store.subjects.events([1, 2]) == {2: [Event(NOON, Kind.GONE)]}

    assert new is not None
    assert gone is not None
    assert (new.archived, gone.archived) == (None, None), "nobody has asked yet"


async def test_what_version_1_wrote_is_read_and_built_upon(version_1: Path) -> None:
    digest = DigestSettings(GUILD, "cöre", 5, Plan(540, Every.DAY, "UTC"), NOON)
    async with open_database(version_1) as database:
        store = store_on(database)
        kept = await contents(database)
        watched = await store.watches.of(GUILD)
        assert await store.guilds.known() == [Guild(GUILD)]
        assert await store.guilds.digests() == []
        await store.guilds.save_digest(digest)
        post = await store.outbox.put(digest, NOON, 0)

    async with open_database(version_1) as database:
        store = store_on(database)
        assert await store.guilds.digests() == [digest]
        assert await store.outbox.open() == [post]
        assert await store.watches.of(GUILD) == watched
        assert await contents(database) == kept

    assert [watch.subject.full_name for watch in watched] == ["o/gone", "o/New"]
    assert kept["o/new"].latest["stars"].value == 0


async def test_groups_of_another_spelling_become_one(version_1: Path) -> None:
    with closing(sqlite3.connect(version_1)) as connection:
        connection.executescript((MIGRATIONS / "0002_guilds.sql").read_text(encoding="utf-8"))
        connection.executescript("""
            INSERT INTO watches VALUES (5, 'docs', 1), (5, ' Docs ', 1), (5, 'DOCS', 2);
            INSERT INTO watches VALUES (5, 'x', 2);
            INSERT INTO guilds VALUES (5, 'UTC', NULL, NULL);
            INSERT INTO digests VALUES
                (5, 'Docs', 9, 540, 'day', 'UTC', 0, 'any', 10, 0, 0, NULL, 0, 'gone');
            INSERT INTO outbox VALUES (1, 5, 'Docs', 100, 0, 9, 'sent', 100, 7),
                (2, 5, 'docs', 100, 0, 9, 'sent', 100, 8), (3, 5, 'Docs', 200, 0, 9, 'due', 0, 0);
            INSERT INTO told VALUES (5, 'digest paused: Docs', 0), (5, 'token rejected', 0);
            PRAGMA user_version=2;
        """)
    async with open_database(version_1) as database:
        store = store_on(database)
        watched = [(watch.group, watch.subject.id) for watch in await store.watches.of(5)]
        assert sorted(watched) == [("docs", 1), ("docs", 2), ("x", 2)]
        assert [digest.group for digest in await store.guilds.digests(5)] == ["docs"]
        posts = await database.rows("SELECT id, watch_group FROM outbox ORDER BY id")
        assert posts == [(2, "docs"), (3, "docs")]
        assert await database.rows("SELECT warning FROM told") == [("token rejected",)]


@pytest.fixture
def version_12(version_1: Path) -> Path:
    """The same as the version before 0013 left it."""
    with closing(sqlite3.connect(version_1)) as connection:
        for script in sorted(MIGRATIONS.glob("*.sql")):
            if 1 < int(script.name[:4]) < 13:
                connection.executescript(script.read_text(encoding="utf-8"))
        connection.execute("PRAGMA user_version=12")
    return version_1


async def test_groups_are_spelled_as_the_program_reads_them_whatever_their_letters(
    version_12: Path,
) -> None:
    with closing(sqlite3.connect(version_12)) as connection:
        connection.executescript("""
            DELETE FROM watches;
            INSERT INTO watches VALUES (5, 'Ünder', 1), (5, 'ünder', 1), (5, 'ünder', 2);
            INSERT INTO watches VALUES (5, 'my  group', 1), (5, 'Docs', 2);
            INSERT INTO follows VALUES (5, 'Docs', 'Acme', 'a', '', 0, 0, 'why'),
                (5, 'docs', 'acme', 'b', '', 0, 0, NULL), (5, 'Ünder', 'acme', '', '', 0, 0, NULL),
                (5, 'MY  Group', 'acme', 'c', '', 0, 0, NULL),
                (5, 'my  group', 'acme', 'd', '', 0, 0, NULL);
            INSERT INTO guilds VALUES (5, 'UTC', NULL, NULL);
            INSERT INTO digests VALUES
                (5, 'Ünder', 9, 540, 'day', 'UTC', 0, 'any', 10, 0, 0, NULL, 0, 'gone'),
                (5, 'my  group', 9, 1, 'day', 'UTC', 0, 'any', 10, 0, 0, NULL, 0, NULL),
                (5, 'my group', 9, 2, 'day', 'UTC', 0, 'any', 10, 0, 0, NULL, 0, NULL);
            INSERT INTO outbox VALUES (1, 5, 'Ünder', 100, 0, 9, 'sent', 100, 7),
                (2, 5, 'ünder', 100, 0, 9, 'sent', 100, 8),
                (3, 5, 'my  group', 9, 0, 9, 'due', 0, 0);
            INSERT INTO told VALUES (5, 'digest paused: Ünder', 0), (5, 'follow Docs Acme', 0),
                (5, 'follow docs acme', 0), (6, 'follow Docs Acme', 0);
        """)
    async with open_database(version_12) as database:
        store = store_on(database)
        watched = [(watch.group, watch.subject.id) for watch in await store.watches.of(5)]
        assert sorted(watched) == [("docs", 2), ("my group", 1), ("ünder", 1), ("ünder", 2)]
        follows = [(one.group, one.terms.include) for one in await store.follows.of(5)]
        assert follows == [("docs", ("b",)), ("my group", ("c",)), ("ünder", ())]
        digests = await store.guilds.digests(5)
        assert [(one.group, one.plan.minute) for one in digests] == [
            ("my group", 2),
            ("ünder", 540),
        ]
        posts = await database.rows("SELECT id, watch_group FROM outbox ORDER BY id")
        assert posts == [(2, "ünder"), (3, "my group")]
        assert (6, "follow Docs Acme") in await database.rows("SELECT guild_id, warning FROM told")
        assert (5, "digest paused: Ünder") not in await database.rows(
            "SELECT guild_id, warning FROM told"
        )


async def test_what_was_watched_beside_a_follow_counts_as_brought_by_it(
    version_12: Path,
) -> None:
    with closing(sqlite3.connect(version_12)) as connection:
        connection.executescript("""
            UPDATE subjects SET full_name = 'Acme_x/New' WHERE id = 1;
            UPDATE subjects SET full_name = 'AcmeZx/gone' WHERE id = 2;
            DELETE FROM watches;
            INSERT INTO watches VALUES (5, 'docs', 1), (5, 'docs', 2), (5, 'all', 1);
            INSERT INTO watches VALUES (6, 'docs', 1);
            INSERT INTO follows VALUES (5, 'docs', 'acme_X', '', '', 0, 0, NULL);
        """)
    async with open_database(version_12) as database:
        watched = [*await store_on(database).watches.of(5), *await store_on(database).watches.of(6)]

    brought = [(one.group, one.subject.id) for one in watched if one.followed]
    assert (len(watched), brought) == (4, [("docs", 1)])


async def test_what_a_clean_up_left_behind_is_nobodys(version_12: Path) -> None:
    with closing(sqlite3.connect(version_12)) as connection:
        connection.executescript(f"""
            UPDATE subject_names SET since = 500 WHERE subject_id = 2;
            INSERT INTO star_histories VALUES (1, 1, 3, 0, {NOON}), (2, 1, 3, 0, 499),
                (9, 1, 3, 1, {NOON});
            INSERT INTO stars_retained VALUES (1, 4, 1), (2, 4, 2), (9, 4, 9);
            INSERT INTO traffic VALUES (1, 0, 5, 1, 1, 1), (9, 0, 5, 1, 1, 1);
            INSERT INTO traffic_access VALUES (9, 1, 5, NULL);
            INSERT INTO traffic_popular VALUES (9, 'paths', 5, '[]');
            INSERT INTO observations VALUES (9, 0, 5, 1);
            INSERT INTO latest VALUES (9, 0, 5, 1);
            INSERT INTO coverage VALUES (9, 1, 5, 5);
        """)  # noqa: S608 - our own figures
    async with open_database(version_12) as database:
        assert await database.rows("SELECT * FROM stars_retained") == [(1, 4, 1)]
        assert await database.rows("SELECT subject_id FROM traffic") == [(1,)]
        for table in BELONGINGS:
            orphans = f"SELECT 1 FROM {table} WHERE subject_id = 9"  # noqa: S608 - our own tables
            assert await database.rows(orphans) == [], table


async def test_a_migrated_file_has_the_schema_of_a_new_one(version_1: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    for path in (version_1, new):
        async with open_database(path):
            pass

    assert unindented(version_1) == tables_in(new)["schema"]


async def test_a_new_file_spends_no_bytes_on_indentation(tmp_path: Path) -> None:
    async with open_database(tmp_path / "new.db"):
        pass

    assert unindented(tmp_path / "new.db") == tables_in(tmp_path / "new.db")["schema"]


async def test_many_may_migrate_it_at_once(version_1: Path) -> None:
    async def open_it() -> list[tuple[object, ...]]:
        async with open_database(version_1) as database:
            return list(await database.rows("PRAGMA user_version"))

    assert await asyncio.gather(*(open_it() for _ in range(6))) == [[(NEWEST,)]] * 6


async def test_a_migration_that_fails_leaves_the_file_as_it_was(version_1: Path) -> None:
    """Here at the last table of version 2: the first four were made already, and are undone."""
    with closing(sqlite3.connect(version_1)) as connection:
        connection.execute("CREATE TABLE told (something)")
    before = tables_in(version_1)

    with pytest.raises(sqlite3.OperationalError, match="told already exists"):
        async with open_database(version_1):
            pytest.fail("it was opened")

    assert tables_in(version_1) == before
    assert before["version"] == [(1,)]


def test_every_migration_has_a_number_of_its_own() -> None:
    numbers = [int(script.name[:4]) for script in MIGRATIONS.glob("*.sql")]

    assert len(set(numbers)) == len(numbers)
