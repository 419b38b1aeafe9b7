"""Thinning night by night, and a clean-up that says what it wants."""

import pytest

from bot.core.models import Sample
from bot.core.retention import Removal
from bot.errors import UsageError
from bot.flows.retention import Cleanup, Thinning
from bot.storage.retention import Retention
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.stored import SqliteStore, contents

DAYS = 30


async def sample(store: SqliteStore, at: int, stars: int) -> None:
    rows = [(f"o/r{number:02}", Sample(at, {"stars": stars})) for number in range(25)]
    await store.histories.merge(rows, at)


async def kept_of(store: SqliteStore) -> int:
    return sum(len(k.observations["stars"]) for k in (await contents(store.database)).values())


@pytest.fixture
async def hourly(store: SqliteStore, clock: SettableClock) -> SqliteStore:
    """Forty days of four changes a day, for more repositories than one transaction takes."""
    clock.pass_(60)  # what stands at midnight to the second is kept
    for quarter in range(40 * 4):
        await sample(store, clock.pass_(6 * HOUR), quarter)
    return store


async def test_days_grown_old_are_thinned_night_by_night(
    hourly: SqliteStore, clock: SettableClock
) -> None:
    thinning = Thinning(Retention(hourly.database), clock, days=DAYS)

    first = await thinning.nightly()
    same_night = await thinning.nightly()
    clock.pass_(DAY)
    second = await thinning.nightly()

    assert first == 25 * 3 * 9  # the first day has one sample only
    assert (same_night, second) == (0, 25 * 3)
    assert await kept_of(hourly) == 25 * 160 - first - second


async def test_a_restarted_program_thins_what_it_missed(
    hourly: SqliteStore, clock: SettableClock
) -> None:
    await Thinning(Retention(hourly.database), clock, days=DAYS).nightly()
    clock.pass_(60 * DAY)

    gone = await Thinning(Retention(hourly.database), clock, days=DAYS).nightly()

    assert gone == 25 * (3 * 30 + 2)
    assert await kept_of(hourly) == 25 * 41  # a value a day


async def test_a_clean_up_wants_to_be_told_what_shall_go(
    store: SqliteStore, clock: SettableClock
) -> None:
    cleanup = Cleanup(Retention(store.database), clock)

    with pytest.raises(UsageError, match="--keep-days 365, --unwatched"):
        await cleanup.clean(keep_days=None, unwatched=False, dry_run=False)


async def test_a_dry_run_takes_nothing_away(hourly: SqliteStore, clock: SettableClock) -> None:
    cleanup = Cleanup(Retention(hourly.database), clock)
    before = await kept_of(hourly)

    told = await cleanup.clean(keep_days=10, unwatched=False, dry_run=True)
    kept = await kept_of(hourly)
    done = await cleanup.clean(keep_days=10, unwatched=False, dry_run=False)

    assert kept == before
    assert told == done == Removal(0, before - await kept_of(hourly), 25)
