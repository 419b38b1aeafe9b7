"""/metric in Discord: recorded, shown with a picture, refused quietly, and each server's own."""

from datetime import UTC

import pytest

from bot.app import open_app
from bot.clock import SystemClock
from bot.core.models import RunStatus, Trigger
from bot.core.weeks import week_of
from bot.flow_loading import measured
from bot.settings import load
from tests.standins.discord_api import CannotAsk
from tests.standins.stage import Stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

PNG = b"\x89PNG\r\n\x1a\n"


def weeks_ago(number: int) -> str:
    return week_of(SystemClock().now(), UTC).later(-number).label


async def test_a_number_is_recorded_and_shown_over_sixteen_weeks(stage: Stage) -> None:
    place = stage.place("Counting")
    for ago, value in ((9, "3"), (2, "15"), (1, "15")):
        await place.ask("metric record", name="bugs", value=value, week=weeks_ago(ago))

    recorded = await place.ask("metric record", name="bugs", value="12", week=weeks_ago(0))
    shown = await place.ask("metric show", name="bugs")

    assert f"Recorded bugs for {weeks_ago(0)}" in recorded.text
    assert "4 of 16 weeks" in shown.card
    assert "12 · \N{MINUS SIGN}3" in shown.card
    ((_, content),) = shown.files.items()
    assert content.startswith(PNG)
    (words,) = shown.alternatives
    assert "gap" in words
    assert recorded.deferred


async def test_an_object_is_recorded_for_this_week_and_its_keys_are_offered(stage: Stage) -> None:
    place = stage.place("Objects")
    await place.ask("metric record", name="flow", value='{"by_status": {"In Review": 2}, "n": 1.5}')

    shown = await place.ask("metric show", name="flow", key="by_status.In Review, n")
    names = await place.complete("metric show", "name", "FL")
    keys = await place.discord.autocomplete(
        place.guild, "general", place.alice, "metric show", "key", "status", name="flow"
    )

    assert "1 of 16 weeks" in shown.card
    assert "1.5" in shown.card
    assert [one.value for one in names] == ["flow"]
    assert [one.value for one in keys] == ["by_status.In Review"]


async def test_mistakes_are_refused_at_once_and_quietly(stage: Stage) -> None:
    place = stage.place("Mistaken")

    for answer, told in (
        (await place.ask("metric record", name="a b", value="1"), "no name of a metric"),
        (await place.ask("metric record", name="a", value="soon"), "JSON is broken"),
        (await place.ask("metric record", name="a", value="1", week="2025-54"), "no week"),
        (await place.ask("metric show", name="a"), "No metric is recorded here yet"),
    ):
        assert told in answer.text.replace("\\", "")
        assert (answer.deferred, answer.ephemeral) == (False, True)


async def test_another_server_sees_nothing_of_it(stage: Stage) -> None:
    place, other = stage.place("Private"), stage.place("Curious")
    await place.ask("metric record", name="secret", value="7")

    assert await other.complete("metric show", "name", "") == []
    assert "No metric is recorded" in (await other.ask("metric show", name="secret")).text


async def test_only_who_manages_the_server_may(stage: Stage) -> None:
    place = stage.place("Managed metrics")

    with pytest.raises(CannotAsk):
        await place.ask("metric record", place.bob, name="a", value="1")
    with pytest.raises(CannotAsk):
        await place.ask("metric show", place.bob, name="a")


async def test_the_flow_load_is_kept_after_a_run(own_stage: Stage) -> None:
    stage, place = own_stage, own_stage.place("Loaded")
    stage.github.add("loaded/one", open_issues=3, pulls=((True, None),), labels={"bug": 2})
    await stage.remember(place, "loaded/one", hours_ago=1)
    settings = {**stage.bot.environ, "RADAR_FLOW_LOAD__ENABLED": "true"}

    async with open_app(load(environ=settings, folder=stage.folder)) as app:
        await measured(app.flow_loads)

    async with stage.bot:
        await stage.bot.started(stage.discord)
        shown = await place.ask("metric show", name="flow_load")
    assert "wip" in shown.card
    assert "1 of 16 weeks" in shown.card


async def test_a_run_keeps_the_flow_load_and_its_failure_costs_the_run_nothing(
    own_stage: Stage,
) -> None:
    stage, place = own_stage, own_stage.place("Flowing")
    stage.github.add("flow/one", open_issues=3, pulls=((True, None), (False, "APPROVED")))
    await stage.remember(place, "flow/one", hours_ago=3)
    await stage.nothing_due()
    stage.bot.environ["RADAR_FLOW_LOAD__ENABLED"] = "true"
    stage.bot.environ["RADAR_COLLECTION__INTERVAL"] = "5m"  # the last run was an hour ago
    stage.github.fail(502, times=99, match="reviewDecision")
    async with stage.bot:
        await stage.bot.started(stage.discord)
        while "flow load not read" not in stage.bot.log:
            await place.ask("help")
        assert await stage.bot.stop() == 0
    async with stage.flows() as app:
        run = await app.store.runs.newest(Trigger.SCHEDULE)
        assert run is not None
        assert (run.status, run.failed) == (RunStatus.OK, 0)
        assert await app.metric_views.names(place.guild.id) == []

    stage.github.heal()
    settings = load(environ=stage.bot.environ, folder=stage.folder)
    async with open_app(settings) as app:  # as after the next run
        await measured(app.flow_loads)
        report = await app.metric_views.show(place.guild.id, "flow_load")
    assert report.leaves[0].key == "wip_count"
    assert report.leaves[0].week.after == 5


async def test_who_has_no_room_for_the_flow_load_is_told_in_the_status(own_stage: Stage) -> None:
    stage, place = own_stage, own_stage.place("Crowded")
    for name in ("crowd/one", "crowd/two"):
        stage.github.add(name, open_issues=3)
        await stage.remember(place, name, hours_ago=1)
    stage.bot.environ["RADAR_FLOW_LOAD__ENABLED"] = "true"
    stage.bot.environ["RADAR_FLOW_LOAD__REPOSITORIES"] = "1"

    async with stage.bot:
        await stage.bot.started(stage.discord)
        told = await place.ask("status")

    assert "The open work here is not kept by week" in told.card.replace("\\", "")
