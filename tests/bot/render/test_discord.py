"""Cards on Discord: pages that fit, buttons within limits, nothing out of data taken as markup."""

import pytest

from bot.core.card import Action, Card, Row
from bot.render.discord import DESCRIPTION, buttons_of, embed, message, paged
from bot.render.picture import Picture

HOSTILE = (
    "@everyone", "<@1>", "<@&2>", "**bold**", "[x](https://evil.example)", "https://evil.example",
    "`code`", "||hidden||", "\u202eright to left", "🦊" * 50, "a\nb", "~~gone~~", "# head",
    "discord.gg/abc", "<#3>", "</diff:4>", "<t:1:R>",
)  # fmt: skip


def rows(number: int, length: int = 20) -> tuple[Row, ...]:
    return tuple(Row(f"o/{index:0{length}}", value="★ 1") for index in range(number))


@pytest.mark.parametrize("length", [5, 140, 1_000])
@pytest.mark.parametrize("number", [0, 1, 15, 16, 500])
def test_pages_hold_every_row_once_and_fit(number: int, length: int) -> None:
    card = Card("List", lines=("A line.",), rows=rows(number, length), footer=("told",))
    _, _, pages = paged(card, 0, 15)

    shown = [paged(card, page, 15)[0] for page in range(pages)]

    assert tuple(row for page in shown for row in page.rows) == card.rows
    assert all(len(page.rows) <= 15 for page in shown)
    left = [number - sum(len(page.rows) for page in shown[: at + 1]) for at in range(pages)]
    assert [page.more for page in shown] == left
    for page in shown:
        text = embed(page).description or ""
        assert len(text) <= DESCRIPTION
        assert all(row.name[-10:] in text for row in page.rows)
    assert all(page.footer[-1] == "told" for page in shown)


def test_a_page_beyond_the_last_is_the_last() -> None:
    card, page, pages = paged(Card("List", rows=rows(30)), 9, 15)

    assert (page, pages) == (1, 2)
    assert card.footer == ("page 2 of 2",)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_no_markup_and_unfolds_nothing(text: str) -> None:
    row = Row(text, value=text, note=text, url="https://github.com/o/n")
    shown = embed(Card(text, lines=(text,), rows=(row,), notes=(text,), footer=(text,)))

    for told in (shown.title or "", (shown.description or "").replace(row.url or "", "")):
        assert "@everyone" not in told
        assert "<" not in told.replace("\\<", "")
        assert "://" not in told
        assert "**bold**" not in told
        assert "[x]" not in told.replace("\\[x]", "")


async def test_buttons_carry_their_wish_and_are_not_remembered() -> None:
    view = buttons_of(
        Card(
            "x",
            actions=(Action("7d", "diff:1:7d", current=True), Action("No", "n", possible=False)),
        )
    )

    assert [child.to_component_dict() for child in view.children] == [
        {"type": 2, "style": 1, "disabled": False, "label": "7d", "custom_id": "ask:diff:1:7d"},
        {"type": 2, "style": 2, "disabled": True, "label": "No", "custom_id": "ask:n"},
    ]
    assert view.is_finished()


def test_a_picture_is_shown_in_its_card() -> None:
    assert message(Card("x"), Picture(b"", "told"))["embed"].image.url == "attachment://chart.png"
    assert message(Card("x"))["embed"].image.url is None
