"""Every watched repository is counted, once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.delta import Delta, Status
from bot.core.digest import NAMED, Counts, Listing, Survey, digest
from bot.core.metrics import METRICS
from bot.core.models import Subject
from bot.core.rank import ANY, Movement, ranked
from bot.core.window import Window
from tests.bot.core.timelines import DAY, NOON, PATIENT

WEEK = Window(NOON, NOON + 7 * DAY, "7d", starts_with_day=False, ends_with_day=False)


def subject(id_: int, *, gone_at: int | None = None) -> Subject:
    return Subject(id_, f"acme/repo-{id_}", gone_at=gone_at)


def delta(metric: str, status: Status, before: int | None, after: int) -> Delta:
    return Delta(metric, status, before, after, None if before is None else NOON, WEEK.end)


def unsampled(metric: str, value: int) -> Delta:
    return Delta(metric, APPROX, value, value, NOON - DAY, NOON - DAY)


def rebuilt(metric: str, before: int, after: int) -> Delta:
    return replace(delta(metric, APPROX, before, after), reconstructed=True)


EXACT, SINCE, APPROX, NEW, GONE = Status
KINDS = {
    "gained": (delta("stars", EXACT, 5, 9), delta("forks", EXACT, 1, 1)),
    "lost": (delta("stars", APPROX, 5, 2),),
    "half new, half changed": (delta("stars", NEW, None, 5), delta("forks", SINCE, 0, 1)),
    "unchanged": (delta("stars", EXACT, 5, 5), delta("forks", EXACT, 0, 0)),
    "half new, half unchanged": (delta("stars", NEW, None, 5), delta("forks", EXACT, 0, 0)),
    "half unsampled, half unchanged": (unsampled("stars", 5), delta("forks", EXACT, 0, 0)),
    "half unsampled, half changed": (unsampled("stars", 5), delta("forks", EXACT, 0, 1)),
    "unsampled": (unsampled("stars", 5), unsampled("forks", 0)),
    "half unsampled, half new": (unsampled("stars", 5), delta("forks", NEW, None, 0)),
    "about unchanged": (delta("stars", APPROX, 5, 5),),
    "new": (delta("stars", NEW, None, 5), delta("forks", NEW, None, 0)),
    "rebuilt, unchanged": (rebuilt("stars", 5, 5), delta("forks", NEW, None, 0)),
    "rebuilt, changed": (rebuilt("stars", 3, 5), delta("forks", NEW, None, 0)),
    "gone": (delta("stars", GONE, None, 5), delta("forks", GONE, None, 0)),
    "never sampled": (),
    "never sampled, gone": (),
}
COUNTED = {
    "gained": "changed",
    "lost": "changed",
    "half new, half changed": "changed",
    "unchanged": "unchanged",
    "half new, half unchanged": "unchanged",
    "half unsampled, half unchanged": "unchanged",
    "half unsampled, half changed": "changed",
    "unsampled": "unsampled",
    "half unsampled, half new": "unsampled",
    "about unchanged": "unchanged",
    "new": "new",
    "rebuilt, unchanged": "new",
    "rebuilt, changed": "changed",
    "gone": "gone",
    "never sampled": "new",
    "never sampled, gone": "gone",
}


def movement(id_: int, kind: str) -> Movement:
    gone_at = WEEK.end - DAY if kind.endswith("gone") else None
    return Movement(subject(id_, gone_at=gone_at), KINDS[kind])


def test_nothing_watched_is_all_zeros() -> None:
    answer = digest([], WEEK)

    assert answer.counts == Counts(0, 0, 0, 0, 0, 0, 0)
    assert (answer.rows, answer.gone, answer.sampled_at) == ((), (), None)


@pytest.mark.parametrize(("kind", "counted"), COUNTED.items())
def test_each_kind_is_counted_as(kind: str, counted: str) -> None:
    nobody = Counts(watched=1, changed=0, unchanged=0, new=0, gone=0, unsampled=0, failed=0)

    assert digest([movement(1, kind)], WEEK).counts == replace(nobody, **{counted: 1})


@pytest.mark.parametrize(
    ("gone_at", "counted"), [(0, "gone"), (WEEK.end, "gone"), (WEEK.end + 1, "new")]
)
def test_one_never_sampled_is_gone_once_it_went_by_the_windows_end(
    gone_at: int, counted: str
) -> None:
    """As for one that was sampled: a window of last month knows nothing of today."""
    went = Movement(subject(1, gone_at=gone_at), ())
    counts = digest([went], WEEK).counts

    assert (counts.new, counts.gone) == ((0, 1) if counted == "gone" else (1, 0))


def test_the_gone_ones_are_named_with_their_last_values() -> None:
    portfolio = [movement(id_, kind) for id_, kind in enumerate(KINDS)]

    assert [m.subject.id for m in digest(portfolio, WEEK).gone] == [13, 15]


def test_a_repository_that_moved_elsewhere_is_changed_though_not_in_the_ranking() -> None:
    answer = digest([movement(1, "gained")], WEEK, listing=Listing("forks"))

    assert answer.rows == ()
    assert answer.counts.changed == 1


def test_it_tells_what_was_asked_and_the_newest_sample() -> None:
    older = Movement(subject(1), (Delta("stars", EXACT, 5, 6, NOON, NOON + DAY),))
    newer = Movement(subject(2), (Delta("stars", NEW, None, 6, None, NOON + 2 * DAY),))
    answer = digest([older, newer], WEEK, listing=Listing("stars"))

    assert (answer.window, answer.by) == (WEEK, "stars")
    assert answer.sampled_at == NOON + 2 * DAY
    assert answer.rows == (older,)


@PATIENT
@given(st.lists(st.sampled_from(list(KINDS))))
def test_the_counts_add_up_to_what_is_watched(kinds: list[str]) -> None:
    portfolio = [movement(id_, kind) for id_, kind in enumerate(kinds)]
    answer = digest(portfolio, WEEK)
    counted = [COUNTED[kind] for kind in kinds]

    assert answer.counts == Counts(
        watched=len(kinds),
        changed=counted.count("changed"),
        unchanged=counted.count("unchanged"),
        new=counted.count("new"),
        gone=counted.count("gone"),
        unsampled=counted.count("unsampled"),
        failed=0,
    )
    assert answer.rows == tuple(ranked(portfolio, ANY))
    assert len(answer.rows) == answer.listed == answer.ranked == answer.counts.changed
    assert len(answer.gone) == min(answer.counts.gone, NAMED)


@PATIENT
@given(st.lists(st.sampled_from(list(KINDS))), st.integers(0, 8), st.integers(0, 3), st.data())
def test_whom_a_survey_has_counted_need_not_be_measured(
    kinds: list[str], minimum: int, most: int, data: st.DataObject
) -> None:
    """It has to bring along the first of its ranking and the first who are gone."""
    portfolio = [movement(id_, kind) for id_, kind in enumerate(kinds)]
    sure = data.draw(st.sets(st.sampled_from(portfolio)) if portfolio else st.just(set()))
    listing = Listing("stars", minimum, most)
    alone = digest([m for m in portfolio if m in sure], WEEK, listing=listing)
    brought = frozenset(m.subject.id for m in (*alone.rows, *alone.leaders, *alone.gone))
    survey = Survey(alone.counts, alone.ranked, alone.listed, alone.sampled_at, brought)
    looked_at = [m for m in portfolio if m not in sure or m.subject.id in brought]

    whole = digest(portfolio, WEEK, listing=listing)

    assert digest(looked_at, WEEK, listing=listing, survey=survey) == whole
    assert whole.rows == digest(portfolio, WEEK, listing=replace(listing, most=None)).rows[:most]


_any_delta = st.builds(
    delta,
    st.sampled_from(list(METRICS)),
    st.sampled_from([EXACT, SINCE, APPROX]),
    st.integers(0, 2),
    st.integers(0, 2),
)
_unsampled_delta = st.builds(unsampled, st.sampled_from(list(METRICS)), st.integers(0, 2))
_new_delta = st.builds(
    delta, st.sampled_from(list(METRICS)), st.just(NEW), st.none(), st.integers(0, 2)
)
_gone_delta = st.builds(
    delta, st.sampled_from(list(METRICS)), st.just(GONE), st.none(), st.integers(0, 2)
)


@PATIENT
@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.lists(_any_delta | _unsampled_delta | _new_delta, max_size=3),
                st.lists(_gone_delta),
            ),
            st.one_of(st.none(), st.integers(0, WEEK.end + DAY)),
        )
    )
)
def test_no_mixture_of_metrics_is_counted_twice_or_not_at_all(
    portfolio: list[tuple[list[Delta], int | None]],
) -> None:
    movements = [
        Movement(subject(id_, gone_at=gone_at), tuple(deltas))
        for id_, (deltas, gone_at) in enumerate(portfolio)
    ]
    counts = digest(movements, WEEK).counts

    assert counts.watched == len(portfolio)
    kinds = (counts.changed, counts.unchanged, counts.new, counts.gone, counts.unsampled)
    assert counts.watched == sum(kinds)
    assert min(kinds) >= 0
    still = sum(bool(d) and all(x.change == 0 for x in d) for d, _ in portfolio)
    assert counts.unchanged >= still
