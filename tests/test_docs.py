"""What is documented is what there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from bot.settings import Settings, load
from bot.settings_sources import variable

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "config.example.yaml"


def settings_of(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings_of(kind, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def keys_of(written: dict[str, object], above: str = "") -> Iterator[str]:
    for name, value in written.items():
        if isinstance(value, dict):
            yield from keys_of(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def test_the_example_has_every_setting_and_no_other_in_the_order_of_the_tree() -> None:
    documented = list(keys_of(yaml.safe_load(EXAMPLE.read_text("utf-8"))))

    assert documented == list(settings_of(Settings))


@pytest.mark.parametrize("key", list(settings_of(Settings)))
def test_the_example_explains_a_setting_and_names_its_variable(key: str) -> None:
    paragraphs = EXAMPLE.read_text("utf-8").split("\n\n")
    line = f"  {key.rpartition('.')[2]}:"
    mine = [text for text in paragraphs if variable(key) in text and line in text]

    assert len(mine) == 1
    assert mine[0].index("# ") < mine[0].index(line)


def test_the_example_as_it_stands_changes_nothing(tmp_path: Path) -> None:
    assert load(config=EXAMPLE, environ={}, folder=tmp_path) == Settings()
