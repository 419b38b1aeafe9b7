"""What is documented is what there is."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import typer
import yaml
from discord import app_commands
from discord.ext import commands
from pydantic import BaseModel

from bot import __version__
from bot.cli import cli
from bot.core.delta import Status
from bot.core.metrics import METRICS
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


# -- the documents ---------------------------------------------------------------------------------


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def cli_commands() -> list[str]:
    program = typer.main.get_command(cli)
    return sorted(f"repo-radar {name}" for name in names_below(program))


def names_below(command: object, above: str = "") -> Iterator[str]:
    for name, inner in getattr(command, "commands", {}).items():
        below = list(names_below(inner, f"{above}{name} "))
        yield from below or [f"{above}{name}"]


def slash_commands() -> list[str]:
    modules = [import_module(f"cogs.{file.stem}") for file in (ROOT / "cogs").glob("[!_]*.py")]
    kinds = {
        kind
        for module in modules
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, commands.Cog) and kind is not commands.Cog
    }
    found = [command for kind in kinds for command in kind.__cog_app_commands__]
    groups = [c for c in found if isinstance(c, app_commands.Group)]
    inside = [inner for group in groups for inner in group.walk_commands()]
    single = [c for c in [*found, *inside] if isinstance(c, app_commands.Command)]
    return sorted(f"/{command.qualified_name}" for command in single)


def rows_of(name: str) -> set[str]:
    """The first code words of the rows of a document's tables."""
    return set(re.findall(r"^\| `([^`]+)`", read(name), re.MULTILINE))


@pytest.mark.parametrize("command", [*cli_commands(), *slash_commands()])
def test_every_command_has_a_row_in_the_readme(command: str) -> None:
    assert [row for row in rows_of("README.md") if f"{row} ".startswith(f"{command} ")]


def test_the_readme_has_no_other_commands() -> None:
    known = tuple(f"{command} " for command in [*cli_commands(), *slash_commands()])
    rows = [row for row in rows_of("README.md") if row.startswith(("/", "repo-radar "))]

    assert [row for row in rows if not f"{row} ".startswith(known)] == []


def test_the_readme_explains_every_metric_and_status() -> None:
    assert rows_of("README.md") >= {*METRICS, *Status}


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_named_is_there(document: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", read(document), re.MULTILINE))

    assert {"demo", "test"} <= named <= targets


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_into_the_project_lead_somewhere(document: str) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", read(document))

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_places_that_contributing_names_are_there() -> None:
    named = re.findall(r"`((?:bot|cogs|tests|benchmarks)/[\w./]*)`", read("CONTRIBUTING.md"))

    assert named
    assert [place for place in named if not (ROOT / place).exists()] == []


def test_contributing_has_the_recipes() -> None:
    assert {"## Add a metric", "## Add a command"} <= set(read("CONTRIBUTING.md").splitlines())


def test_the_changelog_tells_of_this_version() -> None:
    newest = re.search(r"^## \[(.+)\] - \d{4}-\d{2}-\d{2}$", read("CHANGELOG.md"), re.MULTILINE)

    assert newest is not None
    assert newest[1] == __version__


def test_the_readme_has_the_sections_that_the_code_refers_to() -> None:
    code = "".join(file.read_text("utf-8") for file in (ROOT / "bot").rglob("*.py"))
    sections = re.findall(r'section "([^"]+)" of the\s+README', code)
    headings = [line.lower() for line in read("README.md").splitlines()]

    assert sections
    assert [name for name in sections if f"## {name}".lower() not in headings] == []
