"""Groups: one spelling for each, and `all` is every one of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.groups import ALL, LONGEST, group_of, only, unknown
from bot.errors import UsageError


@pytest.mark.parametrize("typed", ["docs", " docs ", "DOCS", "\tDocs\n"])
def test_one_group_is_one_group_however_it_is_typed(typed: str) -> None:
    assert group_of(typed) == only(typed) == "docs"


@pytest.mark.parametrize("typed", [None, "all", " ALL "])
def test_all_is_every_group(typed: str | None) -> None:
    assert only(typed) is None


@pytest.mark.parametrize("typed", ["", "  ", "g" * (LONGEST + 1)])
def test_a_name_has_a_length(typed: str) -> None:
    for read in (group_of, only):
        with pytest.raises(UsageError, match="1 to 50 characters"):
            read(typed)


@given(st.text(max_size=80))
def test_a_kept_name_is_read_as_itself(typed: str) -> None:
    try:
        name = group_of(typed)
    except UsageError:
        return
    assert group_of(name) == name == group_of(f" {name} ")
    assert only(name) == (None if name == ALL else name)


def test_who_names_an_unknown_group_is_told_some_that_are_there() -> None:
    few, many = unknown("dosc", ["docs"]), unknown("x" * 50, [f"group {n}" for n in range(25)])

    assert str(few) == 'There is no group "dosc" here: choose from docs.'
    assert str(many).endswith("group 9 and 15 more; /repos and track list tell them all.")
