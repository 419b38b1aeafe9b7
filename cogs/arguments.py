"""What people type into options: suggestions, from the store alone."""

from collections.abc import Iterable

from discord import app_commands

from bot.core.follow import Follow
from bot.core.metrics import METRICS
from bot.core.rank import RANKINGS
from bot.core.window import SUGGESTIONS
from bot.flows.portfolio import Portfolio, reference

MOST = 25
"""Choices that Discord shows at once."""
NAME = 100
"""Characters of a choice."""

Choices = list[app_commands.Choice[str]]


async def watched(portfolio: Portfolio, guild_id: int, typed: str) -> Choices:
    """The guild's own repositories with the typed letters in their name."""
    letters = typed.strip().lower()
    found = [
        subject
        for subject in await portfolio.repositories(guild_id)
        if letters in subject.full_name.lower()
    ]
    found.sort(key=lambda subject: not subject.full_name.lower().startswith(letters))
    return [
        app_commands.Choice(name=subject.full_name[:NAME], value=reference(subject))
        for subject in found[:MOST]
    ]


def followed(follows: Iterable[Follow], typed: str) -> Choices:
    """The guild's owners with the typed letters in their name, as `owner/*`."""
    letters = typed.strip().lower()
    found = dict.fromkeys(follow.target for follow in follows)
    return [
        app_commands.Choice(name=target, value=target)
        for target in found
        if letters in target.lower()
    ][:MOST]


async def watched_last(portfolio: Portfolio, guild_id: int, typed: str) -> Choices:
    """The same for the last of several names; those before it stay as they were typed."""
    names = typed.replace(",", " ")
    before, _, last = names.rpartition(" ")
    given = before.split()
    return [
        app_commands.Choice(name=_shortened(" ".join([*given, one.name])), value=value)
        for one in await watched(portfolio, guild_id, last)
        if one.name not in given and len(value := " ".join([*given, one.value])) <= NAME
    ]


async def groups(portfolio: Portfolio, guild_id: int, typed: str) -> Choices:
    """The names of the guild's groups."""
    names = sorted({group for _, group in await portfolio.groups(guild_id)})
    found = [name for name in names if typed.lower() in name.lower()]
    return [app_commands.Choice(name=name, value=name) for name in found[:MOST]]


def windows(typed: str) -> Choices:
    """Windows to start from; what was typed comes first, as any other form may be meant."""
    forms = dict.fromkeys([*([typed[:NAME]] if typed.strip() else []), *SUGGESTIONS])
    return [app_commands.Choice(name=form, value=form) for form in forms]


def _shortened(text: str) -> str:
    """The end of it: what was typed last."""
    return text if len(text) <= NAME else f"…{text[1 - NAME :]}"


METRIC_CHOICES = [
    app_commands.Choice(name=metric.label, value=metric.key) for metric in METRICS.values()
]
RANKING_CHOICES = [app_commands.Choice(name=by.replace("_", " "), value=by) for by in RANKINGS]
