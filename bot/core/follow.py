"""Following an owner: which of what it owns a guild watches, and how much of that fits."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate
from typing import Self

from bot.core.models import Visibility, Watch
from bot.core.names import few, parse_repository, quoted
from bot.errors import InvalidName, UsageError

EVERYTHING = "/*"
"""How a target ends that means all of an owner's repositories."""
MOST_PATTERNS = 50
NAMED = 5
"""Owners that are named of whom nothing was found."""
_PATTERN = re.compile(r"[a-z0-9._*?\[\]!-]{1,100}")
_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Owned:
    """A repository as its owner's list shows it."""

    full_name: str
    github_id: int
    node_id: str
    visibility: Visibility
    fork: bool = False
    archived: bool = False

    @property
    def name(self) -> str:
        """Without the owner, in lower case: what patterns speak of."""
        return self.full_name.partition("/")[2].lower()


@dataclass(frozen=True, slots=True)
class Estate:
    """All that a user or an organisation owns."""

    owner: str  # as GitHub spells it
    repositories: tuple[Owned, ...]
    whole: bool = True  # False: there is more than was read


@dataclass(frozen=True, slots=True)
class Terms:
    """Which of an owner's repositories are meant; patterns are shell-style and in lower case."""

    include: tuple[str, ...] = ()  # none: every name
    exclude: tuple[str, ...] = ()
    forks: bool = False
    archived: bool = False

    def names(self) -> Callable[[str], bool]:
        """Whether a repository's name, in lower case, is meant."""
        included, excluded = _any_of(self.include or ("*",)), _any_of(self.exclude)
        return lambda name: included(name) and not excluded(name)

    @property
    def plainly_excluded(self) -> tuple[str, ...]:
        """Names left out one by one."""
        return tuple(one for one in self.exclude if not _WILD.search(one))

    def without(self, name: str) -> Self:
        """The same, with this repository left out."""
        return replace(self, exclude=tuple(dict.fromkeys((*self.exclude, name.lower()))))

    def with_again(self, name: str) -> Self:
        """The same, with this repository no longer left out by its very name."""
        return replace(self, exclude=tuple(one for one in self.exclude if one != name.lower()))


USUAL = Terms()


@dataclass(frozen=True, slots=True)
class OwnerWish:
    """An owner to follow, before GitHub was asked about it."""

    owner: str
    terms: Terms = USUAL


@dataclass(frozen=True, slots=True)
class Follow:
    """A guild follows an owner in a group: what it owns is watched there, new ones too."""

    guild_id: int
    group: str
    owner: str
    terms: Terms = USUAL
    trouble: str | None = None  # why it is not all watched, a sentence; None: it is

    @property
    def target(self) -> str:
        """As people write it."""
        return f"{self.owner}{EVERYTHING}"

    def owns(self, full_name: str) -> bool:
        """Is it the owner's, whether or not the terms mean it?"""
        return full_name.lower().startswith(f"{self.owner.lower()}/")

    def covering(self) -> Callable[[str], bool]:
        """Whether a repository of this full name is meant, as far as a name can tell."""
        meant = self.terms.names()
        return lambda name: self.owns(name) and meant(name.lower()[len(self.owner) + 1 :])


@dataclass(frozen=True, slots=True)
class Sifted:
    """What a follow takes, and how many it leaves out for which reason; each counts once."""

    taken: tuple[Owned, ...]
    forks: int = 0
    archived: int = 0
    unnamed: int = 0  # by the patterns


@dataclass(frozen=True, slots=True)
class Followed:
    """What came of following an owner."""

    follow: Follow
    sifted: Sifted
    beyond: int = 0  # taken, but more than the guild may watch


