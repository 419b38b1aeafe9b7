"""Which tokens matter to whom, and the sentence about one that ends."""

import pytest

from bot.core.models import Allowance
from bot.core.tokens import DAY, problem, serving, shown

NOW = 1_795_262_400
KEY = Allowance(name="App's key", trouble="No.", refused=True)
ACME = Allowance(name="token for acme, Globex", owners=("acme", "Globex"))
INITECH = Allowance(name="App's token for initech", owners=("initech",))
OWN = Allowance(name="token")
NOBODY = Allowance(name="without a token", trouble="No GitHub token is set.", configured=False)


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (["acme"], [ACME]),
        (["GLOBEX", "Acme"], [ACME]),
        (["initech", "other"], [INITECH, OWN]),
        (["acme-labs"], [OWN]),
        ([], [OWN]),
    ],
)
def test_an_owner_is_served_by_the_token_that_names_it(
    owners: list[str], expected: list[Allowance]
) -> None:
    assert serving([ACME, INITECH, OWN], owners) == expected


def test_of_two_for_one_owner_the_first_serves() -> None:
    later = Allowance(name="App's token for acme", owners=("acme",))

    assert serving([ACME, later, OWN], ["acme"]) == [ACME]


def test_an_app_in_trouble_concerns_those_that_may_have_been_its_own() -> None:
    assert serving([KEY, ACME, OWN], ["other"]) == [KEY, OWN]
    assert serving([KEY, ACME, OWN], ["acme"]) == [ACME]


def test_who_runs_the_bot_sees_all_tokens_and_a_missing_one_where_it_is_missed() -> None:
    assert shown([ACME, INITECH, OWN], ["acme"]) == [ACME, INITECH, OWN]
    assert shown([ACME, NOBODY], ["acme"]) == [ACME]
    assert shown([ACME, NOBODY], ["acme", "other"]) == [ACME, NOBODY]
    assert shown([NOBODY], []) == [NOBODY]


@pytest.mark.parametrize(
    ("one", "left", "sentence"),
    [
        (OWN, 14 * DAY + 1, None),
        (
            OWN,
            14 * DAY,
            "The GitHub token ends in 14 days: make a new one and set RADAR_GITHUB__TOKEN.",
        ),
        (
            ACME,
            3 * DAY,
            (
                "The GitHub token for acme, Globex ends in 3 days: make a new one and set"
                " github.tokens."
            ),
        ),
    ],
)
def test_a_token_that_ends_soon_is_a_problem(
    one: Allowance, left: int, sentence: str | None
) -> None:
    ending = Allowance(name=one.name, owners=one.owners, token_expires_at=NOW + left)

    assert problem(ending, NOW) == sentence


def test_what_is_wrong_already_goes_before_an_end() -> None:
    refused = Allowance(trouble="Revoked.", refused=True, token_expires_at=NOW + DAY)

    assert problem(refused, NOW) == "Revoked."
    assert problem(OWN, NOW) is None
