from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.metrics import METRICS
from bot.core.names import parse_repository
from bot.demo.portfolio import DAYS, PLOTS, Repository, history, portfolio
from tests.standins.clock import moment

NOW = moment("2026-07-01T09:30")
TODAY = datetime.fromtimestamp(NOW, UTC).date()


@pytest.fixture(scope="module")
def repositories() -> dict[str, Repository]:
    return {repository.full_name: repository for repository in portfolio(NOW)}


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_the_same_moment_gives_the_same_portfolio() -> None:
    assert portfolio(NOW) == portfolio(NOW)


def test_it_has_twelve_repositories_with_names_and_ids_of_their_own(
    repositories: dict[str, Repository],
) -> None:
    assert len(repositories) == len(PLOTS) == 12
    assert len({repository.github_id for repository in repositories.values()}) == 12
    assert all(parse_repository(name) == name for name in repositories)


def test_every_day_has_every_metric_and_no_count_is_below_zero(
    repositories: dict[str, Repository],
) -> None:
    read = [values for one in repositories.values() for values in one.days.values()]
    read += [one.today for one in repositories.values() if one.today]

    assert all(list(values) == list(METRICS) for values in read)
    assert min(value for values in read for value in values.values()) >= 0


def test_today_is_left_to_the_live_run(repositories: dict[str, Repository]) -> None:
    days = [day for day, _, _ in history(list(repositories.values()))]

    assert min(days) == ago(DAYS)
    assert max(days) == ago(1)
    assert days == sorted(days)


def test_more_happens_on_weekdays(repositories: dict[str, Repository]) -> None:
    days = repositories["brackwater/siltstream"].days
    gains: dict[bool, list[int]] = {True: [], False: []}
    for day in sorted(days)[1:]:
        gain = days[day]["stars"] - days[day - timedelta(days=1)]["stars"]
        gains[day.weekday() < 5].append(gain)

    weekday, weekend = (sum(gains[kind]) / len(gains[kind]) for kind in (True, False))
    assert weekday > 1.3 * weekend > 0


def test_a_launch_brings_a_spike(repositories: dict[str, Repository]) -> None:
    days = repositories["fernhollow/mosskit"].days

    usual = days[ago(6)]["stars"] - days[ago(20)]["stars"]
    launch = days[ago(1)]["stars"] - days[ago(6)]["stars"]
    assert launch > 20 * usual > 0


def test_people_leave_in_a_wave(repositories: dict[str, Repository]) -> None:
    days = repositories["brackwater/heronctl"].days
    stars = [days[ago(number)]["stars"] for number in range(8, 0, -1)]

    assert stars == sorted(stars, reverse=True)
    assert stars[0] - stars[-1] > 200


def test_one_was_not_read_for_some_days_and_one_only_lately(
    repositories: dict[str, Repository],
) -> None:
    gap = repositories["brackwater/tidemark"].days

    assert [number for number in range(1, DAYS + 1) if ago(number) not in gap] == [*range(26, 34)]
    assert min(repositories["fernhollow/sporecast"].days) == ago(11)


def test_one_was_renamed_and_one_vanished(repositories: dict[str, Repository]) -> None:
    renamed, vanished = repositories["fernhollow/lichen-css"], repositories["fernhollow/bramble"]

    assert renamed.known_as == "fernhollow/lichen"
    assert renamed.today is not None
    assert vanished.today is None
    assert max(vanished.days) == ago(3)


def test_one_never_changes(repositories: dict[str, Repository]) -> None:
    quiet = repositories["ida-vance/dotfiles"]

    assert {tuple(values.values()) for values in quiet.days.values()} == {
        tuple((quiet.today or {}).values())
    }
