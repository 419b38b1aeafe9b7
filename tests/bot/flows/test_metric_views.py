"""Recording and showing a server's own numbers, and the line that digests end with."""

from zoneinfo import ZoneInfo

import pytest

from bot.core.guild import DigestSettings
from bot.core.schedule import Every, Plan
from bot.errors import UsageError
from bot.exports.weekly_file import WeeklyFile
from bot.flows.composing import Composing
from bot.flows.guild_settings import Actor, GuildSettings
from bot.flows.metric_views import MetricViews
from bot.flows.metrics_snapshots import MetricsSnapshots
from bot.render.cards import scheduled_digest
from bot.render.metric_cards import shown
from bot.render.words import MINUS
from bot.storage.database import Database
from bot.storage.metric_snapshots import MetricSnapshots
from tests.conftest import Flows
from tests.standins.clock import SettableClock
from tests.standins.stored import SqliteStore

HERE, THERE = 11, 12
ALICE = Actor(HERE, 5)
DIGEST = ("flow_load.wip_count", "flow.load.value", "nothing.value", "odd")


@pytest.fixture
def views(
    database: Database, store: SqliteStore, flows: Flows, clock: SettableClock
) -> MetricViews:
    kept = MetricSnapshots(database)
    snapshots = MetricsSnapshots(kept, WeeklyFile(), clock)
    settings = GuildSettings(store.guilds, flows.portfolio, clock)
    return MetricViews(kept, snapshots, store.guilds, settings, clock, digest=DIGEST)


async def test_a_number_is_recorded_for_this_week_and_audited(
    views: MetricViews, database: Database
) -> None:
    first = await views.record(ALICE, "bugs", "12", None)
    second = await views.record(ALICE, "bugs", "9.5", "2026-W27")

    assert (first.week.label, first.before) == ("2026-27", None)
    assert second.before == first.data
    assert second.data == {"value": 9.5, "timestamp": "2026-07-01T12:00:00Z"}
    rows = await database.rows("SELECT guild_id, user_id, action, detail FROM audit")
    assert rows == [(HERE, 5, "metric record", "recorded bugs for 2026-27")] * 2


async def test_this_week_is_that_of_the_servers_clock(
    views: MetricViews, store: SqliteStore, clock: SettableClock
) -> None:
    await store.guilds.set_zone(HERE, "Asia/Tokyo", clock.now())
    clock.set("2026-07-05T20:00")  # it is Monday in Tokyo

    assert (await views.record(ALICE, "bugs", "1", None)).week.label == "2026-28"
    report = await views.show(HERE, "bugs")
    assert report.weeks[-1].label == "2026-28"
    assert report.leaves[0].recorded == 1


@pytest.mark.parametrize(
    ("name", "text", "week"),
    [("a b", "1", None), ("a", "x", None), ("a", "[]", None), ("a", "1", "2026-54")],
)
async def test_what_is_refused_is_refused_before_anything_is_written(
    views: MetricViews, database: Database, name: str, text: str, week: str | None
) -> None:
    with pytest.raises(UsageError):
        views.check(name, text, week)
    with pytest.raises(UsageError):
        await views.record(ALICE, name, text, week)

    assert await database.rows("SELECT 1 FROM audit") == []
    assert await views.names(HERE) == []


async def test_sixteen_weeks_say_how_many_of_them_are_known(views: MetricViews) -> None:
    for week, value in (("2026-20", 3), ("2026-25", 15), ("2026-26", 15), ("2026-27", 12)):
        await views.record(ALICE, "bugs", str(value), week)

    card = shown(await views.show(HERE, "bugs"))

    assert card.lines == ("········▁····██▆ 4 of 16 weeks",)
    (row,) = card.rows
    assert (row.name, row.value, row.change, row.percent) == (
        "value",
        "12",
        f"{MINUS}3",
        f"{MINUS}20.0 %",
    )
    assert row.note == "+9 since 2026-20"
    assert card.footer == ("2026-12 to 2026-27",)


