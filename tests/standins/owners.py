"""Owners in memory for the flows: what the scripted GitHub has, listed by owner."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.core.follow import Estate, Owned
from bot.core.models import Pause
from bot.errors import UnknownOwner
from tests.standins.harvests import ScriptedGitHub


@dataclass(slots=True)
class ScriptedOwners:
    github: ScriptedGitHub
    forks: set[str] = field(default_factory=set)  # full names
    archived: set[str] = field(default_factory=set)
    empty: set[str] = field(default_factory=set)  # owners of nothing
    cut: set[str] = field(default_factory=set)  # owners with more than is read
    raises: dict[str, Exception] = field(default_factory=dict)  # by owner
    asked: Counter[str] = field(default_factory=Counter)

    async def repositories(
        self,
        owner: str,
        *,
        waiting: Callable[[Pause], None] = lambda _: None,  # noqa: ARG002  # it never lets wait
        found: Callable[[int], None] = lambda _: None,
        urgent: bool = False,  # noqa: ARG002  # nothing is slow here
    ) -> Estate:
        self.asked[owner.lower()] += 1
        if trouble := self.raises.get(owner.lower()):
            raise trouble
        mine = [
            Owned(
                one.full_name,
                one.github_id,
                one.node_id,
                one.visibility,
                fork=one.full_name in self.forks,
                archived=one.full_name in self.archived,
            )
            for one in self.github.repositories
            if one.full_name.lower().startswith(f"{owner.lower()}/")
        ]
        if not mine and owner.lower() not in self.empty:
            raise UnknownOwner(f"GitHub knows no user or organisation {owner}.")
        found(len(mine))
        spelled = mine[0].full_name.partition("/")[0] if mine else owner
        return Estate(spelled, tuple(mine), whole=owner.lower() not in self.cut)
