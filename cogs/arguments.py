"""What people type into options: suggestions, from the store alone."""

from collections.abc import Iterable, Sequence

from discord import app_commands

from bot.core.follow import Follow
from bot.core.metrics import METRICS
from bot.core.models import Subject
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
    found = _like(await portfolio.repositories(guild_id), typed)
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
    """The same for the last of several names.

    A choice's value has references, which are short; its name is what stands in the box when one
    types on, so it can be read back: where the names are too long it begins with references, too.
    """
    own = await portfolio.repositories(guild_id)
    known = {
        name.lower(): reference(one) for one in own for name in (one.full_name, reference(one))
    }
    before, _, last = typed.replace(",", " ").rpartition(" ")
    names = before.split()
    references = [known.get(name.lower(), name) for name in names]
    return [
        app_commands.Choice(name=_fitting([*names, one.full_name], values), value=value)
        for one in _like(own, last)
        if reference(one) not in references
        and len(value := " ".join(values := [*references, reference(one)])) <= NAME
    ][:MOST]


async def groups(portfolio: Portfolio, guild_id: int, typed: str) -> Choices:
    """The names of the guild's groups."""
    names = await portfolio.group_names(guild_id)
    found = [name for name in names if typed.lower() in name]
    return [app_commands.Choice(name=name, value=name) for name in found[:MOST]]


def windows(typed: str) -> Choices:
    """Windows to start from; what was typed comes first, as any other form may be meant."""
    forms = dict.fromkeys([*([typed[:NAME]] if typed.strip() else []), *SUGGESTIONS])
    return [app_commands.Choice(name=form, value=form) for form in forms]


def _like(subjects: Sequence[Subject], typed: str) -> list[Subject]:
    """Those with the typed letters in their name, first those that begin with them."""
    letters = typed.strip().lower()
    found = [subject for subject in subjects if letters in subject.full_name.lower()]
    return sorted(found, key=lambda subject: not subject.full_name.lower().startswith(letters))


def _fitting(names: list[str], references: list[str]) -> str:
    """As many names as there is room for; the last one is the one that matters."""
    mixed = (" ".join([*references[:n], *names[n:]]) for n in range(len(names) + 1))
    return next(text for text in mixed if len(text) <= NAME)


METRIC_CHOICES = [
    app_commands.Choice(name=metric.label, value=metric.key) for metric in METRICS.values()
]
RANKING_CHOICES = [app_commands.Choice(name=by.replace("_", " "), value=by) for by in RANKINGS]
