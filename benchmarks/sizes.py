"""How many bytes a repository and day take, the whole file counted."""

from collections.abc import Mapping

from benchmarks.figures import Figure
from benchmarks.neighbours import Told
from benchmarks.portfolios import Watched, of_usual
from benchmarks.timing import spread


def measure_bytes(watched: Watched, peers: Mapping[str, Told]) -> Figure:
    days = watched.past.days
    ours = watched.database.stat().st_size / watched.size / days
    return Figure(
        "bytes", f"store, a repository-day of {days}", watched.size, "B", spread([ours]),
        of_usual(watched.size, 11),
        peers=[told.peer(name, "bytes") for name, told in peers.items()],
    )  # fmt: skip
