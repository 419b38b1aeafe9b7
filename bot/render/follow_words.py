"""What is followed and what came of it, in words."""

from collections.abc import Collection, Iterable, Sequence

from bot.core.follow import Follow, Followed
from bot.core.names import few
from bot.render import words

SHOWN = 5
"""Patterns, and names of one line, that are told one by one."""
ROOM = 1500
"""Characters before a list: its rows need the rest of what Discord shows."""
DEFAULT_GROUP = "all"


def following(follow: Follow) -> str:
    """`following acme/*, tools-*, not tools-old, with forks in group docs`."""
    terms = follow.terms
    parts = [
        follow.target,
        *_some(terms.include),
        *([f"not {', '.join(_some(terms.exclude))}"] if terms.exclude else []),
        *(["with forks"] if terms.forks else []),
        *(["with archived ones"] if terms.archived else []),
    ]
    where = "" if follow.group == DEFAULT_GROUP else f" in group {follow.group}"
    return f"following {', '.join(parts)}{where}"


def listed(follows: Sequence[Follow], found: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """A line for each, with what is wrong about it; `found` are groups and names watched there."""
    owners = {(group, name.partition("/")[0].lower()) for group, name in found}
    return brief(
        "; ".join(filter(None, (following(one), one.trouble or _nothing(one, owners))))
        for one in follows
    )


def kept(names: Sequence[str]) -> str:
    """`acme/site stays: it was added by its name`."""
    if len(names) == 1:
        return f"{names[0]} stays: it was added by its name"
    return f"{few(names, SHOWN)} stay: they were added by their names"


def brief(lines: Iterable[str]) -> tuple[str, ...]:
    """As many as fit before a list, and how many there are beside them."""
    every = list(lines)
    shown: list[str] = []
    for line in every:
        if len(line) + sum(map(len, shown)) > ROOM:
            return (*shown, f"… and {len(every) - len(shown):,} more")
        shown.append(line)
    return tuple(shown)


def followed(one: Followed) -> str:
    """`following acme/*: 34 repositories, 12 forks and 3 archived left out`."""
    sifted = one.sifted
    number = words.counted(len(sifted.taken), "repository", "repositories")
    left = [
        words.counted(sifted.forks, "fork") if sifted.forks else "",
        f"{sifted.archived:,} archived" if sifted.archived else "",
        f"{sifted.unnamed:,} by include and exclude" if sifted.unnamed else "",
    ]
    out = _enumerated([part for part in left if part])
    told = f"following {one.follow.target}: {number}" + (f", {out} left out" if out else "")
    return f"{told}; {one.beyond:,} of them do not fit" if one.beyond else told


def _nothing(follow: Follow, owners: Collection[tuple[str, str]]) -> str:
    return "" if (follow.group, follow.owner.lower()) in owners else "nothing found yet"


def _some(patterns: Sequence[str]) -> list[str]:
    more = len(patterns) - SHOWN
    return [*patterns[:SHOWN], *([f"{more:,} more"] if more > 0 else [])]


def _enumerated(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
