"""Backfill: first the newest part of all, then the rest; resumable, and never at anyone's cost."""

import asyncio
from datetime import UTC

import pytest

from bot.core.coverage import DAY
from bot.core.delta import Status
from bot.core.metrics import STARS
from bot.core.models import Pause, Refusal, Refused, Subject, Trigger, Visibility
from bot.core.reports import Progress
from bot.errors import GitHubError, RateLimited, TokenRejected, UnknownRepository, UsageError
from bot.flows.backfill import AGAIN_COUNTED, AGAIN_FAILED, BATCH, FEW, TROUBLES, Backfill
from bot.flows.portfolio import OPERATOR
from bot.flows.star_answers import COUNTING, NOT_PUBLIC, NOT_SAMPLED
from bot.flows.star_ports import Stars
from tests.conftest import MOST, TRUSTED_GUILD, Flows
from tests.standins.clock import SettableClock
from tests.standins.harvests import ScriptedGitHub
from tests.standins.star_histories import MISSING, ScriptedStars
from tests.standins.stored import SqliteStore

HERE = 11
LONG = {"d3": 2, "d300": 5, "d500": 7, "d900": 9}  # more than GitHub is asked for


@pytest.fixture
async def three(flows: Flows, github: ScriptedGitHub) -> list[Subject]:
    """o/a, o/b and o/c are watched here and by the operator."""
    for name in "abc":
        github.add(f"o/{name}", stars=100)
    for guild in (HERE, OPERATOR):
        report = await flows.track.add(guild, "o/a o/b o/c")
    return [movement.subject for movement in report.added]


async def rounds(flows: Flows) -> None:
    while await flows.backfill.round():
        pass


async def test_the_first_page_of_all_comes_before_the_second_of_any(
    flows: Flows, starlight: ScriptedStars, three: list[Subject]
) -> None:
    for subject in three:
        starlight.give(subject.full_name, **LONG)

    await rounds(flows)

    assert starlight.asked == [(f"o/{name}", page) for page in (1, 2, 3, 4) for name in "abc"]
    assert starlight.urgent == ["o/a", "o/b", "o/c"]  # somebody has just added them
    await rounds(flows)
    assert len(starlight.asked) == 12


async def test_it_stops_at_the_first_star(
    flows: Flows, starlight: ScriptedStars, three: list[Subject], store: SqliteStore
) -> None:
    starlight.give("o/a", d10=3)
    starlight.give("o/b", d300=3)

    await rounds(flows)

    assert [name for name, _ in starlight.asked if name == "o/a"] == ["o/a"]
    assert [page for name, page in starlight.asked if name == "o/b"] == [1, 2]
    extents = await store.stars.extents([one.id for one in three])
    assert [extents[one.id].whole for one in three] == [True, True, False]


async def test_what_is_refused_costs_the_others_nothing_and_is_asked_again_a_day_later(
    flows: Flows, starlight: ScriptedStars, three: list[Subject], clock: SettableClock
) -> None:
    assert len(three) == 3
    starlight.give("o/b", d10=3)
    starlight.give("o/c", d10=3)

    await rounds(flows)
    clock.pass_(DAY - 1)
    await rounds(flows)
    assert sorted(starlight.asked) == [("o/a", 1), ("o/b", 1), ("o/c", 1)]

    clock.pass_(1)
    starlight.give("o/a", d10=3)
    await rounds(flows)
    assert starlight.asked[3:] == [("o/a", 1)]


async def test_while_github_counts_it_asks_again_a_minute_later(
    flows: Flows, starlight: ScriptedStars, three: list[Subject], clock: SettableClock
) -> None:
    for subject in three:
        starlight.give(subject.full_name, d10=3)
    starlight.answers["o/b"] = [None]

    await rounds(flows)
    assert starlight.asked.count(("o/b", 1)) == 1
    clock.pass_(AGAIN_COUNTED)
    await rounds(flows)

    assert starlight.asked.count(("o/b", 1)) == 2
    assert len(starlight.asked) == 4


async def test_where_github_is_in_trouble_a_round_ends_and_the_next_goes_on(
    flows: Flows, starlight: ScriptedStars, three: list[Subject], clock: SettableClock
) -> None:
    trouble = Refusal(Refused.TIMEOUT, "GitHub answered 502")
    for subject in three:
        starlight.give(subject.full_name, d300=3)
    await flows.backfill.begin(three)
    starlight.answers = {subject.full_name: [trouble] for subject in three}

    assert await flows.backfill.round() is False
    assert len(starlight.asked) == 3 + TROUBLES

    await rounds(flows)
    assert len(starlight.asked) == 3 + TROUBLES
    clock.pass_(AGAIN_FAILED)
    await rounds(flows)
    assert sorted(starlight.asked[3 + TROUBLES :]) == [("o/a", 2), ("o/b", 2), ("o/c", 2)]


