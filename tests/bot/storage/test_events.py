"""What happened to a repository is written with the answer that tells of it, and once."""

from dataclasses import replace

import pytest

from bot.core.coverage import JOIN
from bot.core.events import Event, Kind
from bot.core.models import (
    Page,
    Reading,
    Refusal,
    Refused,
    Run,
    RunStatus,
    Sample,
    Subject,
    Told,
    Trigger,
    Visibility,
)
from tests.standins.clock import DAY, HOUR, moment
from tests.standins.stored import SqliteStore

NOON = moment("2026-06-01")
GONE = Refusal(Refused.NOT_FOUND, "gone or not visible")
SITE = Reading("acme/site", 5, "R_5", Visibility.PUBLIC, {"stars": 10}, archived=False)


class Pages:
    """Each answer is a page of one run, an hour after the one before."""

    def __init__(self, store: SqliteStore, run: Run) -> None:
        self._store = store
        self._run = run
        self.at = NOON

    async def answer(self, subject: Subject, *readings: Reading) -> int:
        self.at += HOUR
        page = Page(self.at, [(subject, reading) for reading in readings])
        await self._store.runs.record(self._run, [page], JOIN)
        return self.at

    async def refuse(self, subject: Subject, why: Refusal = GONE) -> int:
        self.at += HOUR
        page = Page(self.at, refused=[(subject, why)])
        await self._store.runs.record(self._run, [page], JOIN)
        return self.at


@pytest.fixture
async def pages(store: SqliteStore) -> Pages:
    run = Run("run", Trigger.SCHEDULE, RunStatus.RUNNING, NOON)
    await store.runs.begin(run)
    return Pages(store, run)


@pytest.fixture
async def site(store: SqliteStore, pages: Pages) -> Subject:
    """Known by its id, read once."""
    (named,) = await store.subjects.ensure([SITE.full_name], NOON)
    await pages.answer(named, SITE)
    return await found(store, SITE.full_name)


async def found(store: SqliteStore, full_name: str) -> Subject:
    subject = await store.subjects.find(full_name)
    assert subject is not None
    return subject


async def events_of(store: SqliteStore, subject: Subject) -> list[Event]:
    return (await store.subjects.events([subject.id])).get(subject.id, [])


async def test_the_first_answer_is_no_event(store: SqliteStore, site: Subject) -> None:
    assert site.archived is False
    assert await store.subjects.events([site.id]) == {}


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        (replace(SITE, full_name="acme/home"), (Kind.RENAMED, "acme/site")),
        (replace(SITE, full_name="orb/site"), (Kind.TRANSFERRED, "acme/site")),
        (replace(SITE, visibility=Visibility.PRIVATE), (Kind.PRIVATE, "")),
        (replace(SITE, archived=True), (Kind.ARCHIVED, "")),
    ],
)
async def test_a_change_is_written_once_however_often_it_is_read(
    store: SqliteStore, pages: Pages, site: Subject, reading: Reading, expected: tuple[Kind, str]
) -> None:
    at = await pages.answer(site, reading, reading)
    await pages.answer(site, reading)
    await pages.answer(await found(store, reading.full_name), reading)

    assert await events_of(store, site) == [Event(at, *expected)]
    assert (await found(store, reading.full_name)).archived is reading.archived


