"""What people read about owners that are followed: clear, right plurals, within every limit."""

from datetime import UTC

import pytest

from bot.core.follow import Follow, Followed, Owned, Sifted, Terms
from bot.core.models import Subject, Visibility
from bot.core.rank import Movement
from bot.core.reports import Listed, Progress, Tracked, Untracked
from bot.render import documents, follow_words, portfolio_cards
from bot.render.discord import DESCRIPTION, embed, paged

NOW = 1_795_262_400
ACME = Follow(1, "all", "acme")
FULL = Terms(("tools-*", "x"), ("tools-old",), forks=True, archived=True)
SITE = Subject(7, "acme/site")


def taken(number: int) -> tuple[Owned, ...]:
    return tuple(Owned(f"acme/r{n}", n, f"R_{n}", Visibility.PUBLIC) for n in range(1, number + 1))


@pytest.mark.parametrize(
    ("follow", "said"),
    [
        (ACME, "following acme/*"),
        (
            Follow(1, "docs", "acme", FULL),
            (
                "following acme/*, tools-*, x, not tools-old, with forks, with archived ones"
                " in group docs"
            ),
        ),
        (
            Follow(1, "all", "acme", Terms(exclude=tuple("abcdefgh"))),
            "following acme/*, not a, b, c, d, e, 3 more",
        ),
    ],
)
def test_a_follow_is_told_with_its_terms(follow: Follow, said: str) -> None:
    assert follow_words.following(follow) == said


@pytest.mark.parametrize(
    ("sifted", "beyond", "said"),
    [
        (Sifted(taken(34), 12, 3), 0, "34 repositories, 12 forks and 3 archived left out"),
        (Sifted(taken(1), 1), 0, "1 repository, 1 fork left out"),
        (
            Sifted(taken(2), 1, 2, 3),
            0,
            "2 repositories, 1 fork, 2 archived and 3 by include and exclude left out",
        ),
        (Sifted(()), 0, "0 repositories"),
        (Sifted(taken(9)), 4, "9 repositories; 4 of them do not fit"),
    ],
)
def test_what_came_of_it_is_told_with_what_is_left_out(
    sifted: Sifted, beyond: int, said: str
) -> None:
    assert follow_words.followed(Followed(ACME, sifted, beyond)) == f"following acme/*: {said}"


def test_the_answer_to_an_owner_of_thousands_fits() -> None:
    movements = tuple(Movement(Subject(n, f"acme/{'r' * 90}{n}"), ()) for n in range(2_000))
    followed = Followed(ACME, Sifted(taken(2_000), 3), 0)
    card = portfolio_cards.tracked(Tracked("all", movements, (), (), (followed,)))

    shown = embed(card)

    assert card.title == "Now watching 2,000 repositories"
    assert card.lines == ("following acme/*: 2,000 repositories, 3 forks left out",)
    assert len(shown.description or "") <= DESCRIPTION
    assert "more" in (shown.description or "")


def test_an_owner_of_nothing_is_followed_all_the_same() -> None:
    card = portfolio_cards.tracked(Tracked("all", (), (), (), (Followed(ACME, Sifted(())),)))

    assert (card.title, card.lines) == ("Following acme/*", ("following acme/*: 0 repositories",))


def test_what_stands_against_it_is_told_with_the_way_out() -> None:
    follow = Follow(1, "all", "acme", trouble="Not all of acme/* fits.")
    tracked = Tracked("all", (), (), (), (Followed(follow, Sifted(taken(3)), 3),))

    assert portfolio_cards.tracked(tracked).notes == ("Not all of acme/* fits.",)


def test_the_list_begins_with_what_is_followed() -> None:
    listed = [Listed(Movement(SITE, ()), "all", NOW, NOW)]
    follows = [ACME, Follow(1, "docs", "zeta", trouble="GitHub knows no zeta.")]

    card = portfolio_cards.repositories(listed, UTC, NOW, follows)

    assert card.lines == (
        "following acme/*",
        "following zeta/* in group docs; GitHub knows no zeta.",
    )


