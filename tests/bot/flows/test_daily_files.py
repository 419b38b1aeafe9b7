"""Daily files after each run: of the operator's portfolio, never at the cost of the run."""

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

import pytest

from bot.core.daily import Daily
from bot.core.models import Trigger, Visibility
from bot.core.rotation import Rotation
from bot.errors import RadarError
from bot.exports.local import LocalFiles
from bot.exports.notes import Notes
from bot.flows.allowance import Allowances
from bot.flows.collection import Collector
from bot.flows.daily_files import DailyFiles, Place
from bot.flows.deltas import Deltas
from bot.flows.pace import Pace
from bot.flows.portfolio import OPERATOR
from bot.flows.rounds import Rounds
from bot.flows.status import Status
from bot.flows.sync import Sync
from bot.flows.traffic import Traffic
from tests.conftest import INTERVAL, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import SqliteStore

FilesOf = Callable[..., DailyFiles]
HERE = 11
FULL = "Cannot write it (the disk is full): make room."


@dataclass
class Shelf:
    """A destination that remembers, and fails as often as it is told."""

    kept: list[Daily] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    async def keep(self, daily: Daily, *, now: int, hidden: Collection[str] = ()) -> None:
        assert now >= daily.collected_at
        if self.troubles:
            raise RadarError(self.troubles.pop(0))
        self.kept.append(daily)
        self.hidden = list(hidden)

    @property
    def names(self) -> list[str]:
        return sorted(entry.full_name for entry in self.kept[-1].repos.values())


@dataclass
class World:
    """A program that keeps a file on a shelf, then a public one on another."""

    files: DailyFiles
    sync: Sync
    status: Status
    shelf: Shelf
    public: Shelf


@pytest.fixture
def files_of(flows: Flows, store: SqliteStore, clock: SettableClock, tmp_path: Path) -> FilesOf:
    """As a program has them that keeps them in these places."""
    deltas, notes = Deltas(store.histories, INTERVAL, store.stars), Notes(tmp_path / "radar.db")
    return lambda *places: DailyFiles(places, notes, flows.portfolio, deltas, clock)


@pytest.fixture
def world(
    files_of: FilesOf,
    flows: Flows,
    store: SqliteStore,
    github: ScriptedGitHub,
    clock: SettableClock,
) -> World:
    shelf, public = Shelf(), Shelf()
    files, kept = files_of(Place(shelf), Place(public, public_only=True)), store.port()
    collector = Collector(
        github, kept, clock, interval=INTERVAL, new_id=iter("abcdefgh").__next__, ended=files.ended
    )
    allowances = Allowances(github, store.subjects, clock)
    rotation = Rotation(INTERVAL)
    pace = Pace(collector, store.runs, rotation)
    traffic = Traffic(github, store.traffic, flows.portfolio, clock)
    status = Status(
        allowances, kept, pace, traffic, clock, interval=INTERVAL, of_files=files.troubles
    )
    rounds = Rounds(collector, kept, clock, rotation)
    sync = Sync(collector, rounds, store.subjects, flows.portfolio, clock)
    return World(files, sync, status, shelf, public)


@pytest.fixture
async def watched(flows: Flows, github: ScriptedGitHub, clock: SettableClock) -> None:
    """The operator watches two, a server another one; all were sampled once."""
    for number, name in enumerate(("o/site", "o/tool", "t/theirs")):
        github.add(name, stars=number)
    await flows.track.add(OPERATOR, "o/site o/tool")
    await flows.track.add(HERE, "t/theirs")
    clock.pass_(HOUR)


@pytest.mark.usefixtures("watched")
async def test_a_run_that_sampled_makes_a_file_due(world: World, clock: SettableClock) -> None:
    assert not world.files.due
    await world.sync.everything(Trigger.SCHEDULE)
    assert world.files.due

    assert await world.files.write() == []

    (daily,) = world.shelf.kept
    assert daily.collected_at == clock.now()
    assert world.shelf.names == world.public.names == ["o/site", "o/tool"]
    assert not world.files.due


