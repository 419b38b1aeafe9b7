"""The floor plan as a test: who may import whom, what nobody does, and how large a room may get."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CORE = {"bot.core", "bot.errors"}
SETTINGS = {"bot.errors", "pydantic", "pydantic_core", "pydantic_settings"}

ROOMS: dict[str, set[str]] = {
    "bot/core": CORE,
    "bot/flows": CORE | {"bot.__version__", "bot.flows", "asyncio", "pathlib"},
    "bot/render": {"bot.core", "bot.render"},
    "bot/render/chart_png.py": {
        "bot.render",
        "asyncio",
        "concurrent",
        "functools",
        "pathlib",
        "resvg_py",
    },
    "bot/render/discord.py": {"bot.core", "bot.render.picture", "discord", "io"},
    "bot/render/terminal.py": {"bot.core", "rich"},
    # The edges: each has its own drivers, and none knows another.
    "bot/exports": CORE | {"bot.exports", "pathlib"},
    # Daily files: one destination a file, the gist with what it takes to ask GitHub.
    "bot/exports/local.py": CORE | {"bot.exports", "asyncio", "filelock", "pathlib"},
    "bot/exports/whole.py": {"os", "pathlib"},
    "bot/exports/gist.py": CORE | {"bot.exports", "stamina"},
    "bot/exports/gist_client.py": CORE
    | {"bot.__version__", "bot.exports", "aiohttp", "http", "msgspec", "pydantic", "stamina"}
    | {"yarl"},
    "bot/exports/gist_replies.py": {"bot.errors", "http", "msgspec"},
    "bot/exports/weekly_file.py": CORE | {"bot.exports", "asyncio", "filelock", "os", "pathlib"},
    # Run directories: their files as types, and as folders; GitHub's branches are in bot/github.
    "bot/exports/run_files.py": CORE | {"bot.exports", "msgspec"},
    "bot/exports/run_directory.py": CORE | {"bot.exports", "os", "pathlib", "tempfile"},
    "bot/github": CORE
    | {"bot.__version__", "bot.github", "aiohttp", "asyncio", "http", "msgspec", "pydantic"}
    | {"jwt", "stamina", "time.monotonic", "yarl"},
    "bot/github/git_data.py": CORE | {"bot.github", "asyncio", "http", "msgspec", "urllib.parse"},
    "bot/notify": CORE
    | {"bot.destinations", "bot.notify", "bot.render", "aiohttp", "asyncio", "discord"}
    | {"structlog"},
    "bot/storage": CORE
    | {"bot.storage", "aiosqlite", "asyncio", "filelock", "pathlib", "sqlite3", "structlog"}
    | {"time"},
    # The database as a file: copied, set aside, put back.
    "bot/storage/backups.py": CORE
    | {"bot.storage", "asyncio", "os", "pathlib", "secrets", "shutil.copyfile", "sqlite3"},
    # A cog knows what the cogs share, and no other cog.
    "cogs": CORE
    | {"bot.destinations", "bot.flows", "bot.render", "asyncio", "discord", "structlog", "time"}
    | {"cogs.answers", "cogs.arguments", "cogs.channels", "cogs.replies", "cogs.trials"},
    "bot/demo": CORE
    | {"bot.app", "bot.clock", "bot.console", "bot.demo", "bot.flows", "bot.render"}
    | {"bot.exports.history_csv", "bot.settings", "bot.settings_types", "bot.storage.locks"}
    | {"pathlib", "random", "rich"},
    "bot/__init__.py": set(),
    "bot/__main__.py": {"bot.cli", "bot.errors", "bot.serving.serve"},
    # The builder knows everyone; its bot's half also discord.py's globals that have no setting.
    "bot/app.py": {"bot"},
    "bot/edges.py": {"bot", "aiohttp"},
    "bot/serving.py": {"bot", "cogs", "asyncio", "os", "pathlib", "signal"}
    | {"discord.VoiceClient", "discord.ext.commands.Cog", "discord.http"},
    "bot/backfilling.py": {"bot.errors", "bot.flows", "structlog"},
    "bot/cli.py": CORE
    | {
        "bot.__version__",
        "bot.app",
        "bot.serving.serve",
        "bot.console",
        "bot.demo",
        "bot.flows",
        "bot.render",
    }
    | {"bot.cli_acts", "bot.cli_keeping", "bot.cli_metrics", "bot.cli_runs", "bot.exports.reader"}
    | {"asyncio", "pathlib", "typer"},
    "bot/cli_acts.py": CORE | {"bot.app", "bot.flow_loading", "bot.flows"},
    "bot/cli_keeping.py": CORE
    | {"bot.app", "bot.clock", "bot.console", "bot.flows", "bot.render", "asyncio", "pathlib"}
    | {"bot.cli_runs", "bot.loading", "typer"},
    "bot/client.py": {
        "bot.core.rights",
        "bot.errors",
        "bot.failures",
        "bot.registration",
        "bot.settings",
    }
    | {"bot.render.discord", "aiohttp", "discord", "pydantic", "secrets", "structlog", "yarl"},
    "bot/cli_runs.py": CORE
    | {"bot.app", "bot.clock", "bot.console", "bot.exports.run_directory", "bot.render", "pathlib"}
    | {"bot.flows", "typer"},
    "bot/cli_metrics.py": CORE
    | {"bot.app", "bot.console", "bot.flows", "bot.render", "pathlib", "typer"},
    "bot/clock.py": {"time"},
    "bot/console.py": CORE
    | {"bot.app", "bot.loading", "bot.render", "asyncio", "pathlib", "rich"}
    | {"bot.output", "bot.rehearsing"},
    # What channels demand, for the cogs that choose them and the edge that writes to them.
    "bot/destinations.py": {"bot.core", "discord"},
    "bot/errors.py": set(),
    "bot/failures.py": {"bot.errors", "aiohttp", "discord"},
    "bot/filing.py": {"bot.errors", "bot.flows", "structlog"},
    "bot/flow_loading.py": {"bot.errors", "bot.flows", "asyncio", "structlog"},
    "bot/heartbeat.py": {"asyncio", "pathlib", "structlog"},
    "bot/housekeeping.py": {"asyncio", "structlog"},
    "bot/loading.py": {"bot.log", "bot.settings", "pathlib"},
    "bot/log.py": {"logging", "pydantic", "structlog"},
    "bot/output.py": {"bot.errors", "os", "pathlib"},
    "bot/registration.py": set(),
    "bot/rehearsing.py": {"bot.app", "bot.errors", "bot.settings", "bot.settings_types"}
    | {"bot.storage.backups"}
    | {"pathlib", "tempfile"},
    "bot/run_filing.py": {"bot.flows", "structlog"},
    "bot/scheduler.py": CORE | {"bot.flows", "asyncio", "structlog"},
    "bot/settings.py": SETTINGS
    | {"bot.settings_errors", "bot.settings_sources", "bot.settings_types", "os", "pathlib"}
    | {"bot.settings_owners"},
    "bot/settings_errors.py": SETTINGS | {"bot.settings_sources"},
    "bot/settings_owners.py": SETTINGS | {"bot.core.follow"},
    "bot/settings_sources.py": SETTINGS | {"bot.settings_yaml", "dotenv", "pathlib"},
    "bot/settings_types.py": SETTINGS | {"bot.core.names", "pathlib", "urllib.parse"},
    "bot/settings_yaml.py": {"bot.errors", "pathlib", "yaml"},
}
"""What each may import besides the pure part of the standard library; a file's own line goes
before its folder's. Everything has one: what is built anew says here what it leans on."""

