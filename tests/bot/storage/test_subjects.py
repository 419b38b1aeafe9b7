"""Who is who: identity is GitHub's id, names come and go, and no history is lost on the way."""

from typing import NamedTuple

import pytest

from bot.core.coverage import JOIN
from bot.core.models import (
    Page,
    Reading,
    Refusal,
    Refused,
    Run,
    RunStatus,
    Sample,
    Subject,
    Trigger,
    Visibility,
    Watch,
)
from bot.core.window import Window
from bot.storage.subjects import CHUNK
from tests.standins.clock import DAY, HOUR, moment
from tests.standins.stored import SqliteStore, contents

NOON = moment("2026-06-01")
GONE = Refusal(Refused.NOT_FOUND, "gone or not visible")
FORBIDDEN = Refusal(Refused.FORBIDDEN, "this token may not read it")
SLOW = Refusal(Refused.TIMEOUT, "GitHub took too long")


class Answer(NamedTuple):
    """Who was asked for, and the name, id and stars that GitHub answered with."""

    subject: Subject
    full_name: str
    github_id: int
    stars: int
    visibility: Visibility = Visibility.PUBLIC

    def reading(self) -> Reading:
        values = {"stars": self.stars}
        return Reading(
            self.full_name, self.github_id, f"R_{self.github_id}", self.visibility, values
        )


