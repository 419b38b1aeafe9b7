"""Which change comes first."""

from dataclasses import replace
from itertools import count, pairwise, permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.delta import Delta, Status
from bot.core.metrics import METRICS, OPEN_PRS
from bot.core.models import Subject
from bot.core.rank import ANY, PERCENT, RANKINGS, Movement, lead, ranked
from tests.bot.core.timelines import PATIENT

LEADING = {"stars", "forks", "watchers", "open_issues", "open_prs"}

_ids = count(1)


def moved(
    name: str, id_: int | None = None, *, status: Status = Status.EXACT, before: int = 100,
    **changes: int,
) -> Movement:  # fmt: skip
    """A repository whose metrics changed by so much from `before`."""
    deltas = tuple(
        Delta(key, status, before, before + changes[key], 0, 1) for key in METRICS if key in changes
    )
    return Movement(Subject(id_ or next(_ids), f"acme/{name}"), deltas)


def unknown(name: str, status: Status = Status.NEW) -> Movement:
    delta = Delta("stars", status, None, 500, None, 1)
    return Movement(Subject(next(_ids), f"acme/{name}"), (delta,))


def order(*movements: Movement, by: str = ANY) -> list[str]:
    """Names in rank order, which is the same from whatever order they start."""
    found = {
        tuple(m.subject.full_name.removeprefix("acme/") for m in ranked(shuffled, by))
        for shuffled in permutations(movements)
    }
    assert len(found) == 1
    return list(found.pop())


def test_the_largest_single_gain_comes_first() -> None:
    """Not the largest sum: b gained 14 in all."""
    assert order(moved("a", stars=10), moved("b", stars=7, forks=7)) == ["a", "b"]


@pytest.mark.parametrize("key", sorted(LEADING))
def test_what_people_do_to_a_repository_may_lead(key: str) -> None:
    assert order(moved("a", stars=1, forks=1), moved("b", **{key: 2})) == ["b", "a"]


@pytest.mark.parametrize("key", [key for key in METRICS if key not in LEADING])
def test_what_its_own_people_do_leads_only_when_asked_for(key: str) -> None:
    rows = moved("a", stars=1), moved("b", **{key: 500})

    assert order(*rows) == ["a"]
    assert order(*rows, by=key) == ["b"]
    assert [row.changed() for row in rows] == [True, False]
    assert [row.changed(key) for row in rows] == [True, True]


def test_a_metric_that_may_not_lead_counts_only_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(METRICS, "open_prs", replace(OPEN_PRS, ranks_any=False))
    rows = moved("a", stars=1, open_prs=9), moved("b", stars=2), moved("c", open_prs=10)

    assert order(*rows) == ["b", "a"]
    assert order(*rows, by="open_prs") == ["c", "a"]


def test_of_equal_gains_the_larger_sum_comes_first() -> None:
    assert order(moved("a", stars=10), moved("b", stars=10, forks=1)) == ["b", "a"]


def test_losses_do_not_lessen_the_sum_of_gains() -> None:
    assert order(
        moved("a", stars=10, watchers=1), moved("b", stars=10, forks=2, open_issues=-50)
    ) == ["b", "a"]


def test_of_equal_sums_the_name_decides_whatever_its_case() -> None:
    assert order(moved("b", stars=1), moved("C", stars=1), moved("a", stars=1)) == ["a", "b", "C"]


def test_of_equal_names_the_older_subject_comes_first() -> None:
    old, young = moved("a", 3, stars=1), moved("A", 12, stars=1)

    assert ranked([young, old]) == ranked([old, young]) == [old, young]


def test_only_negative_rows_come_after_all_gains_the_largest_loss_first() -> None:
    rows = moved("a", stars=-3), moved("b", stars=-90), moved("c", stars=1), moved("d", stars=-3)

    assert order(*rows) == ["c", "b", "a", "d"]


def test_of_equal_losses_the_larger_sum_comes_first() -> None:
    assert order(moved("a", stars=-3), moved("b", stars=-3, forks=-1)) == ["b", "a"]


def test_one_gain_makes_a_row_positive_however_large_its_losses() -> None:
    assert order(moved("a", stars=-90, forks=1), moved("b", stars=2)) == ["b", "a"]


def test_unchanged_and_unknown_rows_are_left_out() -> None:
    never = Movement(Subject(next(_ids), "acme/never"), ())
    rows = (moved("a", stars=0, forks=0), unknown("b"), unknown("c", Status.GONE), never)

    assert [order(*rows, by=by) for by in RANKINGS] == [[]] * len(RANKINGS)


def test_an_unknown_change_beside_a_known_one_does_no_harm() -> None:
    half = Movement(Subject(1, "acme/half"), (*unknown("x").deltas, *moved("y", forks=3).deltas))

    assert order(half, moved("a", forks=2)) == ["half", "a"]


@pytest.mark.parametrize("status", [Status.SINCE, Status.APPROX])
def test_since_and_approx_rank_like_exact(status: Status) -> None:
    rows = moved("a", stars=5), moved("b", stars=7, status=status), moved("c", stars=9)

    assert order(*rows) == ["c", "b", "a"]