async def test_a_first_number_is_new_and_an_old_one_says_its_week(views: MetricViews) -> None:
    await views.record(ALICE, "bugs", "0", "2026-20")

    card = shown(await views.show(HERE, "bugs"))

    assert card.lines == ("········▅······· 1 of 16 weeks, newest 2026-20",)
    assert (card.rows[0].value, card.rows[0].change, card.rows[0].note) == ("0", "new", "")


async def test_across_a_gap_a_change_is_about_and_names_its_week(views: MetricViews) -> None:
    await views.record(ALICE, "bugs", "15", "2026-24")
    await views.record(ALICE, "bugs", "12.5", "2026-27")

    (row,) = shown(await views.show(HERE, "bugs")).rows

    assert (row.value, row.change) == ("12.5", f"≈ {MINUS}2.5 since 2026-24")


async def test_numbers_are_chosen_by_key_and_drawn_side_by_side(views: MetricViews) -> None:
    data = '{"a, b": 1, "x": {"y": 2.5}, "wip_count": 3, "word": "z"}'
    await views.record(ALICE, "m", data, None)

    both = await views.show(HERE, "m", "x.y, wip_count")

    assert [line.label for line in both.chart.lines] == ["x.y", "wip_count"]
    assert [one.key for one in both.leaves] == ["x.y", "wip_count", "a, b"]
    assert both.charted == 2
    assert [line.label for line in (await views.show(HERE, "m")).chart.lines] == ["wip_count"]
    assert (await views.show(HERE, "m", "a, b")).leaves[0].key == "a, b"
    assert await views.keys(HERE, "m") == ["wip_count", "a, b", "x.y"]


async def test_what_is_not_there_is_told_with_what_is(views: MetricViews) -> None:
    with pytest.raises(UsageError, match="No metric is recorded here yet"):
        await views.show(HERE, "bugs")
    await views.record(ALICE, "bugs", "1", None)
    await views.record(ALICE, "words", '{"a": "b"}', None)

    for name, keys, told in (
        ("bugz", "", "but as bugs, words"),
        ("words", "", "no number in the last 16 weeks"),
        ("bugs", "count", "take value"),
    ):
        with pytest.raises(UsageError, match=told):
            await views.show(HERE, name, keys)
    with pytest.raises(UsageError, match="No metric is recorded here yet"):
        await views.show(THERE, "bugs")


async def test_more_than_five_lines_are_refused(views: MetricViews) -> None:
    await views.record(ALICE, "m", '{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1}', None)

    with pytest.raises(UsageError, match="at most 5"):
        await views.show(HERE, "m", "a,b,c,d,e,f")
    assert len((await views.show(HERE, "m", "a,b,c,d,e,e")).chart.lines) == 5


async def test_a_digest_ends_with_the_numbers_that_are_kept_here(
    views: MetricViews, flows: Flows, clock: SettableClock
) -> None:
    await views.record(ALICE, "flow_load", '{"wip_count": 15}', "2026-26")
    await views.record(ALICE, "flow_load", '{"wip_count": 12}', None)
    await views.record(ALICE, "flow.load", "7", None)
    composing = Composing(flows.digests, flows.charts, clock, views)

    def told(guild_id: int) -> DigestSettings:
        return DigestSettings(guild_id, "all", 5, Plan(540, Every.DAY, "UTC"), 0)

    here = scheduled_digest(await composing.today(told(HERE)))
    there = scheduled_digest(await composing.today(told(THERE)))

    line = f"metrics: flow_load.wip_count 12 ({MINUS}3) · flow.load.value 7 (new)"
    assert here.notes[-1] == line
    assert not any("metrics" in note for note in there.notes)
    plain = await Composing(flows.digests, flows.charts, clock).today(told(HERE))
    assert plain.numbers == ()


async def test_the_zone_may_be_somebody_elses(views: MetricViews) -> None:
    await views.record(ALICE, "bugs", "1", None)

    report = await views.show(HERE, "bugs", zone=ZoneInfo("Pacific/Auckland"))

    assert report.newest.label == "2026-27"
