"""A GitHub that knows the invented portfolio, answers in pages and needs no network."""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence

from bot.core.models import (
    Allowance,
    Harvest,
    Pause,
    Reading,
    Refusal,
    Refused,
    Visibility,
    Wanted,
)
from bot.demo.portfolio import Repository
from bot.flows.ports import Clock

PAGE = 5
NOT_FOUND = Refusal(Refused.NOT_FOUND, "gone or not visible")


class DemoGitHub:
    def __init__(self, repositories: Sequence[Repository], clock: Clock) -> None:
        self._readings = {
            key: reading
            for repository in repositories
            if (reading := _reading(repository))
            for key in (reading.node_id, repository.known_as, repository.full_name)
        }  # by node id and by every name: GitHub follows old ones
        self._clock = clock

    async def harvest(
        self,
        wanted: Sequence[Wanted],
        *,
        waiting: Callable[[Pause], None] = lambda _: None,  # noqa: ARG002  # it never lets wait
        urgent: bool = False,  # noqa: ARG002  # nothing is slow here
    ) -> AsyncGenerator[Harvest]:
        for begin in range(0, len(wanted), PAGE):
            yield self._page(wanted[begin : begin + PAGE])

    async def allowances(self, owners: Collection[str]) -> list[Allowance]:  # noqa: ARG002
        return [Allowance()]

    async def traffic(self, full_name: str, on: int) -> Refusal:  # noqa: ARG002  # nobody may push
        return NOT_FOUND

    async def page(
        self,
        full_name: str,  # noqa: ARG002  # none has a star history: all its past is in files
        number: int,  # noqa: ARG002
        *,
        waiting: Callable[[Pause], None] = lambda _: None,  # noqa: ARG002
        urgent: bool = False,  # noqa: ARG002
    ) -> Refusal:
        return NOT_FOUND

    def pause(self) -> Pause | None:
        """Nothing: it never lets wait."""

    def _page(self, wanted: Sequence[Wanted]) -> Harvest:
        found = {
            want: reading
            for want in wanted
            if (reading := self._readings.get(want.node_id or want.full_name))
        }
        refused = {want: NOT_FOUND for want in wanted if want not in found}
        return Harvest(self._clock.now(), found, refused, requests=1, points=1)


def _reading(repository: Repository) -> Reading | None:
    if repository.today is None:
        return None
    return Reading(
        repository.full_name,
        repository.github_id,
        f"R_{repository.github_id}",
        Visibility.PUBLIC,
        repository.today,
        archived=repository.archived,
    )
