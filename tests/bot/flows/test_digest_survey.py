"""A digest measures only whom it shows, and tells what it would if it measured everybody."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement, cycle
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.coverage import JOIN
from bot.core.digest import Listing, digest
from bot.core.history import History
from bot.core.models import (
    NOT_VISIBLE,
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
)
from bot.core.rank import ANY, PERCENT, RANKINGS
from bot.core.retained import StarPage
from bot.core.window import Window, between
from bot.flows.deltas import AT_ONCE, Deltas
from bot.flows.digest import Digests
from bot.flows.portfolio import Portfolio
from bot.storage.merging import Merger
from bot.storage.retention import Retention
from tests.bot.core.timelines import DAY, HOUR, NOON, PATIENT
from tests.standins.clock import SettableClock
from tests.standins.stored import SqliteStore, fresh_store

GUILD, TRUSTED = 11, 77
KEYS = ("stars", "forks", "open_issues", "commits")
GROUPS = ("all", "core")
FIRST_DAY, DAYS = NOON // DAY, 12


def quarter(number: int) -> int:
    """Moments that meet: every six hours."""
    return NOON + number * 6 * HOUR


@dataclass(frozen=True, slots=True)
class Told:
    """All that is known of one repository."""

    samples: Sequence[tuple[Sample, bool]]  # imported?
    gone_at: int | None
    forbidden_at: int | None
    visibility: Visibility
    groups: frozenset[str]
    stars: StarPage | None


@st.composite
def told(draw: st.DrawFn) -> Told:
    """Hours apart or days, of all metrics or some, by runs and files; stars around fifty."""
    silence = st.sampled_from([6 * HOUR, DAY, 36 * HOUR, 2 * DAY, 5 * DAY])
    values = st.fixed_dictionaries({}, optional={key: st.integers(48, 52) for key in KEYS}).filter(
        bool
    )
    samples, at = [], NOON + draw(st.sampled_from([0, 0, 3 * HOUR, 4 * DAY, 9 * DAY]))
    whole = draw(st.booleans())
    for after, some, daily in draw(st.lists(st.tuples(silence, values, st.booleans()), max_size=8)):
        at += after
        stamp = at - (at - NOON) % DAY if daily else at
        found = dict.fromkeys(KEYS, some.get("stars", 50)) | some if whole else some
        samples.append((Sample(stamp, found, daily), daily))
    days = st.dictionaries(st.integers(FIRST_DAY - 20, FIRST_DAY + DAYS), st.integers(1, 4))
    pages = st.builds(
        StarPage, days, st.just(FIRST_DAY - 20), st.just(FIRST_DAY + DAYS), st.booleans()
    )
    return Told(
        samples,
        draw(st.none() | st.none() | st.integers(0, DAYS * 4).map(quarter)),
        draw(st.none() | st.none() | st.integers(0, DAYS * 4).map(quarter)),
        draw(st.sampled_from([Visibility.PUBLIC, Visibility.PUBLIC, Visibility.PRIVATE])),
        draw(st.frozensets(st.sampled_from(GROUPS), min_size=1)),
        draw(st.none() | pages),
    )


@st.composite
def steady(draw: st.DrawFn, moving: Sequence[str]) -> Told:
    """Sampled every day, so that nothing but its numbers decides its place."""
    values = st.fixed_dictionaries(
        {key: st.integers(47, 53) if key in moving else st.just(50) for key in KEYS}
    )
    days = draw(st.lists(values, min_size=4, max_size=4))
    samples = [(Sample(NOON + day * DAY, found), False) for day, found in enumerate(days)]
    return Told(samples, None, None, Visibility.PUBLIC, frozenset(["all"]), None)


def alike(moving: Sequence[str]) -> st.SearchStrategy[list[Told]]:
    return st.lists(steady(moving), min_size=3, max_size=9)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    moments = st.integers(-2 * 4, DAYS * 4 + 8).map(quarter)
    start, end = sorted((draw(moments), draw(moments)))
    return Window(start, end, "", draw(st.booleans()), draw(st.booleans()))


listings = st.builds(
    Listing, st.sampled_from(RANKINGS), st.integers(0, 2), st.none() | st.integers(0, 3)
)
short = st.builds(
    Listing, st.sampled_from([ANY, ANY, PERCENT, "stars"]), st.integers(0, 4), st.integers(1, 3)
)


async def kept(store: SqliteStore, all_: Sequence[Told]) -> None:
    names = [f"o/{'Rr'[number % 2]}epo-{number}" for number in range(len(all_))]
    subjects = await store.subjects.ensure(names, NOON)
    for subject, one in zip(subjects, all_, strict=True):
        async with store.database.transaction() as transaction:
            merger = Merger({subject.id: History()})
            for sample, imported in one.samples:
                merger.add(subject.id, sample, within=JOIN, imported=imported)
            await merger.save(transaction)
            await transaction.run(
                "UPDATE subjects SET gone_at = $1, forbidden_at = $2, visibility = $3"
                " WHERE id = $4",
                one.gone_at, one.forbidden_at, one.visibility, subject.id,
            )  # fmt: skip
        for group in one.groups:
            await store.watches.add(GUILD, group, [subject.id])
            await store.watches.add(TRUSTED, group, [subject.id])
        if one.stars is not None:
            await store.stars.keep(subject.id, 1, one.stars, NOON + DAYS * DAY)


@PATIENT
@given(
    st.lists(told(), max_size=7),
    windows(),
    listings,
    st.sampled_from([GUILD, TRUSTED]),
    st.sampled_from([None, *GROUPS]),
)
async def test_it_tells_what_measuring_everybody_tells(
    all_: list[Told], window: Window, listing: Listing, guild: int, group: str | None
) -> None:
    await told_alike(all_, window, listing, guild, group)


@PATIENT
@given(
    st.lists(told(), max_size=5),
    windows(),
    listings,
    st.integers(1, DAYS).map(lambda day: (FIRST_DAY + day) * DAY),
)
async def test_it_tells_the_same_of_what_clean_ups_left(
    all_: list[Told], window: Window, listing: Listing, moment: int
) -> None:
    async def cleaned_up(store: SqliteStore) -> None:
        retention = Retention(store.database)
        await retention.thin(0, await retention.last_id(), 0, moment)
        await retention.remove(moment - 2 * DAY, unwatched=False)

    await told_alike(all_, window, listing, afterwards=cleaned_up)


class Round(NamedTuple):
    """A run over the portfolio, and what comes after it."""

    after: int  # seconds since the one before
    read: Sequence[Mapping[str, int] | Refusal | None]  # by repository; None: nobody asked
    imported: Sequence[tuple[int, Sample]] = ()
    thinned: bool = False
    cut: bool = False


SIZE = 4
STILL = dict.fromkeys(KEYS, 50)
VALUES = st.dictionaries(st.sampled_from(KEYS), st.integers(49, 51), max_size=2).map(STILL.__or__)
ODD = st.one_of(
    st.sampled_from([None, NOT_VISIBLE, Refusal(Refused.FORBIDDEN, "not with this token")]),
    st.dictionaries(st.sampled_from(KEYS), st.integers(49, 51), min_size=1, max_size=3),
)
FILES = st.tuples(
    st.integers(0, SIZE - 1),
    st.builds(Sample, st.integers(0, DAYS * 4).map(quarter), VALUES, st.booleans()),
)


@st.composite
def rounds(draw: st.DrawFn) -> Round:
    """Mostly everybody answers in full, one number changes here and there, and nothing follows."""
    read = [draw(ODD if rarely(draw, 30) else VALUES) for _ in range(SIZE)]
    return Round(
        draw(st.sampled_from([6, 12, 24, 24, 24, 36])) * HOUR + 60 * HOUR * rarely(draw, 20),
        read,
        [draw(FILES)] if rarely(draw, 10) else (),
        thinned=rarely(draw, 10),
        cut=rarely(draw, 30),
    )


def rarely(draw: st.DrawFn, often: int) -> bool:
    """Once in so many times."""
    return draw(st.integers(1, often)) == often


async def kept_by_runs(store: SqliteStore, all_: Sequence[Round]) -> None:
    """As a bot would, page by page; imports and clean-ups come between the runs."""
    names = [f"o/{'Rr'[number % 2]}epo-{number}" for number in range(SIZE)]
    subjects: Sequence[Subject] = ()
    run, at = Run("run", Trigger.SCHEDULE, RunStatus.RUNNING, NOON), NOON
    retention = Retention(store.database)
    await store.runs.begin(run)
    for one in all_:
        at += one.after
        subjects = await store.subjects.ensure(names, at)
        asked = list(zip(subjects, one.read, strict=True))
        found = [(it, reading_of(it, found)) for it, found in asked if isinstance(found, Mapping)]
        refused = [(it, found) for it, found in asked if isinstance(found, Refusal)]
        await store.runs.record(run, [Page(at, found, refused)], JOIN)
        await store.histories.merge([(names[number], row) for number, row in one.imported], at)
        if one.thinned:
            await retention.thin(0, SIZE, 0, at // DAY * DAY)
        if one.cut:
            await retention.remove(at - 3 * DAY, unwatched=False)
    await store.watches.add(GUILD, "all", [one.id for one in subjects])


def reading_of(subject: Subject, values: Mapping[str, int]) -> Reading:
    return Reading(
        subject.full_name, 100 + subject.id, "R_a", Visibility.PUBLIC, values, archived=False
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(rounds(), min_size=3, max_size=7), listings)
async def test_it_tells_the_same_of_what_runs_imports_and_clean_ups_left(
    all_: list[Round], listing: Listing
) -> None:
    """Over every window between two runs, by each ranking in turn."""
    moments = [NOON + sum(one.after for one in all_[:number]) for number in range(len(all_) + 1)]
    looked_at = [NOON - 1, *moments, moments[-1] + DAY, moments[-1] + 2 * DAY]
    async with fresh_store() as store:
        await kept_by_runs(store, all_)
        windows_ = combinations_with_replacement(looked_at, 2)
        for (start, end), by in zip(windows_, cycle((listing.by, *RANKINGS)), strict=False):
            await tells_alike(store, between(start, end), replace(listing, by=by))


async def nothing(_: SqliteStore) -> None:
    """Leave the store as it is."""


async def told_alike(  # noqa: PLR0913  # all that may make a difference
    all_: Sequence[Told],
    window: Window,
    listing: Listing,
    guild: int = GUILD,
    group: str | None = None,
    *,
    afterwards: Callable[[SqliteStore], Awaitable[None]] = nothing,
) -> None:
    async with fresh_store() as store:
        await kept(store, all_)
        await afterwards(store)
        await tells_alike(store, window, listing, guild, group)


async def tells_alike(
    store: SqliteStore,
    window: Window,
    listing: Listing,
    guild: int = GUILD,
    group: str | None = None,
) -> None:
    portfolio = Portfolio(store.subjects, store.watches, store.follows, [TRUSTED])
    deltas = Deltas(store.histories, 6 * HOUR, store.stars)
    digests = Digests(portfolio, deltas, store.runs, SettableClock())
    subjects = await portfolio.repositories(guild, group)
    movements = await deltas.between(subjects, window)

    found = await digests.over(guild, window, listing, group=group)

    assert replace(found, happened=()) == digest(movements, window, listing=listing)


@PATIENT
@given(alike(KEYS) | alike(KEYS[1:]), st.integers(0, 3), st.integers(1, 3), short)
async def test_the_first_of_a_ranking_are_found_among_many(
    all_: list[Told], start: int, length: int, listing: Listing
) -> None:
    await told_alike(all_, between(NOON + start * DAY, NOON + (start + length) * DAY), listing)


async def test_a_portfolio_is_measured_in_steps_and_in_order(store: SqliteStore) -> None:
    names = [f"o/{number}" for number in range(AT_ONCE * 2 + 1)]
    await store.histories.merge(
        [(name, Sample(NOON, {"stars": number})) for number, name in enumerate(names)], NOON
    )
    subjects = [one for name in names if (one := await store.subjects.find(name))]
    window = Window(NOON, NOON + DAY, "", starts_with_day=False, ends_with_day=False)

    moved = await Deltas(store.histories, 6 * HOUR, store.stars).between(subjects, window)

    assert [(one.subject.full_name, one.deltas[0].after) for one in moved] == [
        (name, number) for number, name in enumerate(names)
    ]
