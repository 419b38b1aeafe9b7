"""Owners to follow, as people write them in the settings."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.core.follow import OwnerWish, Terms
from bot.errors import SettingsError
from bot.settings import load

Read = Callable[[str], tuple[OwnerWish, ...]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What `portfolio.owners` becomes, written in config.yaml."""

    def owners(written: str) -> tuple[OwnerWish, ...]:
        (tmp_path / "config.yaml").write_text(f"portfolio:\n  owners: {written}\n")
        return load(environ={}, folder=tmp_path).portfolio.owners

    return owners


def test_an_owner_is_a_target_or_a_mapping(read: Read) -> None:
    written = """
    - acme/*
    - owner: widgets
    - owner: zeta/*
      include: Tools-* site
      exclude: ["*-old", tmp]
      forks: true
      archived: yes
    """

    assert read(written) == (
        OwnerWish("acme"),
        OwnerWish("widgets"),
        OwnerWish("zeta", Terms(("tools-*", "site"), ("*-old", "tmp"), forks=True, archived=True)),
    )
    assert read("[]") == ()


def test_a_variable_has_commas_or_json(tmp_path: Path) -> None:
    def owners(text: str) -> tuple[OwnerWish, ...]:
        return load(environ={"RADAR_PORTFOLIO__OWNERS": text}, folder=tmp_path).portfolio.owners

    assert owners("acme/*, zeta/*") == (OwnerWish("acme"), OwnerWish("zeta"))
    assert owners(json.dumps(["acme/*", {"owner": "zeta", "forks": True}])) == (
        OwnerWish("acme"),
        OwnerWish("zeta", Terms(forks=True)),
    )


@pytest.mark.parametrize(
    ("written", "holds", "fix"),
    [
        ("[acme]", "'acme'", "write an owner as acme/*"),
        ("[acme/site]", "'acme/site'", "write an owner as acme/*"),
        ("[7]", "7", "write acme/*, or a mapping of owner, include, exclude, forks and archived"),
        (
            "[{include: a}]",
            "{'include': 'a'}",
            "write acme/*, or a mapping of owner, include, exclude, forks and archived",
        ),
        ("[{owner: a/b}]", "{'owner': 'a/b'}", "write an owner as acme/*"),
        (
            "[{owner: a, fork: true}]",
            "{'owner': 'a', 'fork': True}",
            (
                "fork is none of its keys: "
                "write acme/*, or a mapping of owner, include, exclude, forks and archived"
            ),
        ),
        (
            "[{owner: a, forks: 1}]",
            "{'owner': 'a', 'forks': 1}",
            "write forks as true or false",
        ),
        (
            "[{owner: a, include: [1]}]",
            "{'owner': 'a', 'include': [1]}",
            "write include as names or patterns, such as tools-*",
        ),
        (
            "[{owner: a, exclude: b/c}]",
            "{'owner': 'a', 'exclude': 'b/c'}",
            (
                'exclude: "b/c" is no pattern: write names without the owner, such as site or'
                " tools-*, several with spaces"
            ),
        ),
    ],
)
def test_a_wrong_one_is_one_sentence_with_key_place_and_fix(
    read: Read, written: str, holds: str, fix: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read(written)

    assert str(refused.value) == f"portfolio.owners in config.yaml holds {holds}: {fix}."


def test_no_list_at_all_is_refused(read: Read) -> None:
    with pytest.raises(SettingsError, match=r"^portfolio\.owners in config\.yaml is 7: write"):
        read("7")