async def test_a_failure_of_all_is_raised_and_what_was_read_is_kept(
    flows: Flows, starlight: ScriptedStars, three: list[Subject], store: SqliteStore
) -> None:
    for subject in three:
        starlight.give(subject.full_name, d10=3)
    starlight.answers["o/b"] = [TokenRejected("It ended.")]

    with pytest.raises(TokenRejected):
        await flows.backfill.repositories(OPERATOR)

    assert set(await store.stars.retained([one.id for one in three])) == {three[0].id}
    report = await flows.backfill.repositories(OPERATOR)
    assert [one.requests for one in report.done] == [0, 1, 1]


async def test_one_that_is_new_does_not_wait_for_the_others(
    flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars, three: list[Subject]
) -> None:
    for subject in three:
        starlight.give(subject.full_name, **LONG)
    await flows.backfill.begin(three)
    github.add("o/new", stars=3)
    starlight.give("o/new", d1=3)
    await flows.track.add(HERE, "o/new")

    await flows.backfill.round()

    assert starlight.asked[3] == ("o/new", 1)


async def test_adding_it_wakes_who_rests(
    flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars
) -> None:
    github.add("o/new", stars=3)
    starlight.give("o/new", d1=3)
    await rounds(flows)
    resting = asyncio.create_task(flows.backfill.rest(3600))

    await flows.track.add(HERE, "o/new")

    await resting
    await flows.backfill.round()
    assert starlight.asked == [("o/new", 1)]


async def test_private_and_gone_repositories_are_not_asked_for(
    flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars
) -> None:
    github.add("o/secret", Visibility.PRIVATE, stars=3)
    gone = github.add("o/gone", stars=3)
    for guild in (OPERATOR, TRUSTED_GUILD):
        await flows.track.add(guild, "o/secret o/gone")
    github.repositories.remove(gone)
    await flows.sync.everything(Trigger.SCHEDULE)

    await rounds(flows)
    whole = await flows.backfill.repositories(OPERATOR)
    named = await flows.backfill.repositories(OPERATOR, ["o/secret", "o/gone"])

    assert ("o/secret", 1) not in starlight.asked
    assert (whole.done, whole.refused) == ((), ())
    assert [error.refusal for error in named.refused] == [
        NOT_PUBLIC,
        Refusal(Refused.NOT_FOUND, "gone or not visible"),
    ]


async def test_what_is_named_is_read_to_its_end_with_progress(
    flows: Flows, starlight: ScriptedStars, three: list[Subject], clock: SettableClock
) -> None:
    starlight.give("o/a", **LONG)
    starlight.give("o/b", d10=3)
    told: list[Progress] = []

    report = await flows.backfill.repositories(
        OPERATOR, ["o/a", "o/b", "O/A", "o/c"], listener=told.append
    )

    today = clock.now() // DAY
    assert [(one.subject.id, one.whole, one.requests) for one in report.done] == [
        (three[0].id, False, 4),
        (three[1].id, True, 1),
    ]
    assert report.done[0].since == (today + 1 - 840) * DAY
    assert [(error.full_name, error.refusal) for error in report.refused] == [("o/c", MISSING)]
    assert (told[0], told[3]) == (Progress(0, 3), Progress(3, 3))


async def test_again_asks_anew_and_takes_the_newer_answer(
    flows: Flows, starlight: ScriptedStars, three: list[Subject], store: SqliteStore
) -> None:
    starlight.give("o/a", d10=3, d300=4)
    await flows.backfill.repositories(OPERATOR, ["o/a"])
    assert (await flows.backfill.repositories(OPERATOR, ["o/a"])).done[0].requests == 0
    starlight.give("o/a", d10=2, d300=4)

    report = await flows.backfill.repositories(OPERATOR, ["o/a"], again=True)

    held = (await store.stars.retained([three[0].id]))[three[0].id]
    assert report.done[0].requests == 2
    assert [one.stars for one in held.days] == [4, 2]


async def test_what_github_still_counts_is_told(
    flows: Flows, starlight: ScriptedStars, three: list[Subject]
) -> None:
    assert three
    starlight.answers["o/a"] = [None]

    report = await flows.backfill.repositories(OPERATOR, ["o/a"])

    assert [error.refusal for error in report.refused] == [COUNTING]


async def test_what_nobody_knows_and_an_empty_portfolio_are_refused(flows: Flows) -> None:
    with pytest.raises(UnknownRepository):
        await flows.backfill.repositories(OPERATOR, ["o/none"])
    with pytest.raises(UsageError):
        await flows.backfill.repositories(OPERATOR)


