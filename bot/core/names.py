"""Repositories as people write them: owner/name, a link, a clone address."""

import re
from collections.abc import Sequence

from bot.errors import InvalidName

# Underscores are for managed accounts, which GitHub calls person_company.
_FULL_NAME = re.compile(
    r"(?=[^/]{1,39}/) [A-Za-z0-9]+ (?:[-_][A-Za-z0-9]+)*"
    r" / (?!\.{1,2}\Z) [A-Za-z0-9._-]{1,100}",
    re.VERBOSE,
)
_ON_GITHUB = re.compile(
    r"(?:(?:https?|ssh|git)://)? (?:[^\s/@]+@)? (?:www\.)? github\.com [/:]",
    re.VERBOSE | re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"(?:https?|ssh|git)://[^\s/]+/ | [^\s/@:]+@[^\s/:]+:",
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST_QUOTE = 80


def parse_repository(text: str) -> str:
    """Return owner/name as it was spelled; raises InvalidName."""
    if _FULL_NAME.fullmatch(text) and not text.endswith(".git"):
        return text  # nearly every row of a file: what follows takes four times as long
    address = text.strip().strip("<>").strip()  # <…> keeps Discord from unfolding a link
    full_name = _path_of(address).removesuffix(".git")
    if not _FULL_NAME.fullmatch(full_name):
        raise InvalidName(
            f"{quoted(text)} is not a repository: "
            "write owner/name or https://github.com/owner/name."
        )
    return full_name


def parse_repositories(text: str) -> list[str]:
    """Return each repository once, in the order written; nothing written is an empty list."""
    found: dict[str, str] = {}
    for part in re.split(r"[\s,<>]+", text):
        if part:
            full_name = parse_repository(part)
            found.setdefault(full_name.lower(), full_name)
    return list(found.values())


def quoted(text: str) -> str:
    """Quote foreign text for a sentence: at most 80 characters, all of them visible."""
    short = text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 1]}…"
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in short)
    return f'"{shown}"'


def few(names: Sequence[str], most: int) -> str:
    """`acme/one, acme/two and 1,998 more`: the first ones, and how many there are beside them."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _path_of(address: str) -> str:
    """Return what ought to be owner/name."""
    if link := _ON_GITHUB.match(address):
        path = _without_query(address[link.end() :])
        return "/".join(path.split("/")[:2])  # the rest names a page of the repository
    if link := _ELSEWHERE.match(address):
        # Two parts only: group/sub/project on another forge must not become group/sub.
        return _without_query(address[link.end() :]).removesuffix("/")
    return address


def _without_query(path: str) -> str:
    return re.split(r"[?#]", path, maxsplit=1)[0]
