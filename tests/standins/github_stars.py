"""The star history of the GitHub stand-in: stars still held, by week and day, in pages.

A repository has none (404) until it is given one: most tests want the past to be unknown.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from tests.standins.github import GitHubStandIn

DAY, WEEK = 86_400, 604_800
SUNDAY = 3 * DAY  # the first of all UTC Sundays was 4 January 1970
PER_PAGE, PAGES = 30, 100


class StarHistories:
    def __init__(self, github: "GitHubStandIn", app: web.Application) -> None:
        self.given: dict[str, dict[int, int]] = {}  # name -> day since 1970 -> stars
        self.asked: list[tuple[str, int]] = []  # name, page
        self.answers: list[web.Response] = []  # instead of the next pages
        self._github = github
        app.router.add_get("/repos/{owner}/{name}/stargazers/history", self._serve)

    def give(self, full_name: str, now: int, ago: Mapping[int, int]) -> None:
        """So many stars so many days ago."""
        self.given[full_name.lower()] = {now // DAY - days: stars for days, stars in ago.items()}

    async def _serve(self, request: web.Request) -> web.Response:
        asked = f"{request.match_info['owner']}/{request.match_info['name']}"
        page, per_page = (int(request.query.get(key, "1")) for key in ("page", "per_page"))
        self.asked.append((asked, page))
        if request.headers.get("Authorization") != f"Bearer {self._github.token}":
            return web.json_response({"message": "Bad credentials"}, status=401)
        if self.answers:
            return self.answers.pop(0)
        repo = self._github.world.names.get(asked.lower())
        if repo is None or repo.deleted or repo.full_name.lower() not in self.given:
            return web.json_response({"message": "Not Found"}, status=404)
        if repo.full_name.lower() != asked.lower():
            moved = f"/repos/{repo.full_name}/stargazers/history?{request.query_string}"
            return web.Response(status=301, headers={"Location": moved})
        if page > PAGES or per_page > PER_PAGE:
            return web.json_response({"message": "Validation Failed"}, status=422)
        return self._page(request, self.given[repo.full_name.lower()], page, per_page)

    def _page(
        self, request: web.Request, given: Mapping[int, int], page: int, per_page: int
    ) -> web.Response:
        """Without a gap from this week to that of the first star."""
        newest, oldest = (_week(day) for day in (max(given), min(given)))
        weeks = range(newest, oldest - 1, -WEEK)
        shown = weeks[(page - 1) * per_page : page * per_page]
        more = page * per_page < len(weeks)
        following = request.url.update_query(page=page + 1)
        headers = {"Link": f'<{following}>; rel="next"'} if more else {}
        return web.json_response([_item(week, given) for week in shown], headers=headers)


def _week(day: int) -> int:
    return (day * DAY - SUNDAY) // WEEK * WEEK + SUNDAY


def _item(week: int, given: Mapping[int, int]) -> dict[str, object]:
    days = [given.get(week // DAY + number, 0) for number in range(7)]
    return {"week": week, "total": sum(days), "days": days}
