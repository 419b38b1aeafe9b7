"""A guild's own cards: within Discord's limits, nothing pings, moments on the reader's clock."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from bot.core.card import Card, Row
from bot.core.guild import DigestSettings, Guild
from bot.core.models import Allowance, Pause, Run, RunStatus, Trigger
from bot.core.reports import Underway
from bot.core.schedule import Every, Plan
from bot.core.settled import Checkup, Scheduled, Settled
from bot.render import guild_cards
from bot.render.discord import embed

UTC_ZONE = ZoneInfo("UTC")
DUE = 1_782_820_800
ROLES = {7: "@everyone"}
HOSTILE = "**@here** <@&123456789012345678> [x](https://evil.example)"


def digest(group: str = "all", paused: str | None = None, role: int | None = None) -> Scheduled:
    plan = Plan(545, Every.DAY, "Europe/Berlin")
    settled = DigestSettings(1, group, 99, plan, 0, mention_role_id=role, paused=paused)
    return Scheduled(settled, None if paused else DUE, 3)


def checkup(settled: Settled, problems: tuple[str, ...]) -> Checkup:
    return Checkup(
        version="1.0",
        now=DUE,
        database_bytes=1_234_567,
        watched=3,
        gone=(),
        failing=0,
        last_run=Run("r", Trigger.SCHEDULE, RunStatus.OK, DUE - 60),
        next_run_at=DUE + 60,
        allowances=(Allowance("radar", 5_000, 4_000, DUE + 600, DUE + 86_400),),
        settled=settled,
        problems=problems,
    )


def text_of(card: Card) -> str:
    shown = embed(card)
    assert len(shown) <= 6_000
    assert len(shown.title or "") <= 256
    assert len(shown.description or "") <= 4_096
    return f"{shown.title}\n{shown.description}"


def test_a_row_names_its_channel_and_its_moment() -> None:
    card = Card("x", rows=(Row("Next", "v", note="n", channel_id=5, at=DUE), Row("Since", at=0)))

    assert embed(card).description == (
        f"**Next** · <#5> · v\n\u2003n\n\u2003<t:{DUE}:F> (<t:{DUE}:R>)\n"
        "**Since**\n\u2003<t:0:F> (<t:0:R>)"
    )


def test_the_moment_is_when_it_is_due() -> None:
    text = text_of(guild_cards.scheduled(digest(), {}))

    assert text.startswith("Digest set\n**Digest** · <#99> · 09:05 every day (Europe/Berlin)\n")
    assert f"<t:{DUE}:F> (<t:{DUE}:R>)" in text


def test_a_paused_digest_says_why_and_has_no_moment() -> None:
    text = text_of(guild_cards.settings(Settled(Guild(1), (digest(paused="No channel."),)), {}))

    assert "paused: No channel." in text
    assert "<t:" not in text


@pytest.mark.parametrize("name", [HOSTILE, "g" * 50, "\N{HEBREW LETTER SHIN}" * 50])
def test_names_of_groups_and_roles_ping_nobody_and_fit(name: str) -> None:
    settled = Settled(
        Guild(1, "Asia/Tokyo", 5), tuple(digest(f"{name} {n}", role=7) for n in range(25))
    )
    cards = (
        guild_cards.settings(settled, ROLES),
        guild_cards.zone_set(settled, ROLES),
        guild_cards.scheduled(settled.digests[0], {7: name}, advice=(name,)),
        guild_cards.removed(settled.digests[0].digest),
        guild_cards.checkup(checkup(settled, (name,) * 40), ZoneInfo("Asia/Tokyo"), [name] * 25),
    )

    for card in cards:
        text = text_of(card)
        assert "@here" not in text
        assert "@everyone" not in text
        assert "<@&" not in text
        assert "](https://evil" not in text


def test_the_doctor_tells_facts_and_problems() -> None:
    card = guild_cards.checkup(
        checkup(Settled(Guild(1), (digest(),)), ("A problem.",)), ZoneInfo("UTC"), ["A right."]
    )
    text = text_of(card)

    assert text.startswith("Something needs you\nA problem.\nA right.\n")
    for told in (
        "**Watched here**\n\u20033 repositories, 0 gone, 0 failing",
        f"**Next digest** · <#99>\n\u2003<t:{DUE}:F>",
        f"**Last run** · ok\n\u2003<t:{DUE - 60}:F>",
        f"**GitHub token** · works, ends\n\u2003<t:{DUE + 86_400}:F>",
        "4,000 of 5,000 points left",
        "**Version** · 1.0",
        "**Database** · 1.2 MB",
    ):
        assert told in text


def test_each_token_has_its_rows_and_its_trouble() -> None:
    tokens = (
        Allowance(name="token for acme", owners=("acme",), trouble="Ended.", refused=True),
        Allowance(None, 5000, 40, DUE, name="App's token for globex", trouble="Down."),
        Allowance(None, 60, 7, DUE, name="without a token", trouble="None.", configured=False),
    )
    report = replace(checkup(Settled(Guild(1), ()), ("Ended.",)), allowances=tokens)
    text = text_of(guild_cards.checkup(report, ZoneInfo("UTC"), []))

    for told in (
        "**GitHub token for acme** · refused",
        "**GitHub App's token for globex** · GitHub could not be asked",
        "**GitHub token** · none, or GitHub did not say",
        "40 of 5,000 points left",
        "7 of 60 points left",
    ):
        assert told in text


def test_the_doctor_tells_how_far_a_run_is_and_how_long_a_round_takes() -> None:
    wait = Pause(40, "GitHub's secondary rate limit")
    busy = replace(
        checkup(Settled(Guild(1), ()), ()),
        underway=(Underway(Trigger.SCHEDULE, DUE - 60, 1_200, 10_000, wait),),
        full_round=4 * 3600 + 59,
    )
    text = text_of(guild_cards.checkup(busy, ZoneInfo("UTC"), []))

    assert text.startswith("All is well\n"), "a wait is no problem"
    assert "sampling 1,200 of 10,000, waiting 40 seconds: GitHub's secondary rate limit" in text
    assert "**Full round**\n\u2003of all numbers takes 4 hours" in text


def test_the_welcome_names_two_commands() -> None:
    text = text_of(guild_cards.welcome())

    assert "/track add target:owner/name" in text
    assert "/settings digest channel:#… time:09:00" in text


def test_the_facts_are_told_however_many_problems_there_are() -> None:
    problems = tuple(f"Problem {number}: {'it is long. ' * 12}" for number in range(40))
    settled = Settled(
        Guild(1), tuple(digest(f"{'g' * 48}{n}", paused="x" * 300) for n in range(25))
    )
    text = text_of(guild_cards.checkup(checkup(settled, problems), ZoneInfo("UTC"), ["x" * 3_000]))

    assert "Problem 0: it is long." in text
    told = text.count("Problem ")
    assert 5 < told < 40
    assert f"… and {41 - told} more problems: mend these first." in text
    for fact in ("Watched here", "Last run", "GitHub token", "Rate budget", "Version", "Database"):
        assert f"**{fact}**" in text
    assert "**Next digest of " in text


def test_one_problem_too_long_is_cut_and_one_too_many_is_counted() -> None:
    def told(*problems: str) -> tuple[str, ...]:
        return guild_cards.checkup(checkup(Settled(Guild(1), ()), problems), UTC_ZONE, ()).lines

    assert told("x" * 3_000) == ("x" * 399 + "…",)
    assert told(*["x" * 400] * 4)[-1] == "… and 1 more problem: mend these first."
    assert told("a.", "b.") == ("a.", "b.")
