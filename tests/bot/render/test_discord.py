"""Cards on Discord: pages that fit, buttons within limits, nothing out of data taken as markup."""

import re

import pytest

from bot.core.card import Action, Card, Row
from bot.render.discord import (
    CONTENT,
    DESCRIPTION,
    FOOTER,
    TITLE,
    buttons_of,
    embed,
    escaped,
    message,
    paged,
    sentence,
)
from bot.render.picture import Picture

WHOLE = 6_000
SNOWFLAKE = 1_175_928_847_299_117_063
HEBREW = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}"
HOSTILE = (
    "@everyone", "<@1>", "<@&2>", "**bold**", "[x](https://evil.example)", "https://evil.example",
    "`code`", "||hidden||", "\u202eright to left", "🦊" * 50, "a\nb", "~~gone~~", "# head",
    "discord.gg/abc", "<#3>", "</diff:4>", "<t:1:R>",
)  # fmt: skip


PLAIN = ("🦊" * 50, "a\nb", "discord.gg/abc")
"""Unfolds in no embed, or means nothing."""


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


@pytest.mark.parametrize("page", range(5))
def test_a_page_is_the_same_where_the_rows_after_it_are_only_counted(page: int) -> None:
    whole, told = Card("List", rows=rows(47)), (page + 1) * 10
    begun = Card("List", rows=whole.rows[:told], more=max(47 - told, 0))

    assert paged(begun, page, 10) == paged(whole, page, 10)


MARKUP = re.compile(
    r"@everyone|@here|<[@#/t:]|://|`|\|\||~~|\*\*|\[[^\[\]]*\]\(|\u202e|^\s*(#{1,3} |- |> )",
    re.MULTILINE,
)
"""What Discord takes for more than text, wherever it stands without a backslash."""


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_outside_is_no_markup_and_unfolds_nothing(text: str) -> None:
    row = Row(text, text, text, note=text, url="https://github.com/o/n")
    card = Card(text, lines=(text,), rows=(row,), notes=(text,), footer=(text,))
    shown = embed(card)
    description = shown.description or ""
    own_link = f"[{escaped(text)}](https://github.com/o/n)"

    assert description.count(escaped(text)) == 6, "all of it is told"
    assert description.count(own_link) == 1
    assert shown.title == escaped(text)
    assert shown.footer.text == text, "a footer has no markup"
    for told in (shown.title, description.replace(own_link, "")):
        bare = re.sub(r"\\.", "", told)
        assert MARKUP.findall(bare) == []


@pytest.mark.parametrize("text", [text for text in HOSTILE if text not in PLAIN])
def test_that_text_would_be_markup_as_it_stands(text: str) -> None:
    assert MARKUP.search(text)


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


def measured(card: Card) -> str:
    """The description of a card whose every part is within Discord's limits."""
    shown = embed(card)
    assert len(shown.title or "") <= TITLE
    assert len(shown.description or "") <= DESCRIPTION
    assert len(shown.footer.text or "") <= FOOTER
    assert len(shown) <= WHOLE
    return shown.description or ""


@pytest.mark.parametrize("text", ["x", "@everyone", "**", "<@1>", "\N{FOX FACE}", HEBREW, "a\n"])
@pytest.mark.parametrize("times", [1, 140, 9_000])
def test_whatever_its_length_a_card_fits(text: str, times: int) -> None:
    long = text * times
    row = Row(long, long, long, long, long, rank=1)
    measured(Card(long, lines=(long,), rows=(row,), more=9, notes=(long,), footer=(long,)))
    measured(Card(long, lines=(long,) * 40, rows=(row,) * 500, notes=(long,) * 40))


def test_500_rows_are_cut_between_rows_and_the_others_counted() -> None:
    text = measured(Card("List", rows=rows(500, 100), more=31, notes=("a note",)))

    *told, end = text.split("\n")
    assert end == f"… and {531 - len(told):,} more · a note"
    assert all(line.endswith("★ 1") for line in told)
    assert 10 < len(told) < 500


def test_what_fits_is_not_counted_as_more() -> None:
    assert measured(Card("List", rows=rows(3))).count("\n") == 2
    assert "more" not in measured(Card("List", rows=rows(3)))


def test_the_longest_names_stand_whole_with_their_links() -> None:
    name = "a" * 39 + "/" + "W" * 100
    link = f"https://github.com/{name}"
    text = measured(Card(name, rows=(Row(name, "★ 1", url=link, rank=1),) * 10, url=link))

    assert text.split("\n")[0] == f"1\\. [{name}]({link}) · ★ 1"
    assert text.count(link) == 10


def test_right_to_left_letters_stay_and_what_turns_others_round_does_not() -> None:
    turned = f"{HEBREW}\N{RIGHT-TO-LEFT OVERRIDE}\N{LEFT-TO-RIGHT ISOLATE}/evil"
    shown = embed(Card(turned, rows=(Row(turned, "★ 12"),)))

    assert shown.title == f"{HEBREW}/evil"
    assert shown.description == f"**{HEBREW}/evil** · ★ 12"


def test_no_answer_pings_anybody() -> None:
    allowed = message(Card("@everyone <@&1>"))["allowed_mentions"]

    assert allowed.to_dict() == {"parse": []}


@pytest.mark.parametrize(
    "text", [*HOSTILE, f"<@{SNOWFLAKE}>", f"<@!{SNOWFLAKE}>", f"<@&{SNOWFLAKE}>"]
)
def test_a_sentence_that_quotes_somebody_has_no_mention_and_no_markup(text: str) -> None:
    said = sentence(f'"{text}" is not a repository.')

    assert "@everyone" not in said
    assert str(SNOWFLAKE) not in said or "@\u200b" in said
    assert "**bold**" not in said
    assert "||hidden||" not in said


def test_a_sentence_too_long_is_clamped_and_a_link_in_one_can_be_followed() -> None:
    link = "https://discord.com/developers/applications"

    assert sentence(f"See {link}.") == f"See {link}."
    assert len(sentence("x" * 9_000)) == CONTENT
    assert sentence("x" * 9_000).endswith("…")


def test_a_footer_has_no_markup_and_is_told_as_it_is() -> None:
    assert embed(Card("x", footer=("1 * 2", "a_b"))).footer.text == "1 * 2 · a_b"
    assert embed(Card("x")).footer.text is None


def test_a_card_of_nothing_but_a_title_has_no_description() -> None:
    assert embed(Card("x")).description is None
