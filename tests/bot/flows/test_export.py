"""Exports: what the guild watches and may see, no more than is sensible, and what fits."""

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.export import Document
from bot.core.models import Trigger, Visibility
from bot.errors import InvalidWindow, UsageError
from bot.exports.reader import read_rows
from bot.flows import export as export_flow
from bot.flows.deltas import Deltas
from bot.flows.export import Exports
from bot.flows.importing import Import
from bot.flows.portfolio import OPERATOR, Portfolio
from tests.conftest import TRUSTED_GUILD, Flows
from tests.standins.clock import DAY, HOUR, SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.stored import fresh_store

HERE, THERE = 11, 12


async def made(flows: Flows, form: str, window: str = "30d", guild: int = HERE) -> Document:
    return await flows.exports.document(await flows.exports.order(guild, form, window, UTC))


async def repositories(flows: Flows, guild: int) -> set[str]:
    """Both forms tell of the same ones."""
    snapshot = json.loads((await made(flows, "daily-json", guild=guild)).content)
    _, *rows = csv.reader((await made(flows, "csv", guild=guild)).content.decode().splitlines())
    assert {row[1] for row in rows} == set(snapshot["repos"])
    return set(snapshot["repos"])


@pytest.fixture
async def watched(flows: Flows, github: ScriptedGitHub, clock: SettableClock) -> None:
    """Three days: o/site grows and vanishes, O/tool stays; another guild has its own."""
    site = github.add("o/site", stars=100, forks=5)
    github.add("O/tool", stars=0)
    github.add("t/theirs", stars=9)
    await flows.track.add(HERE, "o/site O/tool")
    await flows.track.add(THERE, "t/theirs")
    clock.pass_(DAY)
    site.values["stars"] = 110
    await flows.sync.everything(Trigger.SCHEDULE)
    clock.pass_(DAY)
    github.repositories.remove(site)
    await flows.sync.everything(Trigger.SCHEDULE)


def day(clock: SettableClock, before: int) -> str:
    return str(datetime.fromtimestamp(clock.now() - before * DAY, UTC).date())


def moment(clock: SettableClock, before: int) -> str:
    return f"{datetime.fromtimestamp(clock.now() - before * DAY, UTC):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.usefixtures("watched")
async def test_a_csv_has_a_row_for_each_day_repository_and_metric(
    flows: Flows, clock: SettableClock
) -> None:
    document = await made(flows, "csv", "1d")

    assert document.content.decode() == (
        "date,full_name,metric,value,status\n"
        f"{day(clock, 1)},o/site,stars,110,exact\n"
        f"{day(clock, 1)},o/site,forks,5,exact\n"
        f"{day(clock, 1)},O/tool,stars,0,exact\n"
        f"{day(clock, 0)},o/site,stars,110,gone\n"
        f"{day(clock, 0)},o/site,forks,5,gone\n"
        f"{day(clock, 0)},O/tool,stars,0,exact\n"
    )
    assert document.name == f"repo-radar-{day(clock, 1)}-to-{day(clock, 0)}.csv"


@pytest.mark.usefixtures("watched")
async def test_a_daily_file_has_the_newest_values_and_when_the_gone_were_seen(
    flows: Flows, clock: SettableClock
) -> None:
    document = await made(flows, "daily-json")

    assert json.loads(document.content) == {
        "collectedAt": moment(clock, 0),
        "version": 1,
        "repos": {
            "o/site": {"stars": 110, "forks": 5, "lastSeen": moment(clock, 1)},
            "O/tool": {"stars": 0},
        },
    }
    assert document.name == f"{day(clock, 0)}.json"


@pytest.mark.usefixtures("watched")
async def test_a_daily_file_is_as_of_the_end_of_its_window(
    flows: Flows, clock: SettableClock
) -> None:
    window = f"{day(clock, 2)}..{day(clock, 2)}"

    told = json.loads((await made(flows, "daily-json", window)).content)

    assert told["repos"] == {"o/site": {"stars": 100, "forks": 5}, "O/tool": {"stars": 0}}
    assert told["collectedAt"][:10] == day(clock, 2)


@pytest.mark.usefixtures("watched")
async def test_a_daily_file_imported_elsewhere_leaves_it_byte_for_byte(
    flows: Flows, clock: SettableClock, tmp_path: Path
) -> None:
    clock.pass_(DAY)
    await flows.sync.everything(Trigger.SCHEDULE)
    document = await made(flows, "daily-json")
    assert b"lastSeen" in document.content
    (tmp_path / document.name).write_bytes(document.content)
    async with fresh_store() as store:
        kept = store.port()
        await Import(read_rows, kept, clock, lambda: "run").files([tmp_path / document.name])
        portfolio = Portfolio(store.subjects, store.watches, store.follows, [])
        elsewhere = Exports(
            portfolio, Deltas(kept.histories, 6 * HOUR, store.stars), kept.histories, clock
        )
        order = await elsewhere.order(OPERATOR, "daily-json", "30d", UTC)

        assert await elsewhere.document(order) == document