WORLD = {
    *("asyncio", "concurrent", "ctypes", "ftplib", "http", "importlib", "logging", "os", "pathlib"),
    *("multiprocessing", "pickle", "random", "runpy", "secrets", "selectors", "shelve", "shutil"),
    *("signal", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "tempfile"),
    *("threading", "time", "urllib", "webbrowser", "xmlrpc"),
}
"""The standard library's doors to the world: nobody has them unasked."""

SQL = re.compile(
    r"\s*(ALTER|BEGIN|CREATE|DELETE|DROP|INSERT|PRAGMA|REPLACE|SELECT|UPDATE|VACUUM|WITH)\s"
    r"|(?i:\s*(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from)\s)",
    re.DOTALL,
)
WALL_CLOCK = re.compile(r"\b(time\.(time|time_ns|gmtime|localtime)|(date|datetime)\.(now|today))\b")
MUTABLE = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
CHANGING = {"add", "append", "clear", "discard", "extend", "insert", "pop", "remove", "update"}
VAGUE = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}

FUNCTION, COMMAND, NESTING, MODULE = 25, 15, 3, 300
LARGER: dict[str, str] = {
    "bot/flows/ports.py": "the list of all that the flows ask of the world: one look, one file",
}
"""Modules of more than 300 lines, and why each is still one."""
BLOCKS = (
    ast.If | ast.For | ast.AsyncFor | ast.While | ast.With | ast.AsyncWith | ast.Try | ast.Match
)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files_of(*places: str) -> list[Path]:
    """Every module of these folders and files; a renamed room must keep its walls."""
    found = []
    for place in places:
        path = ROOT / place
        files = [path] if path.is_file() else sorted(path.rglob("*.py"))
        assert files, f"{place} is gone: move its walls to where it went"
        found += files
    return found