async def test_a_page_that_fails_leaves_no_event(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    too_large = Reading("acme/home", 5, "R_5", Visibility.PUBLIC, {"stars": 2**70}, archived=True)

    with pytest.raises(OverflowError):
        await pages.answer(site, too_large)

    assert await events_of(store, site) == []
    assert await found(store, "acme/site") == site


async def test_deleted_and_restored_is_gone_and_back_each_time(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    told = []
    for _ in range(2):
        told.append(Event(await pages.refuse(site), Kind.GONE))
        await pages.refuse(site)
        told.append(Event(await pages.answer(site, SITE), Kind.BACK))
        await pages.answer(site, SITE)

    assert await events_of(store, site) == told


async def test_what_could_not_be_read_is_not_gone(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    for kind in set(Refused) - {Refused.NOT_FOUND}:
        await pages.refuse(site, Refusal(kind, "not now"))

    assert await events_of(store, site) == []


async def test_private_renamed_there_and_public_again_keeps_the_secret_name_out(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    hidden = replace(SITE, visibility=Visibility.PRIVATE)
    private = await pages.answer(site, hidden)
    secret = await pages.answer(site, replace(hidden, full_name="acme/secret"))
    public = await pages.answer(site, replace(SITE, full_name="acme/launch"))

    assert await events_of(store, site) == [
        Event(private, Kind.PRIVATE),
        Event(secret, Kind.RENAMED),
        Event(public, Kind.RENAMED),
        Event(public, Kind.PUBLIC),
    ]


async def test_a_reading_that_did_not_ask_leaves_the_archive_as_it_was(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    at = await pages.answer(site, replace(SITE, archived=True))
    await pages.answer(site, replace(SITE, archived=None))

    assert (await found(store, SITE.full_name)).archived is True
    assert await events_of(store, site) == [Event(at, Kind.ARCHIVED)]


async def test_a_name_used_again_is_a_new_subject_and_the_old_one_goes_on_under_its_id(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    await pages.answer(site, replace(SITE, github_id=6, node_id="R_6"))
    newcomer = await found(store, SITE.full_name)
    moved = await pages.answer(site, replace(SITE, full_name="acme/home"))

    assert (newcomer.github_id, await events_of(store, newcomer)) == (6, [])
    assert await events_of(store, site) == [Event(moved, Kind.RENAMED, "acme/site")]
    assert (await found(store, "acme/home")).id == site.id


async def test_a_name_used_again_after_a_deletion_leaves_the_old_one_gone(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    await pages.answer(site, replace(SITE, github_id=6, node_id="R_6"))
    gone = await pages.refuse(site)

    newcomer, old = await found(store, SITE.full_name), await store.subjects.get(site.id)
    assert (newcomer.id != site.id, newcomer.gone_at) == (True, None)
    assert old is not None
    assert old.gone_at == gone
    assert await events_of(store, site) == [Event(gone, Kind.GONE)]


async def test_merging_takes_what_happened_along(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    await store.histories.merge([("old/name", Sample(NOON, {"stars": 1}, daily=True))], NOON)
    imported = await found(store, "old/name")
    gone = await pages.refuse(imported)
    archived = await pages.answer(site, replace(SITE, archived=True))

    back = await pages.answer(imported, replace(SITE, archived=True))

    assert (await found(store, "old/name")).id == site.id
    assert await events_of(store, site) == [
        Event(gone, Kind.GONE), Event(archived, Kind.ARCHIVED), Event(back, Kind.BACK),
    ]  # fmt: skip
    assert await store.subjects.events([imported.id]) == {}


async def test_who_was_known_by_name_only_has_no_rename_but_comes_back(
    store: SqliteStore, pages: Pages
) -> None:
    (named,) = await store.subjects.ensure(["old/name"], NOON)
    gone = await pages.refuse(named)
    back = await pages.answer(named, SITE)  # asked for as it was before the refusal

    assert await events_of(store, named) == [Event(gone, Kind.GONE), Event(back, Kind.BACK)]
    assert (await found(store, "old/name")).gone_at is None


@pytest.mark.parametrize("renamed", [False, True])
async def test_who_was_gone_in_a_file_only_does_not_come_back(
    store: SqliteStore, pages: Pages, site: Subject, *, renamed: bool
) -> None:
    """A daily file has `lastSeen` also with what was not read for some days."""
    name, reading = "o/file", replace(SITE, full_name="o/file", github_id=6, node_id="R_6")
    told = Told(gone={name: [NOON + DAY]})
    await store.histories.merge([(name, Sample(NOON, {"stars": 1}))], NOON, told)
    named = await found(store, name)
    assert named.gone_at == NOON + DAY

    await pages.answer(named, SITE if renamed else reading)  # SITE is known: they are merged

    now = await found(store, name)
    assert (now.id == site.id, now.gone_at) == (renamed, None)
    assert await events_of(store, now) == []


async def test_many_are_told_in_one_question_each_its_own_in_order(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    (other,) = await store.subjects.ensure(["acme/other"], NOON)
    await pages.refuse(other)
    pages.at += DAY
    await pages.answer(site, replace(SITE, full_name="acme/home", archived=True))

    told = await store.subjects.events([site.id, other.id, 999])
    recent = await store.subjects.events([site.id, other.id, 999], pages.at - DAY)
    of_others = await store.subjects.events([other.id], pages.at - DAY)

    assert {id_: [event.kind for event in events] for id_, events in told.items()} == {
        site.id: [Kind.RENAMED, Kind.ARCHIVED],
        other.id: [Kind.GONE],
    }
    assert (recent, of_others) == ({site.id: told[site.id]}, {})
    assert await store.subjects.events([site.id], pages.at) == {}


async def test_who_had_something_happen_lately_brings_all_of_it(
    store: SqliteStore, pages: Pages, site: Subject
) -> None:
    await pages.answer(site, replace(SITE, archived=True))
    pages.at += DAY
    await pages.refuse(site)

    recent = await store.subjects.events([site.id], pages.at - HOUR)

    assert [event.kind for event in recent[site.id]] == [Kind.ARCHIVED, Kind.GONE]
