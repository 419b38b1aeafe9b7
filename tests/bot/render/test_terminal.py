"""Cards on a terminal: columns that fit, plain text in a pipe, nothing out of data obeyed."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from bot.core.card import Card, Row, Tone
from bot.render.terminal import show

LONGEST = "a" * 39 + "/" + "W" * 100
HEBREW = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED}"
CHINESE = "\u4e2d\u6587" * 10


def shown(card: Card, width: int = 80, *, colours: bool = False) -> str:
    out = io.StringIO()
    system = "truecolor" if colours else None
    show(card, Console(file=out, width=width, force_terminal=colours, color_system=system))
    return out.getvalue()


def lines(card: Card, width: int = 80) -> list[str]:
    return shown(card, width).splitlines()


def test_numbers_stand_to_the_right_and_names_to_the_left() -> None:
    rows = (
        Row("o/one", "★ 5", "+1", "+25.0 %", rank=1),
        Row("o/longer", "★ 1,204", "+12", "+1.01 %", note="forks +1", rank=10),
    )

    assert lines(Card("Digest", lines=("A line.",), rows=rows, more=3, footer=("a", "b"))) == [
        "Digest",
        "A line.",
        " 1.  o/one         ★ 5   +1  +25.0 %",
        "10.  o/longer  ★ 1,204  +12  +1.01 %  forks +1",
        "… and 3 more",
        "a · b",
    ]


def test_a_column_nobody_fills_is_left_out() -> None:
    assert lines(Card("x", rows=(Row("o/one", note="here"),))) == ["x", "o/one  here"]


def test_a_card_without_rows_is_its_lines() -> None:
    assert lines(Card("x", lines=("y",), notes=("z",))) == ["x", "y", "z"]


def test_notes_that_do_not_fit_stand_below() -> None:
    card = Card("x", rows=(Row("o/one", "★ 5", note="long " * 8), Row("o/two", "★ 6")))

    assert [line.rstrip() for line in lines(card, 30)[1:3]] == [
        "o/one  ★ 5",
        "    long long long long long",
    ]


@pytest.mark.parametrize("name", [LONGEST, CHINESE, HEBREW * 40])
@pytest.mark.parametrize("width", [40, 80])
def test_a_name_too_long_is_cut_and_its_numbers_are_not(name: str, width: int) -> None:
    card = Card("x", rows=(Row(name, "★ 1,204", "+12", "+1.01 %"), Row("o/one", "★ 1")))

    told = lines(card, width)

    assert len(told) == 3
    assert all(cell_len(line) <= width for line in told)
    assert told[1].endswith("★ 1,204  +12  +1.01 %")


def test_right_to_left_letters_stay_and_what_turns_others_round_does_not() -> None:
    turned = f"{HEBREW}\N{RIGHT-TO-LEFT OVERRIDE}\N{RIGHT-TO-LEFT ISOLATE}/evil"

    assert lines(Card(turned, rows=(Row(turned, "★ 12"),))) == [
        f"{HEBREW}/evil",
        f"{HEBREW}/evil  ★ 12",
    ]


def test_no_control_sequence_out_of_data_reaches_the_terminal() -> None:
    evil = "a\x1b[2J\x07\x9b31m\rb\nc\x7f"
    card = Card(
        evil, lines=(evil,), rows=(Row(evil, evil, evil, evil, evil),), notes=(evil,),
        footer=(evil,),
    )  # fmt: skip

    told = shown(card, 200)
    assert not set(told) & {*map(chr, range(10)), *map(chr, range(11, 32)), "\x7f", "\x9b"}
    assert len(told.splitlines()) == 5


@pytest.mark.parametrize("markup", ["[red]x[/red]", "[/]", "[link=https://evil.example]x[/link]"])
def test_markup_out_of_data_is_text(markup: str) -> None:
    assert lines(Card(markup, rows=(Row(markup, note=markup),))) == [markup, f"{markup}  {markup}"]


def test_colours_tell_good_from_bad_and_a_pipe_has_none() -> None:
    good = Card("x", rows=(Row("o/one", change="+1", tone=Tone.GOOD),))
    bad = Card("x", rows=(Row("o/one", change="+1", tone=Tone.BAD),))

    assert shown(good, colours=True) != shown(bad, colours=True)
    assert "\x1b[32m" in shown(good, colours=True)
    assert shown(good) == shown(bad)
    assert "\x1b" not in shown(good)


def test_500_rows_are_500_lines() -> None:
    card = Card("x", rows=tuple(Row(f"o/{n}", f"★ {n}") for n in range(500)))

    assert len(lines(card)) == 501