class Runs:
    """Each call is one run with one page."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._number = 0

    async def begin(self, at: int) -> Run:
        self._number += 1
        run = Run(f"run-{self._number}", Trigger.SCHEDULE, RunStatus.RUNNING, at)
        await self._store.runs.begin(run)
        return run

    async def answer(self, at: int, *answers: Answer) -> int:
        found = [(answer.subject, answer.reading()) for answer in answers]
        return await self._store.runs.record(await self.begin(at), [Page(at, found)], JOIN)

    async def refuse(self, at: int, subject: Subject, why: Refusal) -> None:
        await self._store.runs.record(
            await self.begin(at), [Page(at, refused=[(subject, why)])], JOIN
        )


@pytest.fixture
def runs(store: SqliteStore) -> Runs:
    return Runs(store)


async def named(store: SqliteStore, full_name: str, at: int = NOON) -> Subject:
    (subject,) = await store.subjects.ensure([full_name], at)
    return subject


async def found(store: SqliteStore, full_name: str) -> Subject:
    subject = await store.subjects.find(full_name)
    assert subject is not None
    return subject


async def stars_of(store: SqliteStore, subject: Subject) -> list[tuple[int, int]]:
    """What is written of its stars: (hours since NOON, value)."""
    history = await store.histories.history(subject.id)
    return [((seen.at - NOON) // HOUR, seen.value) for seen in history.observations["stars"]]


async def test_nobody_is_found_by_a_name_nobody_had(store: SqliteStore) -> None:
    assert await store.subjects.find("o/nobody") is None
    assert await store.subjects.count() == 0


async def test_a_name_introduces_one_repository_however_it_is_spelled(store: SqliteStore) -> None:
    one, other = await store.subjects.ensure(["o/One", "O/ONE"], NOON)

    assert one == other == await found(store, "o/one")
    assert (one.github_id, one.node_id, one.state) == (None, None, "active")
    assert await store.subjects.count() == 1


async def test_the_first_answer_gives_a_repository_its_id_and_spelling(
    store: SqliteStore, runs: Runs
) -> None:
    imported = await named(store, "ACME/rocket")
    await runs.answer(NOON, Answer(imported, "acme/Rocket", 5, 10))

    assert await found(store, "Acme/Rocket") == Subject(
        imported.id, "acme/Rocket", Visibility.PUBLIC, github_id=5, node_id="R_5"
    )


async def test_a_renamed_repository_keeps_its_series_and_answers_to_both_names(
    store: SqliteStore, runs: Runs
) -> None:
    subject = await named(store, "old/name")
    await runs.answer(NOON, Answer(subject, "old/name", 5, 10))
    await runs.answer(NOON + 6 * HOUR, Answer(subject, "new/name", 5, 12))

    assert await found(store, "old/name") == await found(store, "New/Name")
    assert (await found(store, "old/name")).full_name == "new/name"
    assert await stars_of(store, subject) == [(0, 10), (6, 12)]
    assert await store.subjects.count() == 1


async def test_a_name_may_come_back_to_who_had_it(store: SqliteStore, runs: Runs) -> None:
    subject = await named(store, "o/one")
    for day, name in enumerate(["o/one", "o/two", "o/one", "o/ONE", "o/two"]):
        await runs.answer(NOON + day * DAY, Answer(subject, name, 5, day))

    assert (await found(store, "o/one")).id == (await found(store, "o/two")).id == subject.id
    assert (await found(store, "o/one")).full_name == "o/two"


async def test_two_repositories_may_swap_names_on_one_page(store: SqliteStore, runs: Runs) -> None:
    one, two = await store.subjects.ensure(["o/one", "o/two"], NOON)
    await runs.answer(NOON, Answer(one, "o/one", 1, 10), Answer(two, "o/two", 2, 20))
    one, two = await found(store, "o/one"), await found(store, "o/two")

    later = NOON + HOUR
    await runs.answer(later, Answer(one, "o/two", 1, 11), Answer(two, "o/one", 2, 21))

    assert (await found(store, "o/two")).id == one.id
    assert (await found(store, "o/one")).id == two.id
    assert await stars_of(store, one) == [(0, 10), (1, 11)]
    assert await stars_of(store, two) == [(0, 20), (1, 21)]


async def test_a_name_used_again_is_another_repository(store: SqliteStore, runs: Runs) -> None:
    """o/site was renamed and its old name taken: asked for anew, GitHub answers with a new id."""
    first = await named(store, "o/site")
    await runs.answer(NOON, Answer(first, "o/site", 1, 500))
    first = await found(store, "o/site")
    await runs.answer(NOON + HOUR, Answer(first, "o/home", 1, 501))

    stranger = await named(store, "o/site")  # the last one that had the name
    await runs.answer(NOON + 2 * HOUR, Answer(stranger, "o/site", 2, 3))

    assert (await found(store, "o/site")).github_id == 2
    assert (await found(store, "o/home")).github_id == 1
    assert await stars_of(store, first) == [(0, 500), (1, 501)]
    assert await stars_of(store, await found(store, "o/site")) == [(2, 3)]


async def test_a_name_used_again_before_the_rename_was_noticed_is_another_repository(
    store: SqliteStore, runs: Runs
) -> None:
    first = await named(store, "o/site")
    await runs.answer(NOON, Answer(first, "o/site", 1, 500))
    stranger = await found(store, "o/site")

    await runs.answer(NOON + HOUR, Answer(stranger, "o/site", 2, 3))
    second = await found(store, "o/site")
    await runs.answer(NOON + 2 * HOUR, Answer(stranger, "o/home", 1, 501))

    assert (second.github_id, (await found(store, "o/home")).id) == (2, first.id)
    assert await found(store, "o/site") == second
    assert await stars_of(store, first) == [(0, 500), (2, 501)]
    assert await stars_of(store, second) == [(1, 3)]


async def test_a_repository_that_takes_over_anothers_old_name_does_not_swallow_it(
    store: SqliteStore, runs: Runs
) -> None:
    """Two with an id each are never the same, whatever they are called."""
    one, two = await store.subjects.ensure(["o/one", "o/two"], NOON)
    await runs.answer(NOON, Answer(one, "o/one", 1, 10), Answer(two, "o/two", 2, 20))
    two = await found(store, "o/two")

    # o/two has moved away unseen, o/one is called so now, and somebody asked for it by name
    await runs.answer(NOON + HOUR, Answer(two, "o/two", 1, 11))

    assert (await found(store, "o/two")).github_id == 1
    assert await stars_of(store, one) == [(0, 10), (1, 11)]
    assert await stars_of(store, two) == [(0, 20)]
    assert await store.subjects.count() == 2


async def imported(store: SqliteStore, full_name: str, stars: dict[int, int]) -> Subject:
    """Bring history in by name: day after NOON -> stars."""
    rows = [
        (full_name, Sample(NOON + day * DAY, {"stars": value}, daily=True))
        for day, value in stars.items()
    ]
    await store.histories.merge(rows, NOON)
    return await found(store, full_name)


async def test_a_repository_imported_by_an_old_name_joins_the_one_with_its_id(
    store: SqliteStore, runs: Runs
) -> None:
    known = await named(store, "new/name")
    await runs.answer(NOON + 10 * DAY, Answer(known, "new/name", 5, 30))
    old = await imported(store, "old/name", {0: 10, 1: 10, 2: 20})

    await runs.answer(NOON + 11 * DAY, Answer(old, "new/name", 5, 31))

    assert await stars_of(store, known) == [(0, 10), (48, 20), (240, 30), (264, 31)]
    assert (await found(store, "old/name")).id == known.id
    assert await store.subjects.count() == 1
    assert set(await contents(store.database)) == {"new/name"}, "nothing of the other is left"


async def test_a_repository_that_takes_an_imported_name_brings_both_histories_together(
    store: SqliteStore, runs: Runs
) -> None:
    """The same, met from the other side: the known one is renamed to the imported one's name."""
    known = await named(store, "old/name")
    await runs.answer(NOON + 10 * DAY, Answer(known, "old/name", 5, 30))
    await imported(store, "new/name", {0: 10})

    await runs.answer(NOON + 11 * DAY, Answer(known, "new/name", 5, 31))

    assert await stars_of(store, known) == [(0, 10), (240, 30), (264, 31)]
    assert (await found(store, "new/name")).id == (await found(store, "old/name")).id == known.id