async def test_beginning_is_brief_and_never_fails(
    flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars, three: list[Subject]
) -> None:
    starlight.answers["o/a"] = [RateLimited("Later.")]
    await flows.backfill.begin(three)

    for number in range(FEW + 5):
        github.add(f"many/{number}", stars=1)
    report = await flows.track.add(OPERATOR, " ".join(f"many/{n}" for n in range(FEW + 5)))
    starlight.asked.clear()
    await flows.backfill.begin([movement.subject for movement in report.added])

    assert len(starlight.asked) == FEW


# What it is for


async def test_a_diff_and_a_chart_reach_back_to_before_the_first_sample(
    flows: Flows, starlight: ScriptedStars, three: list[Subject]
) -> None:
    starlight.give("o/a", d3=2, d20=5, d80=10, d200=1)
    await flows.backfill.begin(three[:1])

    report = await flows.diff.report(HERE, "o/a", "30d", UTC)
    drawn = await flows.charts.one(HERE, "o/a", "stars", "90d", UTC)
    shown = await flows.charts.of_report(report)

    (stars,) = report.deltas
    assert (stars.before, stars.after, stars.change) == (93, 100, 7)
    assert (stars.status, stars.reconstructed) == (Status.APPROX, True)
    (line,) = drawn.chart.lines
    assert [point.value for point in line.rebuilt] == [83, 83, 93, 93, 98, 98, 100, 100]
    assert [list(segment) for segment in line.segments] == [[line.rebuilt[-1]]]
    assert shown is not None
    assert shown.lines[0].rebuilt


async def test_the_digest_ranks_it_and_its_leaders_show_it(
    flows: Flows, starlight: ScriptedStars, three: list[Subject]
) -> None:
    starlight.give("o/b", d3=2)
    starlight.give("o/c", d2=40)
    await flows.backfill.begin(three)

    report = await flows.digests.report(HERE, "7d", UTC)
    chart = await flows.charts.leaders(report)

    assert [row.subject.full_name for row in report.rows] == ["o/c", "o/b"]
    assert (report.counts.changed, report.counts.new) == (2, 1)
    assert chart is not None
    assert [line.rebuilt[-1].value for line in chart.lines] == [40, 2]


async def test_once_it_was_sampled_at_the_start_samples_alone_count(
    flows: Flows,
    github: ScriptedGitHub,
    starlight: ScriptedStars,
    three: list[Subject],
    clock: SettableClock,
) -> None:
    starlight.give("o/a", d3=2, d20=5)
    await flows.backfill.begin(three[:1])
    clock.pass_(DAY)
    github.repositories[0].values["stars"] = 90
    await flows.sync.everything(Trigger.SCHEDULE)

    report = await flows.diff.report(HERE, "o/a", "24h", UTC)
    drawn = await flows.charts.one(HERE, "o/a", "stars", "24h", UTC)
    before = await flows.diff.report(HERE, "o/a", "8d", UTC)

    assert [(one.status, one.change) for one in report.deltas] == [(Status.EXACT, -10)]
    assert drawn.chart.lines[0].rebuilt == ()
    assert [(one.before, one.change) for one in before.deltas] == [(98, -8)]


async def test_other_metrics_are_not_rebuilt(
    flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars
) -> None:
    github.add("o/site", stars=100, forks=7)
    starlight.give("o/site", d3=2)
    await flows.track.add(HERE, "o/site")
    await flows.backfill.round()

    report = await flows.diff.report(HERE, "o/site", "7d", UTC)
    forks = await flows.charts.one(HERE, "o/site", "forks", "7d", UTC)

    assert [one.reconstructed for one in report.deltas] == [
        one.metric == STARS.key for one in report.deltas
    ]
    assert forks.chart.lines[0].rebuilt == ()


async def test_exports_carry_what_was_observed_and_nothing_else(
    flows: Flows, starlight: ScriptedStars, three: list[Subject]
) -> None:
    orders = {
        form: await flows.exports.order(HERE, form, "30d", UTC) for form in ("csv", "daily-json")
    }
    without = {form: await flows.exports.document(order) for form, order in orders.items()}
    for subject in three:
        starlight.give(subject.full_name, d3=2, d20=5)
    await flows.backfill.begin(three)
    assert (await flows.diff.report(HERE, "o/a", "30d", UTC)).deltas[0].reconstructed

    for form, order in orders.items():
        assert await flows.exports.document(order) == without[form]
    assert without["csv"].content.decode().splitlines() == [
        "date,full_name,metric,value,status",
        *(f"2026-07-01,o/{name},stars,100,exact" for name in "abc"),
    ]


async def test_what_it_waits_for_is_told(
    flows: Flows, starlight: ScriptedStars, three: list[Subject]
) -> None:
    assert three
    starlight.give("o/b", d10=3)
    starlight.pauses["o/b"] = Pause(7, "GitHub's rate limit")
    told: list[Progress] = []

    await flows.backfill.repositories(OPERATOR, ["o/a", "o/b"], listener=told.append)

    assert Progress(1, 2, Pause(7, "GitHub's rate limit")) in told