def every_module() -> list[Path]:
    return files_of("bot", "cogs")


def short(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def imports_of(file: Path) -> Iterator[str]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_free(name: str) -> bool:
    top = name.partition(".")[0]
    return top in sys.stdlib_module_names and top not in WORLD


def within(name: str, doors: set[str]) -> bool:
    return f"{name}.".startswith(tuple(f"{door}." for door in doors))


def functions_of(*places: str) -> Iterator[tuple[str, Function]]:
    for file in files_of(*places):
        for node in ast.walk(parsed(file)):
            if isinstance(node, Function):
                yield f"{short(file)}:{node.lineno} {node.name}", node


def lines_of(function: Function) -> int:
    """Lines of the body, without its docstring."""
    said = ast.get_docstring(function) is not None
    body = function.body[1:] if said else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def depth_of(node: ast.AST) -> int:
    """How deep blocks stand in each other; `elif` is no deeper than its `if`."""
    depth = max((depth_of(child) for child in ast.iter_child_nodes(node)), default=0)
    continued = isinstance(node, ast.If) and len(node.orelse) == 1
    if continued and isinstance(node.orelse[0], ast.If):
        above = max((depth_of(child) for child in node.body), default=0)
        return max(above + 1, depth_of(node.orelse[0]))
    return depth + isinstance(node, BLOCKS)


def is_command(function: Function) -> bool:
    """Is it registered by `@….command(…)` or `@….callback(…)`?"""
    calls = [mark.func if isinstance(mark, ast.Call) else mark for mark in function.decorator_list]
    return any(isinstance(c, ast.Attribute) and c.attr in {"command", "callback"} for c in calls)


# -- walls ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", ROOMS)
def test_imports_point_inward_only(room: str) -> None:
    files = [file for file in files_of(room) if short(file) == room or short(file) not in ROOMS]
    leaks = [
        (short(file), name)
        for file in files
        for name in imports_of(file)
        if not is_free(name) and not within(name, ROOMS[room])
    ]

    assert files
    assert leaks == []


def test_every_room_has_walls() -> None:
    """One line in ROOMS for each file of bot/ and each folder in it."""
    rooms = {"/".join(file.relative_to(ROOT).parts[:2]) for file in files_of("bot")}

    assert rooms - ROOMS.keys() == set()


def test_no_import_is_relative_or_hidden_in_a_call() -> None:
    nodes = [(short(file), node) for file in every_module() for node in ast.walk(parsed(file))]
    relative = [(f, n.lineno) for f, n in nodes if isinstance(n, ast.ImportFrom) and n.level]
    hidden = [(f, n.lineno) for f, n in nodes if isinstance(n, ast.Name) and n.id == "__import__"]

    assert relative + hidden == []


def test_the_core_neither_waits_nor_opens() -> None:
    waits = ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
    breaches = [
        (short(file), node.lineno)
        for file in files_of("bot/core")
        for node in ast.walk(parsed(file))
        if isinstance(node, waits)
        or (isinstance(node, ast.Name) and node.id in {"open", "print", "input"})
    ]

    assert breaches == []


def test_only_the_clock_asks_what_time_it_is() -> None:
    asking = [
        (short(file), line)
        for file in every_module()
        for line in file.read_text("utf-8").splitlines()
        if WALL_CLOCK.search(line)
    ]

    assert [file for file, _ in asking] == ["bot/clock.py"]


def test_sql_stands_in_the_storage_room_only() -> None:
    texts = {
        (short(file), node.value)
        for file in every_module()
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    sql = {(file, text) for file, text in texts if SQL.match(text)}

    assert {file for file, _ in sql} >= {"bot/storage/database.py", "bot/storage/subjects.py"}
    assert {(file, text) for file, text in sql if not file.startswith("bot/storage/")} == set()


# -- what nobody does -----------------------------------------------------------------------------

IMPORT_ALL = """
import os, sys, threading

def watch(event, arguments):
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    touched = event == "open" and isinstance(arguments[2], int) and arguments[2] & writing
    prefixes = ("socket.", "sqlite3.", "subprocess.", "os.mkdir", "os.remove", "os.rename")
    if touched or event.startswith(prefixes):
        raise SystemExit(f"on import: {event} {arguments}")

sys.addaudithook(watch)
for name in sys.argv[1:]:
    __import__(name)
assert threading.active_count() == 1, threading.enumerate()
"""


def test_nothing_happens_on_import() -> None:
    names = [
        short(file).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for file in every_module()
    ]
    run = subprocess.run(  # noqa: S603  # our own interpreter and modules
        [sys.executable, "-B", "-c", IMPORT_ALL, *names],
        cwd=ROOT, env={}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_what_stands_in_a_module_is_constant() -> None:
    breaches = []
    for file in every_module():
        tree = parsed(file)
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, MUTABLE):
                names = node.targets if isinstance(node, ast.Assign) else [node.target]
                breaches += [ast.unparse(name) for name in names if not _is_constant(name)]
        for node in ast.walk(tree):
            if isinstance(node, ast.Global) or _changes_a_constant(node):
                breaches.append(f"{short(file)}: {ast.unparse(node)}")

    assert breaches == []


def _is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id.isupper()


def _changes_a_constant(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return _is_constant(node.value)
    called = node.func if isinstance(node, ast.Call) else None
    return (
        isinstance(called, ast.Attribute) and called.attr in CHANGING and _is_constant(called.value)
    )


def test_a_module_says_what_it_is_for() -> None:
    """A first line in words, and a name that is a noun or a verb of the product."""
    silent = [short(file) for file in every_module() if not ast.get_docstring(parsed(file))]
    vague = [short(f) for f in every_module() if {f.stem, f.parent.name} & VAGUE]

    assert silent + vague == []


# -- budgets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["bot", "cogs", "benchmarks"])
def test_a_function_is_seen_at_a_glance(place: str) -> None:
    found = list(functions_of(place))
    long = [f"{name}: {lines} lines" for name, f in found if (lines := lines_of(f)) > FUNCTION]
    deep = [f"{name}: {depth} deep" for name, f in found if (depth := depth_of(f)) > NESTING]

    assert found
    assert long + deep == []


@pytest.mark.parametrize("place", ["bot/cli.py", "cogs"])
def test_a_command_only_translates(place: str) -> None:
    commands = [(name, lines_of(f)) for name, f in functions_of(place) if is_command(f)]

    assert commands
    assert [(name, lines) for name, lines in commands if lines > COMMAND] == []


def test_a_module_fits_on_a_few_screens() -> None:
    sizes = {short(f): len(f.read_text("utf-8").splitlines()) for f in every_module()}

    assert {file for file, lines in sizes.items() if lines > MODULE} == LARGER.keys()


# -- what no file of ours holds -------------------------------------------------------------------


def test_lock_files_name_no_package_index() -> None:
    locks = [ROOT / f"requirements{kind}.lock" for kind in ("", "-dev", "-bench")]
    for lock in locks:
        text = lock.read_text("utf-8")

        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index" not in re.sub(r"^\S.*==.*$", "", text, flags=re.MULTILINE)


def test_no_file_names_a_home_folder() -> None:
    home = re.compile(r"(?<![\w.])(/home/\w|/Users/\w|/root/|[A-Z]:\\+Users)")
    folders = ("bot", "cogs", "tests", "benchmarks", ".github", ".ci")
    found = chain(
        *((ROOT / folder).rglob("*") for folder in folders),
        *(ROOT.glob(kind) for kind in ("*.md", "*.toml", "*.lock", "*.example.yaml", "*file")),
    )
    texts = [
        file
        for file in found
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".ttf"
    ]
    homes = [
        short(f)
        for f in texts
        if f != Path(__file__) and home.search(f.read_text("utf-8", "replace"))
    ]

    assert len(texts) > len(every_module())
    assert homes == []