@dataclass(slots=True)
class Holdings:
    """What a guild watches already, each by GitHub's id or else by its name, and room for more."""

    room: int | None  # None: no limit
    groups: dict[str, set[int | str]] = field(default_factory=dict)
    most: int | None = None  # that it may watch; None: no limit

    @classmethod
    def of(cls, watches: Iterable[Watch], most: int | None) -> Self:
        groups: dict[str, set[int | str]] = {}
        for watch in watches:
            key = watch.subject.github_id or watch.subject.full_name.lower()
            groups.setdefault(watch.group, set()).add(key)
        held = len(set[int | str]().union(*groups.values()))
        return cls(None if most is None else max(0, most - held), groups, most)

    def promise(self, names: Iterable[str]) -> None:
        """Keep room for these, which are about to be watched."""
        for name in {name.lower() for name in names}:
            self._hold("", name)

    def take(self, group: str, owned: Sequence[Owned]) -> tuple[list[Owned], list[Owned]]:
        """Those new to the group, the oldest first; then those for which there is no room."""
        new, beyond = [], []
        for one in sorted(owned, key=lambda one: one.github_id):
            if self._has(group, one):
                continue
            if self.room == 0 and not any(self._has(other, one) for other in self.groups):
                beyond.append(one)
                continue
            new.append(one)
            self._hold(group, one.github_id, known=any(self._has(g, one) for g in self.groups))
        return new, beyond

    def _has(self, group: str, one: Owned) -> bool:
        held = self.groups.get(group, set())
        return one.github_id in held or one.full_name.lower() in held

    def _hold(self, group: str, key: int | str, *, known: bool = False) -> None:
        self.groups.setdefault(group, set()).add(key)
        if self.room and not known:
            self.room -= 1


def sift(terms: Terms, repositories: Iterable[Owned]) -> Sifted:
    """Decide on each: the patterns first, then whether it is a fork, then whether archived."""
    meant = terms.names()
    taken: list[Owned] = []
    forks = archived = unnamed = 0
    for one in repositories:
        if not meant(one.name):
            unnamed += 1
        elif one.fork and not terms.forks:
            forks += 1
        elif one.archived and not terms.archived:
            archived += 1
        else:
            taken.append(one)
    return Sifted(tuple(taken), forks, archived, unnamed)


def nothing_found(follows: Sequence[Follow]) -> str:
    """What somebody is told who asks for numbers where nothing is watched."""
    if not follows:
        return "Nothing is watched here yet: start with track add owner/name."
    owners = list(dict.fromkeys(one.target for one in follows))
    told = f"Nothing was found yet of {few(owners, NAMED)}"
    if len(owners) == 1 and follows[0].trouble is not None:
        return f"{told}: {follows[0].trouble}"
    followed = "which is followed" if len(owners) == 1 else "which are followed"
    return f"{told}, {followed} here: what comes is watched by itself, or use track add owner/name."


def parse_owner(target: str) -> str:
    """The owner of `acme/*`, however it is linked; raises InvalidName."""
    address = target.strip().strip("<>").strip()
    if address.endswith(EVERYTHING):
        try:
            return parse_repository(address.removesuffix("*") + "any").partition("/")[0]
        except InvalidName:
            pass  # the sentence below says it better
    raise InvalidName(f"{quoted(target)} is no owner to follow: write it as acme/*.")


def parse_patterns(text: str) -> tuple[str, ...]:
    """Shell-style patterns, with spaces or commas between them; raises UsageError."""
    patterns = tuple(dict.fromkeys(re.split(r"[\s,]+", text.lower().strip(" ,\t\n"))))
    if patterns == ("",):
        return ()
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise UsageError(
                f"{quoted(pattern)} is no pattern: write names without the owner, such as site or"
                " tools-*, several with spaces."
            )
    if len(patterns) > MOST_PATTERNS:
        raise UsageError(f"Write {MOST_PATTERNS} patterns at most: one with * stands for many.")
    return patterns


def parse_terms(include: str, exclude: str, *, forks: bool, archived: bool) -> Terms:
    """As people write them; raises UsageError."""
    return Terms(parse_patterns(include), parse_patterns(exclude), forks, archived)


def _any_of(patterns: Iterable[str]) -> Callable[[str], bool]:
    """One look-up for all plain names: a follow may leave out hundreds."""
    plain = {pattern for pattern in patterns if not _WILD.search(pattern)}
    wild = [re.compile(translate(one)) for one in patterns if one not in plain]
    return lambda name: name in plain or any(one.match(name) for one in wild)
