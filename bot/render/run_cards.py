"""Run directories that were checked: which are whole, and what is wrong with the others."""

from collections.abc import Sequence

from bot.core.card import Card, Row, Tone
from bot.core.reports import Verified
from bot.render import words
from bot.render.documents import Json

SHOWN = 20
"""Problems that are told."""


def verified(found: Sequence[Verified]) -> Card:
    problems = [said for one in found for said in one.problems]
    what = words.counted(len(found), "run directory", "run directories")
    files = words.counted(sum(one.files for one in found), "file")
    return Card(
        title=f"Something is wrong in {what}" if problems else f"All is well in {what}",
        lines=tuple(problems[:SHOWN]),
        rows=tuple(Row(one.path, note="damaged" if one.problems else "whole",
                       tone=Tone.BAD if one.problems else Tone.GOOD) for one in found[-SHOWN:]),
        more=max(0, len(found) - SHOWN),
        footer=(f"{files} checked", words.counted(len(problems), "problem")),
        tone=Tone.BAD if problems else Tone.GOOD,
    )  # fmt: skip


def verified_document(found: Sequence[Verified]) -> Json:
    return {
        "directories": [
            {"path": one.path, "files": one.files, "problems": list(one.problems)} for one in found
        ]
    }