@pytest.mark.usefixtures("watched")
async def test_several_runs_before_the_next_writing_are_one_reason(world: World) -> None:
    await world.sync.everything(Trigger.SCHEDULE)
    await world.sync.guild(HERE, Trigger.SYNC)
    await world.files.wait()

    await world.files.write()

    assert (len(world.shelf.kept), world.files.due) == (1, False)


@pytest.mark.usefixtures("watched")
async def test_a_run_that_read_nothing_and_a_program_without_places_make_none_due(
    world: World, files_of: FilesOf, github: ScriptedGitHub
) -> None:
    github.repositories.clear()
    report = await world.sync.everything(Trigger.SCHEDULE)
    nowhere = files_of()
    nowhere.ended(report.run)

    assert (report.run.sampled, world.files.due, nowhere.due) == (0, False, False)


@pytest.mark.usefixtures("watched")
async def test_private_repositories_and_unknown_ones_go_to_no_public_place(
    world: World, flows: Flows, github: ScriptedGitHub
) -> None:
    github.repositories[0].visibility = Visibility.PRIVATE
    await world.sync.everything(Trigger.SCHEDULE)

    await world.files.write()

    assert (world.shelf.names, world.public.names) == (["o/site", "o/tool"], ["o/tool"])
    assert (world.shelf.hidden, world.public.hidden) == ([], ["o/site"])
    assert (await flows.portfolio.repositories(OPERATOR))[0].visibility is Visibility.PRIVATE


@pytest.mark.usefixtures("watched")
async def test_one_place_that_fails_costs_the_other_nothing_and_is_tried_after_the_next_run(
    world: World,
) -> None:
    world.shelf.troubles = [FULL]
    await world.sync.everything(Trigger.SCHEDULE)
    assert await world.files.write() == [FULL]
    told = (await world.status.report()).problems
    await world.sync.everything(Trigger.SCHEDULE)
    assert await world.files.write() == []

    assert FULL in told
    assert (len(world.shelf.kept), len(world.public.kept)) == (1, 2)
    assert FULL not in (await world.status.report()).problems


@pytest.mark.usefixtures("watched")
async def test_what_failed_is_told_to_another_process_too_and_to_guilds_without_its_place(
    world: World, files_of: FilesOf
) -> None:
    world.shelf.troubles = [f"{FULL}\nAnd more."]
    await world.sync.everything(Trigger.SCHEDULE)
    await world.files.write()

    assert files_of(Place(Shelf())).troubles() == [f"{FULL} And more."]
    assert files_of().troubles() == []  # none are wanted there
    (told,) = world.status.of_files()
    assert "whoever runs the bot sees why by repo-radar status" in told
    assert FULL not in told


async def test_where_nothing_was_sampled_nothing_is_written(world: World) -> None:
    assert await world.files.write() == []
    assert (world.shelf.kept, world.public.kept) == ([], [])


@pytest.mark.usefixtures("watched")
async def test_who_vanished_keeps_its_last_values_in_the_files_of_all_days(
    world: World, files_of: FilesOf, github: ScriptedGitHub, clock: SettableClock, tmp_path: Path
) -> None:
    files = files_of(Place(LocalFiles(tmp_path)))
    del github.repositories[0]
    for _ in range(2):
        clock.pass_(DAY)
        await world.sync.everything(Trigger.SCHEDULE)
        await files.write()

    days = sorted((tmp_path / "snapshots").glob("*.json"))
    assert [path.stem for path in days] == ["2026-07-02", "2026-07-03"]
    for path in days:
        told = json.loads(path.read_bytes())["repos"]
        assert told["o/site"] == {"stars": 0, "lastSeen": "2026-07-01T12:00:00Z"}
        assert told["o/tool"] == {"stars": 1}


@pytest.mark.usefixtures("watched")
async def test_it_has_the_bytes_of_an_export(
    flows: Flows, files_of: FilesOf, tmp_path: Path
) -> None:
    await files_of(Place(LocalFiles(tmp_path))).write()

    order = await flows.exports.order(OPERATOR, "daily-json", "30d", UTC)
    document = await flows.exports.document(order)
    assert (tmp_path / "snapshots" / document.name).read_bytes() == document.content