def test_by_one_metric_no_other_counts() -> None:
    rows = (
        moved("a", stars=90, forks=1),
        moved("b", forks=3),
        moved("c", stars=5),
        moved("d", stars=9, forks=-2),
    )

    assert order(*rows, by="forks") == ["b", "a", "d"]
    assert order(*rows, by="stars") == ["a", "d", "c"]
    assert order(*rows, by="open_prs") == []


def test_by_percent_the_relative_growth_of_stars_counts() -> None:
    rows = (
        moved("a", before=1000, stars=100, forks=900),
        moved("b", before=60, stars=30),
        moved("c", before=200, stars=-100),
        moved("d", before=200, stars=0, forks=5),
        moved("e", before=200, forks=5),
    )

    assert order(*rows, by=PERCENT) == ["b", "a", "c"]


def test_a_gain_of_less_than_a_percent_still_comes_before_a_loss() -> None:
    rows = moved("a", before=1000, stars=-800), moved("b", before=1000, stars=5)

    assert order(*rows, by=PERCENT) == ["b", "a"]


@pytest.mark.parametrize(("before", "rows"), [(50, ["a"]), (49, []), (0, [])])
def test_growth_in_percent_counts_from_50_stars(before: int, rows: list[str]) -> None:
    assert order(moved("a", before=before, stars=50), by=PERCENT) == rows


def test_everything_that_by_takes_is_any_a_metric_or_percent() -> None:
    assert RANKINGS == (
        "any", "stars", "forks", "watchers", "open_issues", "open_prs",
        "releases", "commits", "discussions", "disk_usage", "percent",
    )  # fmt: skip


# -- random portfolios ----------------------------------------------------------------------------

_before = st.one_of(st.none(), st.integers(0, 3), st.integers(48, 52))
_deltas = st.dictionaries(st.sampled_from(list(METRICS)), st.tuples(_before, st.integers(0, 53)))
_names = st.sampled_from(["acme/a", "acme/A", "acme/b"])


@st.composite
def portfolios(draw: st.DrawFn) -> list[Movement]:
    """Small figures and few names, so that ties are common."""
    drawn = draw(st.lists(st.tuples(_names, _deltas), max_size=7))
    return [
        Movement(
            Subject(id_, name),
            tuple(
                Delta(key, Status.NEW if v[0] is None else Status.EXACT, v[0], v[1], 0, 1)
                for key in METRICS
                if (v := values.get(key))
            ),
        )
        for id_, (name, values) in enumerate(drawn)
    ]


def counted(movement: Movement, by: str) -> list[float]:
    """The changes that count, by the words of the design."""
    known = {d.metric: (d.before, d.after) for d in movement.deltas if d.before is not None}
    changes = {key: after - before for key, (before, after) in known.items()}
    if by == PERCENT:
        before, after = known.get("stars", (0, 0))
        return [(after - before) / before * 100] if before >= 50 and after != before else []
    keys = LEADING if by == ANY else {by}
    return [change for key, change in changes.items() if change and key in keys]


@PATIENT
@given(portfolios(), st.sampled_from(RANKINGS), st.randoms(use_true_random=False))
def test_the_order_is_total(movements: list[Movement], by: str, random: Random) -> None:
    shuffled = list(movements)
    random.shuffle(shuffled)

    assert ranked(shuffled, by) == ranked(movements, by)


@PATIENT
@given(portfolios(), st.sampled_from(RANKINGS))
def test_a_row_is_ranked_when_it_changed_and_only_once(movements: list[Movement], by: str) -> None:
    ids = [movement.subject.id for movement in ranked(movements, by)]

    assert sorted(ids) == [m.subject.id for m in movements if counted(m, by)]


@PATIENT
@given(portfolios(), st.sampled_from(RANKINGS))
def test_each_row_has_a_reason_to_stand_before_the_next(movements: list[Movement], by: str) -> None:
    for one, other in pairwise(ranked(movements, by)):
        gains, fewer = ([c for c in counted(m, by) if c > 0] for m in (one, other))
        assert gains or not fewer, "a loss before a gain"
        if gains and not fewer:
            continue
        mine, theirs = (
            [abs(c) for c in g or counted(m, by)] for g, m in ((gains, one), (fewer, other))
        )
        name, later = (m.subject.full_name.lower() for m in (one, other))
        assert (
            max(mine) > max(theirs)
            or (max(mine) == max(theirs) and sum(mine) > sum(theirs))
            or ((max(mine), sum(mine)) == (max(theirs), sum(theirs)) and name < later)
            or (
                (max(mine), sum(mine), name) == (max(theirs), sum(theirs), later)
                and one.subject.id < other.subject.id
            )
        )


@PATIENT
@given(portfolios(), st.sampled_from(RANKINGS))
def test_a_row_is_listed_for_the_change_that_ranks_it(movements: list[Movement], by: str) -> None:
    for movement in ranked(movements, by):
        leader, scores = lead(movement, by), counted(movement, by)
        assert leader is not None
        figure = leader.percent if by == PERCENT else leader.change
        gains = [score for score in scores if score > 0]
        assert figure == (max(gains) if gains else min(scores))