async def test_three_that_are_one_are_merged_at_once(store: SqliteStore, runs: Runs) -> None:
    known = await named(store, "third/name")
    await runs.answer(NOON + 10 * DAY, Answer(known, "third/name", 5, 30))
    first = await imported(store, "first/name", {0: 10})
    await imported(store, "second/name", {3: 20})

    await runs.answer(NOON + 11 * DAY, Answer(first, "second/name", 5, 31))

    assert await stars_of(store, known) == [(0, 10), (72, 20), (240, 30), (264, 31)]
    assert await store.subjects.count() == 1
    for name in ("first/name", "second/name", "third/name"):
        assert (await found(store, name)).id == known.id


async def test_where_both_were_sampled_the_known_one_is_right(
    store: SqliteStore, runs: Runs
) -> None:
    known = await named(store, "new/name")
    await runs.answer(NOON, Answer(known, "new/name", 5, 30))
    await runs.answer(NOON + DAY, Answer(known, "new/name", 5, 30))
    old = await imported(store, "old/name", {0: 99, 1: 99, 5: 40})

    await runs.answer(NOON + 6 * DAY, Answer(old, "new/name", 5, 41))

    assert await stars_of(store, known) == [(0, 30), (120, 40), (144, 41)]
    kept = (await contents(store.database))["new/name"]
    assert kept.latest == {key: seen[-1] for key, seen in kept.observations.items()}
    assert not kept.has_equal_neighbours()


async def test_merging_takes_watches_and_errors_along(store: SqliteStore, runs: Runs) -> None:
    known = await named(store, "new/name")
    await runs.answer(NOON, Answer(known, "new/name", 5, 30))
    old = await imported(store, "old/name", {0: 30})
    await store.watches.add(1, "all", [known.id, old.id])
    await store.watches.add(2, "core", [old.id])
    await store.watches.add(3, "all", [known.id, old.id], followed=[known.id])
    await store.watches.add(4, "all", [known.id, old.id], followed=[known.id, old.id])
    await store.watches.add(5, "all", [old.id], followed=[old.id])
    await runs.refuse(NOON + HOUR, old, SLOW)

    await runs.answer(NOON + 2 * HOUR, Answer(old, "new/name", 5, 31))

    merged = await found(store, "new/name")
    assert await store.watches.of(1) == [Watch(merged, "all")]
    assert await store.watches.of(2) == [Watch(merged, "core")]
    assert await store.watches.of(3) == [Watch(merged, "all")], "somebody named one of them"
    for guild_id in (4, 5):
        assert await store.watches.of(guild_id) == [Watch(merged, "all", followed=True)]
    assert [error.full_name for error in await store.runs.errors("run-2")] == ["new/name"]


async def test_a_forbidden_one_is_so_from_its_first_refusal_to_its_next_answer(
    store: SqliteStore, runs: Runs
) -> None:
    known = await named(store, "o/site")
    await runs.answer(NOON, Answer(known, "o/site", 5, 30))
    for hours in (1, 2):
        await runs.refuse(NOON + hours * HOUR, known, FORBIDDEN)
    forbidden = await found(store, "o/site")
    assert (forbidden.gone_at, forbidden.forbidden_at) == (None, NOON + HOUR)
    assert forbidden.hidden.gone_at == NOON + HOUR
    assert await store.subjects.events([known.id]) == {}

    await runs.refuse(NOON + 3 * HOUR, known, GONE)
    gone = await found(store, "o/site")
    assert (gone.gone_at, gone.hidden.gone_at) == (NOON + 3 * HOUR, NOON + HOUR)

    await runs.answer(NOON + 4 * HOUR, Answer(known, "o/site", 5, 30))
    back = await found(store, "o/site")
    assert (back.gone_at, back.forbidden_at, back.hidden) == (None, None, back)


async def test_a_subject_merged_away_meanwhile_can_still_be_refused_or_answered(
    store: SqliteStore, runs: Runs
) -> None:
    """Whoever waited for its turn still holds the subject as it was."""
    known = await named(store, "new/name")
    await runs.answer(NOON, Answer(known, "new/name", 5, 30))
    stale = await imported(store, "old/name", {0: 30})
    await runs.answer(NOON + HOUR, Answer(stale, "new/name", 5, 31))

    await runs.refuse(NOON + 2 * HOUR, stale, GONE)
    await runs.answer(NOON + 3 * HOUR, Answer(stale, "new/name", 5, 32))

    assert await stars_of(store, known) == [(0, 30), (1, 31), (3, 32)]
    assert (await found(store, "new/name")).gone_at is None


