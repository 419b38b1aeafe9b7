"""The rule of following: what is taken, what is left out, what fits."""

from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.follow import (
    MOST_PATTERNS,
    Follow,
    Holdings,
    Owned,
    Terms,
    parse_owner,
    parse_patterns,
    sift,
)
from bot.core.models import Subject, Visibility, Watch
from bot.errors import InvalidName, UsageError

NAMES = st.text("abAB-_.1", min_size=1, max_size=8)
PATTERNS = st.lists(st.text("ab*?-[]!", min_size=1, max_size=5), max_size=4).map(tuple)
TERMS = st.builds(Terms, PATTERNS, PATTERNS, st.booleans(), st.booleans())


@st.composite
def estates(draw: st.DrawFn) -> list[Owned]:
    names = draw(st.lists(NAMES, max_size=12, unique_by=str.lower))
    return [
        owned(name, number, fork=draw(st.booleans()), archived=draw(st.booleans()))
        for number, name in enumerate(names, start=1)
    ]


def owned(name: str, id_: int = 1, *, fork: bool = False, archived: bool = False) -> Owned:
    full_name, node = f"acme/{name}", f"R_{id_}"
    return Owned(full_name, id_, node, Visibility.PUBLIC, fork=fork, archived=archived)


def names_of(terms: Terms, estate: list[Owned]) -> set[str]:
    return {one.name for one in sift(terms, estate).taken}


@given(TERMS, estates())
def test_each_repository_is_taken_or_left_out_for_one_reason(
    terms: Terms, estate: list[Owned]
) -> None:
    sifted = sift(terms, estate)

    assert len(sifted.taken) + sifted.forks + sifted.archived + sifted.unnamed == len(estate)
    assert set(sifted.taken) <= set(estate)


@given(TERMS, estates())
def test_what_is_taken_is_what_the_shell_would_take(terms: Terms, estate: list[Owned]) -> None:
    expected = {
        one.name
        for one in estate
        if any(fnmatchcase(one.name, pattern) for pattern in terms.include or ("*",))
        and not any(fnmatchcase(one.name, pattern) for pattern in terms.exclude)
        and (terms.forks or not one.fork)
        and (terms.archived or not one.archived)
    }

    assert names_of(terms, estate) == expected


@given(TERMS, estates(), st.text("ab*?", min_size=1, max_size=4))
def test_an_exclusion_never_brings_and_a_permission_never_costs(
    terms: Terms, estate: list[Owned], pattern: str
) -> None:
    now = names_of(terms, estate)

    assert names_of(replace(terms, exclude=(*terms.exclude, pattern)), estate) <= now
    assert names_of(replace(terms, forks=True, archived=True), estate) >= now


@given(TERMS, estates(), st.data())
def test_leaving_one_out_leaves_out_that_one_alone(
    terms: Terms, estate: list[Owned], data: st.DataObject
) -> None:
    if not estate:
        return
    name = data.draw(st.sampled_from(estate)).full_name.partition("/")[2]
    without = terms.without(name)

    assert names_of(without, estate) == names_of(terms, estate) - {name.lower()}
    assert without.without(name.upper()) == without
    if name.lower() not in terms.exclude:
        assert without.with_again(name) == replace(
            terms, exclude=tuple(dict.fromkeys(terms.exclude))
        )


def test_forks_and_archived_ones_are_left_out_unless_they_are_wanted() -> None:
    estate = [owned("a", 1), owned("b", 2, fork=True), owned("c", 3, archived=True)]
    sifted = sift(Terms(), estate)

    assert ([one.name for one in sifted.taken], sifted.forks, sifted.archived) == (["a"], 1, 1)
    assert names_of(Terms(forks=True), estate) == {"a", "b"}
    assert names_of(Terms(archived=True), estate) == {"a", "c"}


def test_a_follow_covers_its_owner_in_any_spelling_and_nobody_else() -> None:
    covers = Follow(1, "all", "Acme", Terms(include=("tools-*",))).covering()

    assert covers("ACME/Tools-One")
    assert not covers("acme/site")
    assert not covers("acme-labs/tools-one")
    assert not covers("acme")


# -- what fits ------------------------------------------------------------------------------------


def watching(*ids: int, group: str = "all") -> list[Watch]:
    return [Watch(Subject(n, f"acme/r{n}", github_id=n), group) for n in ids]


@given(st.sets(st.integers(1, 9)), st.sets(st.integers(1, 9)), st.integers(0, 12))
def test_never_more_than_fits_and_never_what_is_there(
    held: set[int], offered: set[int], most: int
) -> None:
    holdings = Holdings.of(watching(*held), most)
    new, beyond = holdings.take("all", [owned(f"r{n}", n) for n in offered])
    ids = [one.github_id for one in new]

    assert sorted(ids + [one.github_id for one in beyond]) == sorted(offered - held)
    assert len(held) + len(ids) <= max(most, len(held))
    assert not beyond or len(held) + len(ids) >= most, "nothing is left out while there is room"
    assert ids == sorted(ids), "the oldest first"
    assert holdings.take("all", new) == ([], []), "twice is once"


def test_one_that_another_group_watches_needs_no_room() -> None:
    holdings = Holdings.of(watching(1, 2), 2)

    new, beyond = holdings.take("docs", [owned("r1", 1), owned("r3", 3)])

    assert ([one.github_id for one in new], [one.github_id for one in beyond]) == ([1], [3])


def test_one_known_by_its_name_only_is_there_already() -> None:
    """From a file: GitHub was never asked about it."""
    holdings = Holdings.of([Watch(Subject(5, "Acme/Site"), "all")], None)

    assert holdings.take("all", [owned("site", 9)]) == ([], [])


def test_names_that_are_about_to_be_watched_keep_their_room() -> None:
    holdings = Holdings.of([], 2)
    holdings.promise(["acme/a", "ACME/a"])

    new, beyond = holdings.take("all", [owned("b", 1), owned("c", 2)])

    assert ([one.name for one in new], [one.name for one in beyond]) == (["b"], ["c"])


# -- as people write it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["acme/*", " <acme/*> ", "https://github.com/acme/*", "git@github.com:acme/*"]
)
def test_an_owner_is_read_in_any_form(target: str) -> None:
    assert parse_owner(target) == "acme"


@pytest.mark.parametrize("target", ["acme", "/*", "-acme/*", "a/b/*", "*/*", "ac me/*", ""])
def test_what_is_no_owner_is_refused_with_the_form(target: str) -> None:
    with pytest.raises(InvalidName, match=r"is no owner to follow: write it as acme/\*\.$"):
        parse_owner(target)


def test_patterns_are_split_lowered_and_each_there_once() -> None:
    assert parse_patterns(" Tools-*, site\nsite,, x?[ab] ") == ("tools-*", "site", "x?[ab]")
    assert parse_patterns(" , ") == ()


@pytest.mark.parametrize("text", ["acme/tools-*", "a b$", "ü", "x" * 101])
def test_a_wrong_pattern_is_quoted(text: str) -> None:
    with pytest.raises(UsageError, match="is no pattern: write names without the owner"):
        parse_patterns(text)


def test_too_many_patterns_are_refused() -> None:
    with pytest.raises(UsageError, match=f"Write {MOST_PATTERNS} patterns at most"):
        parse_patterns(" ".join(f"a{n}" for n in range(MOST_PATTERNS + 1)))
