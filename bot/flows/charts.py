"""The verbs chart and compare: one metric of one to five repositories, to be drawn."""

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from bot.core.chart import (
    MOST_LINES,
    Chart,
    Line,
    Segment,
    Trail,
    begins_late,
    gains,
    rebuilt,
    segments,
)
from bot.core.delta import Delta
from bot.core.digest import Digest, Listing
from bot.core.metrics import METRICS, STARS, Metric
from bot.core.models import Subject
from bot.core.reports import Comparison, Drawn, Report
from bot.core.window import Window, between, parse_window
from bot.errors import UsageError
from bot.flows.deltas import Deltas
from bot.flows.diff import Diff
from bot.flows.portfolio import Portfolio
from bot.flows.ports import Clock, Histories

FEWEST = 2
"""Repositories of a comparison; the most are as many as a chart has lines."""
LEADERS_OVER = 30 * 86_400
"""Seconds at least that the chart of a digest shows: a single day is no line."""


class Charts:
    def __init__(
        self,
        diff: Diff,
        portfolio: Portfolio,
        deltas: Deltas,
        histories: Histories,
        clock: Clock,
    ) -> None:
        self._diff = diff
        self._portfolio = portfolio
        self._deltas = deltas
        self._histories = histories
        self._clock = clock

    async def one(
        self, guild_id: int, repository: str | int, metric: str, window: str, zone: tzinfo
    ) -> Drawn:
        """One metric of a repository; raises what `Diff.report` does, and UsageError."""
        shown = _metric(metric)
        report = await self._diff.report(guild_id, repository, window, zone)
        delta = next((delta for delta in report.deltas if delta.metric == shown.key), None)
        if delta is None:
            raise UsageError(
                f"The {shown.many} of {report.subject.full_name} are unknown in this window:"
                " ask for another metric or a later window."
            )
        return Drawn(report, delta, await self._of([report.subject], shown, report.window))

    async def compare(
        self, guild_id: int, repositories: str, metric: str, window: str, zone: tzinfo
    ) -> Comparison:
        """Two to five; raises InvalidName, InvalidWindow, UnknownRepository or UsageError."""
        shown = _metric(metric)
        asked = parse_window(window, now=self._clock.now(), zone=zone)
        subjects = await self._several(guild_id, repositories)
        movements = await self._deltas.between(subjects, asked)
        chart = await self._of(subjects, shown, asked)
        return Comparison(asked, shown, tuple(movements), chart)

    async def of_report(self, report: Report) -> Chart | None:
        """A diff's stars, or what changed most where they stood still; None: nothing to see."""
        metric = METRICS[_most_changed(report.deltas).metric]
        chart = await self._of([report.subject], metric, report.window)
        return chart if chart.moves_on else None

    async def leaders(self, report: Digest) -> Chart | None:
        """What the first of a digest gained over 30 days or more; None: nothing to see."""
        metric = Listing(report.by).drawn
        end = report.window.end
        window = between(min(report.window.start, end - LEADERS_OVER), end)
        subjects = [movement.subject for movement in report.leaders]
        if not subjects:
            return None
        chart = gains(await self._of(subjects, metric, window, title="The leaders"))
        return chart if chart.moves_on else None

    async def _of(
        self, subjects: Sequence[Subject], metric: Metric, window: Window, title: str = ""
    ) -> Chart:
        trails = await self._histories.trails([one.id for one in subjects], metric.key, window)
        before = await self._before(trails, window) if metric.key == STARS.key else {}
        return Chart(
            title=title or _title(subjects),
            metric=metric,
            lines=tuple(
                _line(one, trails[one.id], window, before.get(one.id, ())) for one in subjects
            ),
            start=window.start,
            end=window.end,
        )

    async def _before(self, trails: Mapping[int, Trail], window: Window) -> dict[int, Segment]:
        """What stars still held tell of the time before the first sample."""
        late = {id_: trail for id_, trail in trails.items() if begins_late(trail, window.start)}
        held = await self._deltas.retained(list(late)) if late else {}
        return {id_: rebuilt(one, late[id_], window.start) for id_, one in held.items()}

    async def _several(self, guild_id: int, repositories: str) -> list[Subject]:
        names = list(dict.fromkeys(repositories.replace(",", " ").split()))
        _check_number(len(names))  # before anything is looked up
        found = [await self._portfolio.find(guild_id, name) for name in names]
        once = list({subject.id: subject for subject in found}.values())
        _check_number(len(once))
        return once


def _check_number(number: int) -> None:
    if not FEWEST <= number <= MOST_LINES:
        raise UsageError(
            f"A comparison has {FEWEST} to {MOST_LINES} repositories, not {number}: name each once"
            " as owner/name, with spaces between them."
        )


def _metric(key: str) -> Metric:
    if key not in METRICS:
        raise UsageError(f"There is no metric {key[:40]!r}: take one of {', '.join(METRICS)}.")
    return METRICS[key]


def _most_changed(deltas: Sequence[Delta]) -> Delta:
    """Stars where they changed or nothing did; `deltas` are never empty in a report."""
    stars = next((delta for delta in deltas if delta.metric == STARS.key), deltas[0])
    if stars.change:
        return stars
    leading = [delta for delta in deltas if METRICS[delta.metric].ranks_any] or deltas
    most = max(leading, key=lambda delta: abs(delta.change or 0))
    return most if most.change else stars


def _title(subjects: Sequence[Subject]) -> str:
    return subjects[0].full_name if len(subjects) == 1 else f"{len(subjects)} repositories"


def _line(subject: Subject, trail: Trail, window: Window, before: Segment) -> Line:
    return Line(subject.full_name, segments(*trail, window.start, window.end), rebuilt=before)