async def test_who_is_given_the_id_of_one_merged_away_is_not_taken_for_it(
    store: SqliteStore, runs: Runs
) -> None:
    """Of a run that still holds the one that is gone."""
    known = await named(store, "old/name")
    await runs.answer(NOON, Answer(known, "old/name", 5, 30))
    stale = await named(store, "new/name")
    await runs.answer(NOON + HOUR, Answer(await found(store, "old/name"), "new/name", 5, 31))
    newcomer = await named(store, "somebody/else")
    assert newcomer.id == stale.id

    await runs.answer(NOON + 2 * HOUR, Answer(stale, "new/name", 5, 32))
    for why in (GONE, FORBIDDEN):
        await runs.refuse(NOON + 3 * HOUR, stale, why)

    assert await found(store, "somebody/else") == newcomer
    assert await stars_of(store, known) == [(0, 30), (1, 31), (2, 32)]
    assert (await found(store, "new/name")).github_id == 5


async def test_gone_is_noted_once_and_costs_no_value(store: SqliteStore, runs: Runs) -> None:
    subject = await named(store, "o/site")
    await runs.answer(NOON, Answer(subject, "o/site", 5, 10))
    subject = await found(store, "o/site")

    await runs.refuse(NOON + HOUR, subject, GONE)
    await runs.refuse(NOON + 2 * HOUR, subject, GONE)  # it still holds what it knew before

    gone = await found(store, "o/site")
    assert (gone.gone_at, gone.state) == (NOON + HOUR, "gone")
    assert await stars_of(store, gone) == [(0, 10)]
    assert await store.histories.seen([gone.id]) == {gone.id: (NOON, NOON)}


async def test_a_repository_that_cannot_be_read_is_not_gone(store: SqliteStore, runs: Runs) -> None:
    subject = await named(store, "o/site")
    for kind in set(Refused) - {Refused.NOT_FOUND}:
        await runs.refuse(NOON, subject, Refusal(kind, "not now"))

    assert (await found(store, "o/site")).state == "active"


async def test_who_comes_back_is_active_again_and_the_silence_is_a_gap(
    store: SqliteStore, runs: Runs
) -> None:
    subject = await named(store, "o/site")
    await runs.answer(NOON, Answer(subject, "o/site", 5, 10))
    await runs.refuse(NOON + DAY, await found(store, "o/site"), GONE)
    await runs.answer(NOON + 5 * DAY, Answer(await found(store, "o/site"), "o/site", 5, 10))

    back = await found(store, "o/site")
    assert back.state == "active"
    history = await store.histories.history(back.id)
    assert [(span.since, span.until) for span in history.spans("stars")] == [
        (NOON, NOON),
        (NOON + 5 * DAY, NOON + 5 * DAY),
    ]


async def test_visibility_is_read_anew_by_every_run(store: SqliteStore, runs: Runs) -> None:
    subject = await named(store, "o/site")
    seen = []
    for hour, visibility in enumerate(
        [Visibility.PUBLIC, Visibility.PRIVATE, Visibility.PRIVATE, Visibility.PUBLIC]
    ):
        await runs.answer(NOON + hour, Answer(subject, "o/site", 5, 10, visibility))
        seen.append((await found(store, "o/site")).visibility)

    assert seen == ["public", "private", "private", "public"]


async def test_watched_is_everybodys_watches_each_repository_once(store: SqliteStore) -> None:
    one, two, _ = await store.subjects.ensure(["o/one", "o/two", "o/unwatched"], NOON)
    await store.watches.add(1, "all", [one.id, two.id])
    await store.watches.add(1, "core", [one.id])
    await store.watches.add(2, "all", [one.id])

    assert await store.subjects.watched() == [one, two]


async def test_all_that_is_watched_is_read_however_much_it_is(store: SqliteStore) -> None:
    assert await store.subjects.watched() == []
    many = await store.subjects.ensure([f"o/{number}" for number in range(CHUNK + 2)], NOON)
    await store.watches.add(1, "all", [one.id for one in many[1:]])

    assert await store.subjects.watched() == many[1:]


async def test_one_that_was_never_looked_up_has_no_numbers(store: SqliteStore) -> None:
    subject = await named(store, "o/one")
    window = Window(0, NOON, "asked", starts_with_day=False, ends_with_day=False)

    assert (await store.histories.series([subject.id], window))[subject.id] == {}