# One owner's trouble

ENDED = TokenRejected("The token of bad ended.")


@pytest.fixture
async def one_is_bad(flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars) -> None:
    """The token of bad is rejected, whose repositories come first and are more than a batch."""
    bad = [f"bad/{number}" for number in range(MOST - 2)]
    names = [*bad, *(f"worse/{number}" for number in range(BATCH)), "good/b", "good/c"]
    for name in names:
        github.add(name, stars=1)
        starlight.give(name, d10=1)
        if not name.startswith("good"):
            starlight.answers[name] = [ENDED] * 9
    await flows.portfolio.adopt(names, [], 0)
    await flows.sync.everything(Trigger.SCHEDULE)


@pytest.mark.usefixtures("one_is_bad")
async def test_the_bad_token_of_one_owner_costs_no_other_their_history(
    flows: Flows, starlight: ScriptedStars, clock: SettableClock
) -> None:
    await rounds(flows)
    assert starlight.asked == [("bad/0", 1), ("worse/0", 1), ("good/b", 1), ("good/c", 1)]

    clock.pass_(AGAIN_FAILED)
    with pytest.raises(TokenRejected):  # of nobody else there is anything left to read
        await rounds(flows)
    assert starlight.asked[4:] == [("bad/0", 1), ("worse/0", 1)]

    clock.pass_(AGAIN_FAILED)
    starlight.answers.clear()
    await rounds(flows)
    assert len(starlight.asked) == 6 + MOST - 2 + BATCH


async def test_where_nothing_can_be_asked_for_what_is_new_it_is_raised(
    flows: Flows, starlight: ScriptedStars, three: list[Subject]
) -> None:
    assert three
    starlight.answers["o/a"] = [ENDED]
    starlight.answers["o/b"] = [ENDED]
    starlight.answers["o/c"] = [ENDED]

    with pytest.raises(TokenRejected):
        await flows.backfill.round()


async def test_where_github_is_down_not_every_owner_is_asked_about(
    flows: Flows, github: ScriptedGitHub, starlight: ScriptedStars
) -> None:
    names = [f"o{number}/a" for number in range(9)]
    for name in names:
        github.add(name, stars=1)
        starlight.answers[name] = [GitHubError("GitHub is down.")]
    await flows.portfolio.adopt(names, [], 0)
    await flows.sync.everything(Trigger.SCHEDULE)

    with pytest.raises(GitHubError):
        await flows.backfill.round()

    assert len(starlight.asked) == TROUBLES


@pytest.mark.usefixtures("one_is_bad")
async def test_a_command_tells_whose_token_is_bad_and_reads_the_others(
    flows: Flows, starlight: ScriptedStars
) -> None:
    report = await flows.backfill.repositories(OPERATOR, ["bad/0", "good/b", "bad/1", "good/c"])

    assert [one.subject.full_name for one in report.done] == ["good/b", "good/c"]
    assert [(one.full_name, one.refusal.message) for one in report.refused] == [
        ("bad/0", str(ENDED)),
        ("bad/1", str(ENDED)),
    ]
    assert starlight.asked == [("bad/0", 1), ("good/b", 1), ("good/c", 1)]


# Without a token


async def test_without_a_token_only_what_was_just_added_is_read_in_the_background(
    flows: Flows,
    starlight: ScriptedStars,
    store: SqliteStore,
    clock: SettableClock,
    three: list[Subject],
) -> None:
    for subject in three:
        starlight.give(subject.full_name, **LONG)
    stars = Stars(starlight, store.stars)
    anonymous = Backfill(stars, flows.portfolio, clock, pace=0, background=False)

    assert await anonymous.round() is False
    assert starlight.asked == []
    anonymous.wake(three[1:2])
    assert await anonymous.round() is False
    assert starlight.asked == [("o/b", 1)]
    await anonymous.repositories(OPERATOR, ["o/b"])
    assert len(starlight.asked) == 4


# Not sampled yet


async def test_what_nobody_sampled_is_refused_in_its_own_words_and_counted_where_all_are_meant(
    flows: Flows, starlight: ScriptedStars, three: list[Subject]
) -> None:
    for subject in three:
        starlight.give(subject.full_name, d10=3)
    await flows.portfolio.adopt(["o/imported", "o/other"], [], 0)

    whole = await flows.backfill.repositories(OPERATOR)
    named = await flows.backfill.repositories(OPERATOR, ["o/imported"])

    assert (len(whole.done), whole.refused, whole.unsampled) == (3, (), 2)
    assert [(one.full_name, one.refusal) for one in named.refused] == [("o/imported", NOT_SAMPLED)]
    assert named.unsampled == 0
