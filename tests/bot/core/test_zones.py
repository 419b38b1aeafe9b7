"""Zones are found as people write them, and near ones are named."""

import pytest

from bot.core.zones import zone_named, zones, zones_like


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Kathmandu", "Asia/Kathmandu"),
        ("utc", "UTC"),
        ("EST", None),
        ("Etc/GMT+5", None),
        ("Nowhere", None),
        ("", None),
    ],
)
def test_a_zone_is_found_in_any_spelling(typed: str, zone: str | None) -> None:
    assert zone_named(typed) == zone


def test_places_that_begin_with_the_letters_come_first() -> None:
    assert zones_like("ber", 3)[0].partition("/")[2].startswith("Ber")
    assert zones_like("", 25) == list(zones()[:25])
    assert zones_like("Lodnon", 3)[0] == "Europe/London"
    assert zones_like("Europa/Berlin", 3)[0] == "Europe/Berlin"
    assert zones_like("\N{ROCKET}" * 100, 3) == []
