import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.names import few, parse_repositories, parse_repository, quoted
from bot.errors import InvalidName

OWNERS = st.from_regex(r"[A-Za-z0-9]{1,12}([-_][A-Za-z0-9]{1,8}){0,3}", fullmatch=True)
NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,100}", fullmatch=True).filter(
    lambda name: name not in {".", ".."} and not name.endswith(".git")
)


@pytest.mark.parametrize(
    "written",
    [
        "acme/rocket",
        "acme/rocket.git",
        " \tacme/rocket\n",
        "<https://github.com/acme/rocket>",
        "https://github.com/acme/rocket",
        "http://www.GitHub.com/acme/rocket/",
        "https://github.com/acme/rocket.git",
        "https://github.com/acme/rocket/issues/3?q=is%3Aopen#top",
        "https://github.com/acme/rocket?tab=readme-ov-file",
        "https://github.com/acme/rocket#readme",
        "github.com/acme/rocket",
        "git@github.com:acme/rocket.git",
        "ssh://git@github.com/acme/rocket.git",
    ],
)
def test_a_repository_is_known_by_its_name_or_any_of_its_addresses(written: str) -> None:
    assert parse_repository(written) == "acme/rocket"


@pytest.mark.parametrize(
    "written",
    [
        "https://git.example.org:8443/acme/rocket",
        "https://git.example.org/acme/rocket/?tab=readme",
        "git@git.example.org:acme/rocket.git",
    ],
)
def test_a_company_may_run_github_under_its_own_host(written: str) -> None:
    assert parse_repository(written) == "acme/rocket"


@pytest.mark.parametrize(
    "full_name",
    ["a/b", "monalisa_acme/rocket", "7/.github", "A-b-C/-._", f"{'a' * 39}/{'b' * 100}"],
)
def test_every_name_github_allows_is_kept_as_spelled(full_name: str) -> None:
    assert parse_repository(full_name) == full_name


@pytest.mark.parametrize(
    "written",
    [
        "",
        "rocket",
        "/rocket",
        "acme/",
        "acme/rocket/issues",
        "acme/my rocket",
        "acme/röcket",
        "ácme/rocket",
        "acme/rocket\nacme/site",
        "-acme/rocket",
        "acme-/rocket",
        "ac--me/rocket",
        "ac.me/rocket",
        "acme/.",
        "acme/..",
        "acme/..git",
        "acme/.git",
        f"{'a' * 40}/rocket",
        f"acme/{'b' * 101}",
        "https://github.com/acme",
        "https://github.com//acme/rocket",
        "https://gitlab.example.org/group/sub/project",
    ],
)
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(InvalidName):
        parse_repository(written)


def test_the_refusal_quotes_what_was_typed_and_shows_the_right_form() -> None:
    with pytest.raises(InvalidName) as refusal:
        parse_repository("my rocket")

    assert str(refusal.value) == (
        '"my rocket" is not a repository: write owner/name or https://github.com/owner/name.'
    )


def test_a_quotation_is_short_and_visible() -> None:
    assert quoted("x" * 80) == f'"{"x" * 80}"'
    assert quoted("x" * 81) == f'"{"x" * 79}…"'
    assert quoted("a\x1b[2J\n\u202eb\ud800") == '"a�[2J��b�"'


@given(OWNERS, NAMES)
def test_a_name_survives_the_way_through_its_addresses(owner: str, name: str) -> None:
    full_name = f"{owner}/{name}"

    assert parse_repository(f"https://github.com/{full_name}") == full_name
    assert parse_repository(f"git@github.com:{full_name}.git") == full_name
    assert parse_repository(full_name) == full_name


@given(st.text())
def test_whatever_is_typed_is_a_name_or_a_refusal(text: str) -> None:
    try:
        full_name = parse_repository(text)
    except InvalidName:
        return
    assert parse_repository(full_name) == full_name


def test_several_come_once_each_in_the_order_written() -> None:
    text = "acme/site, https://github.com/Acme/Rocket\n<acme/rocket>,,acme/site"

    assert parse_repositories(text) == ["acme/site", "Acme/Rocket"]


def test_nothing_written_is_no_repository() -> None:
    assert parse_repositories(" , \n") == []


def test_one_bad_name_among_several_is_the_one_that_is_quoted() -> None:
    with pytest.raises(InvalidName, match='"nonsense"'):
        parse_repositories("acme/rocket nonsense acme/site")


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, ""),
        (1, "o/0"),
        (2, "o/0, o/1"),
        (3, "o/0, o/1 and 1 more"),
        (1_002, "o/0, o/1 and 1,000 more"),
    ],
)
def test_of_many_names_a_few_are_told(number: int, told: str) -> None:
    assert few([f"o/{n}" for n in range(number)], 2) == told