@pytest.mark.usefixtures("watched")
@pytest.mark.parametrize("window", ["today", "whole day"])
async def test_a_file_of_others_lets_nobody_vanish(
    flows: Flows, clock: SettableClock, tmp_path: Path, window: str
) -> None:
    """The operator imports what somebody else collected: o/tool was read an hour before."""
    clock.pass_(HOUR)
    repos = {"x/theirs": {"stars": 5}}
    told = {"collectedAt": moment(clock, 0), "version": 1, "repos": repos}
    (tmp_path / "theirs.json").write_text(json.dumps(told))
    before = json.loads((await made(flows, "daily-json")).content)
    await flows.importing.files([tmp_path / "theirs.json"])
    if window != "today":
        window = f"{day(clock, 0)}..{day(clock, 0)}"
        clock.pass_(DAY)

    after = json.loads((await made(flows, "daily-json", window)).content)
    tool = after["repos"]["O/tool"]
    assert after["repos"]["o/site"] == before["repos"]["o/site"]
    assert tool.pop("collectedAt", moment(clock, 0 if window == "today" else 1)) <= moment(clock, 0)
    assert tool == {"stars": 0}


@pytest.mark.usefixtures("watched")
async def test_a_guild_gets_its_own_watches_only(flows: Flows) -> None:
    assert await repositories(flows, HERE) == {"o/site", "O/tool"}
    assert await repositories(flows, THERE) == {"t/theirs"}


async def test_private_repositories_leave_to_the_trusted_only(
    flows: Flows, github: ScriptedGitHub
) -> None:
    vault = github.add("o/vault", stars=3)
    github.add("o/site", stars=1)
    for guild in (HERE, TRUSTED_GUILD, OPERATOR):
        await flows.track.add(guild, "o/vault o/site")
    vault.visibility = Visibility.PRIVATE
    await flows.sync.everything(Trigger.SCHEDULE)

    assert await repositories(flows, HERE) == {"o/site"}
    assert await repositories(flows, TRUSTED_GUILD) == {"o/site", "o/vault"}
    assert await repositories(flows, OPERATOR) == {"o/site", "o/vault"}


async def test_of_two_with_one_name_the_living_one_is_meant(
    flows: Flows, github: ScriptedGitHub, clock: SettableClock
) -> None:
    old = github.add("o/site", stars=100)
    await flows.track.add(HERE, "o/site")
    clock.pass_(DAY)
    github.repositories.remove(old)
    await flows.sync.everything(Trigger.SCHEDULE)
    clock.pass_(DAY)
    github.add("o/site", stars=1)
    await flows.track.add(HERE, "o/site")

    told = json.loads((await made(flows, "daily-json")).content)

    assert told["repos"] == {"o/site": {"stars": 1}}


@pytest.mark.usefixtures("watched")
async def test_what_cannot_be_exported_is_refused_in_a_sentence(flows: Flows) -> None:
    for guild, form, window, refusal, words in (
        (HERE, "csv", "0d", InvalidWindow, "no length"),
        (HERE, "xml", "30d", UsageError, "daily-json or csv"),
        (99, "csv", "30d", UsageError, "Nothing is watched here yet: start with track add"),
        (HERE, "csv", "2020", UsageError, "Nothing was sampled"),
        (HERE, "daily-json", "2020", UsageError, "Nothing was sampled"),
    ):
        with pytest.raises(refusal, match=words):
            await made(flows, form, window, guild)


@pytest.mark.usefixtures("watched")
async def test_a_csv_that_is_absurd_is_refused_before_anything_is_read(
    flows: Flows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_flow, "MOST", 40)

    with pytest.raises(UsageError, match=r"2 repositories over 31 days .* at most 20 days"):
        await flows.exports.order(HERE, "csv", "30d", UTC)
    await flows.exports.order(HERE, "daily-json", "30d", UTC)
    await flows.exports.order(HERE, "csv", "19d", UTC)


@pytest.mark.usefixtures("watched")
async def test_what_is_too_large_is_packed_and_else_the_command_line_is_named(
    flows: Flows,
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    order = await flows.exports.order(HERE, "csv", "30d", berlin)
    whole = await flows.exports.document(order)
    size = len(whole.content)

    assert await flows.exports.fitting(order, size) == whole
    packed = await flows.exports.fitting(order, size - 1)
    assert packed.name == f"{whole.name}.gz"
    assert gzip.decompress(packed.content) == whole.content
    with pytest.raises(UsageError) as refused:
        await flows.exports.fitting(order, len(packed.content) - 1)
    command = "repo-radar export --format csv 30d --tz Europe/Berlin --guild 11 --out FILE"
    assert command in str(refused.value)
