"""Commands are registered again only where Discord has others."""

from typing import Any

import pytest

from bot.registration import agree

Command = dict[str, Any]


def ours() -> Command:
    """As discord.py writes it."""
    return {
        "name": "diff",
        "type": 1,
        "description": "Show what changed.",
        "nsfw": False,
        "default_member_permissions": 32,
        "contexts": [0],
        "options": [
            {
                "type": 3, "name": "repo", "description": "Which", "required": True,
                "autocomplete": True, "max_length": 200,
            },
            {
                "type": 3, "name": "by", "description": "How", "required": False,
                "choices": [{"name": "stars", "value": "stars"}, {"name": "any", "value": "any"}],
            },
        ],
    }  # fmt: skip


def theirs() -> Command:
    """The same as Discord gives it back: with its own keys, without false ones, rights as text."""
    repo, by = ours()["options"]
    return {
        **{key: value for key, value in ours().items() if key != "nsfw"},
        "id": "1", "application_id": "2", "version": "3", "name_localizations": None,
        "default_member_permissions": "32", "integration_types": [0], "dm_permission": False,
        "options": [repo, {key: value for key, value in by.items() if key != "required"}],
    }  # fmt: skip


def test_what_discord_has_is_what_was_registered() -> None:
    assert agree([ours()], [theirs()])


def test_nothing_agrees_with_nothing_only() -> None:
    assert agree([], [])
    assert not agree([ours()], [])
    assert not agree([], [theirs()])


def test_the_order_of_commands_is_nobodys_business() -> None:
    other = {"name": "help", "type": 1, "description": "Help."}

    assert agree([ours(), other], [other, theirs()])


def test_the_order_of_options_is_what_people_see() -> None:
    turned = theirs()
    turned["options"] = turned["options"][::-1]

    assert not agree([ours()], [turned])


def test_a_command_and_a_menu_entry_of_one_name_are_two() -> None:
    menu = {"name": "diff", "type": 3, "description": ""}

    assert not agree([ours()], [menu])
    assert agree([ours(), menu], [menu, theirs()])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("description", "Show all."),
        ("default_member_permissions", "8"),
        ("default_member_permissions", None),
        ("contexts", [0, 1]),
        ("nsfw", True),
        ("name", "delta"),
    ],
)
def test_whatever_we_decide_differently_is_registered(key: str, value: object) -> None:
    assert not agree([ours()], [theirs() | {key: value}])


@pytest.mark.parametrize(
    ("key", "value"),
    [("required", False), ("autocomplete", False), ("max_length", 100), ("description", "Who")],
)
def test_an_option_that_differs_is_registered(key: str, value: object) -> None:
    changed = theirs()
    changed["options"] = [changed["options"][0] | {key: value}, changed["options"][1]]

    assert not agree([ours()], [changed])


def test_a_choice_more_is_registered() -> None:
    changed = theirs()
    choices = [*changed["options"][1]["choices"], {"name": "forks", "value": "forks"}]
    changed["options"] = [changed["options"][0], changed["options"][1] | {"choices": choices}]

    assert not agree([ours()], [changed])


def test_an_option_of_a_subcommand_is_compared_too() -> None:
    def track(description: str) -> Command:
        target = {"type": 3, "name": "target", "description": description}
        add = {"type": 1, "name": "add", "description": "Add.", "options": [target]}
        return {"name": "track", "type": 1, "description": "Track.", "options": [add]}

    assert agree([track("What.")], [track("What.")])
    assert not agree([track("What.")], [track("Which.")])
