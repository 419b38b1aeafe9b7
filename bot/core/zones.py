"""Time zones as people name them: an IANA zone, or the ones that were probably meant."""

from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

UTC = "UTC"
NO_PLACES = ("Etc/", "SystemV/", "posix/", "right/")
"""Zones with a fixed offset or another's rules: no clock on a wall follows them."""


@cache
def zones() -> tuple[str, ...]:
    """Every zone that is a place, and UTC; abbreviations are none, as EST knows no summer."""
    places = (name for name in available_timezones() if "/" in name)
    return (UTC, *sorted(name for name in places if not name.startswith(NO_PLACES)))


def zone_named(text: str) -> str | None:
    """The zone of that name in any spelling of it: `europe/berlin`, `New York`."""
    wanted = _plain(text)
    exact = [name for name in zones() if _plain(name) == wanted]
    cities = [name for name in zones() if _plain(name).rpartition("/")[2] == wanted]
    found = exact or cities
    return found[0] if len(found) == 1 else None


def zones_like(text: str, most: int) -> list[str]:
    """Zones with the typed letters in their name, places that begin so first; else near ones."""
    typed = _plain(text)
    found = [name for name in zones() if typed in _plain(name)]
    found.sort(key=lambda name: not _plain(name).rpartition("/")[2].startswith(typed))
    return (found or _near(typed, most))[:most]


def _near(typed: str, most: int) -> list[str]:
    names: dict[str, str] = {}
    for name in zones():
        names[_plain(name)] = name
        names.setdefault(_plain(name).rpartition("/")[2], name)
    return list(dict.fromkeys(names[near] for near in get_close_matches(typed, names, most)))


def _plain(text: str) -> str:
    return text.strip().replace(" ", "_").casefold()
