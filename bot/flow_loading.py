"""The flow load after each run: beside it, so that no run waits for it or fails with it."""

import asyncio
from typing import NoReturn

import structlog

from bot.errors import RadarError
from bot.flows.flow_load import FlowLoads

log = structlog.get_logger(__name__)


class FlowLoadTimer:
    """Measures once for each wake; whatever fails is tried again after the next run."""

    def __init__(self, loads: FlowLoads) -> None:
        self._loads = loads
        self._due = asyncio.Event()

    def wake(self) -> None:
        """A run is over."""
        self._due.set()

    async def run(self) -> NoReturn:
        """Measure whenever a run is over, until cancelled."""
        while True:
            await self._due.wait()
            self._due.clear()
            await measured(self._loads)


async def measured(loads: FlowLoads) -> None:
    """Measure now; what fails is logged and never raised."""
    try:
        report = await loads.measure()
    except RadarError as error:
        log.warning("flow load failed", reason=str(error))
        return
    except Exception as error:  # whatever it is, the run before it was good
        log.warning("flow load failed", reason=repr(error), exc_info=error)
        return
    for repository, reason in report.failed.items():
        log.warning("flow load not read", repo=repository, reason=reason)
    for portfolio in report.too_large:
        log.warning("flow load left out: more than flow_load.repositories", portfolio=portfolio)
