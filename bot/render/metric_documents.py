"""The JSON answers about weekly metrics."""

from collections.abc import Mapping

from bot.core.aggregation import Number
from bot.core.weekly import Loaded, Recorded, Stats
from bot.render.documents import Json


def recorded(one: Recorded) -> Json:
    return {"week": one.week.label, "metric": one.name, "data": one.data}


def values(name: str, key: str, known: Mapping[str, Number | None]) -> Json:
    return {"metric": name, "key": key, "values": dict(known)}


def stats(told: Stats) -> Json:
    """Exactly the five keys that others know."""
    return {
        "total_weeks": told["total_weeks"],
        "metrics": told["metrics"],
        "oldest_week": told["oldest_week"],
        "newest_week": told["newest_week"],
        "file_size_kb": told["file_size_kb"],
    }


def loaded(report: Loaded) -> Json:
    return {"weeks": report.weeks, "metrics": report.metrics, "changed": report.changed}