def test_a_follow_that_has_brought_nothing_says_so_in_its_group() -> None:
    here = [Listed(Movement(SITE, ()), "docs", NOW, NOW)]
    follows = [ACME, Follow(1, "docs", "Acme"), Follow(1, "docs", "zeta", Terms(("a*",)))]
    said = portfolio_cards.repositories(here, UTC, NOW, follows).lines
    bare = portfolio_cards.repositories([], UTC, NOW, [ACME])

    assert said == (
        "following acme/*; nothing found yet",
        "following Acme/* in group docs",
        "following zeta/*, a* in group docs; nothing found yet",
    )
    assert (bare.title, bare.lines) == ("Nothing is watched here yet", said[:1])


def test_any_number_of_follows_leaves_room_for_the_list() -> None:
    terms = Terms(tuple(f"{'x' * 99}{n}" for n in range(9)))
    follows = [Follow(1, "all", f"owner-{n}", terms) for n in range(50)]
    listed = [Listed(Movement(Subject(n, f"acme/r{n}"), ()), "all", NOW, NOW) for n in range(40)]

    card, _, pages = paged(portfolio_cards.repositories(listed, UTC, NOW, follows), 0, 15)

    assert card.lines[-1] == "… and 48 more"
    assert pages == 3
    assert len(embed(card).description or "") <= DESCRIPTION


def test_the_end_of_a_follow_is_told() -> None:
    ended = portfolio_cards.untracked(Untracked((SITE,), (), unfollowed=(ACME,)))
    bare = portfolio_cards.untracked(Untracked((), (), unfollowed=(ACME,)))
    single = portfolio_cards.untracked(Untracked((SITE,), (), leaving_out=(ACME,)))

    assert (ended.title, ended.lines) == (
        "Stopped watching 1 repository",
        ("no longer following acme/*",),
    )
    assert bare.title == "Stopped following acme/*"
    assert single.notes == ("acme/* is followed on, without what was removed",)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "acme/r0 stays: it was added by its name"),
        (2, "acme/r0, acme/r1 stay: they were added by their names"),
        (
            1_205,
            (
                "acme/r0, acme/r1, acme/r2, acme/r3, acme/r4 and 1,200 more stay: they were added"
                " by their names"
            ),
        ),
    ],
)
def test_what_stays_when_a_follow_ends_is_told(number: int, said: str) -> None:
    stay = tuple(Subject(n, f"acme/r{n}") for n in range(number))
    report = Untracked((SITE,), (), unfollowed=(ACME,), kept=stay)
    card, document = portfolio_cards.untracked(report), documents.untracked(report)

    assert card.lines == ("no longer following acme/*", said)
    assert isinstance(document, dict)
    assert document["kept"] == [subject.full_name for subject in stay]


def test_an_owner_that_is_not_followed_is_told_in_other_words_than_a_repository() -> None:
    card = portfolio_cards.untracked(Untracked((), ("acme/*", "acme/site")))

    assert [row.note for row in card.rows] == ["not followed here", "not watched here"]


def test_while_nobody_knows_how_many_what_was_found_is_told() -> None:
    assert portfolio_cards.progress(Progress(1, None), "Looking").lines == ("1 repository found",)
    assert portfolio_cards.progress(Progress(1, 5)).lines == ("1 of 5 repositories read",)


def test_the_documents_have_the_terms_and_the_counts() -> None:
    follow = Follow(1, "docs", "acme", FULL, "Why.")
    told = {
        "owner": "acme",
        "group": "docs",
        "include": ["tools-*", "x"],
        "exclude": ["tools-old"],
        "forks": True,
        "archived": True,
        "trouble": "Why.",
    }
    followed = Followed(follow, Sifted(taken(3), 1, 2, 4), 1)
    tracked = documents.tracked(Tracked("docs", (), (), (), (followed,)))

    assert documents.repositories([], [follow]) == {"repos": [], "follows": [told]}
    assert isinstance(tracked, dict)
    assert tracked["followed"] == [
        {
            **told,
            "repositories": 3,
            "left_out": {"forks": 1, "archived": 2, "patterns": 4, "beyond": 1},
        }
    ]
