"""Where settings are written: YAML, `.env` and the environment, each value read with its place.

pydantic-settings' own sources forget where a value came from and pass over `RADAR_` variables
they do not know; these keep the one and refuse the other. An empty value counts as not set.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from bot.errors import SettingsError

PREFIX = "RADAR_"
CONFIG_VARIABLE = "RADAR_CONFIG"
EXAMPLE = "config.example.yaml"
UTF_8 = "utf-8-sig"  # some editors begin a file with a byte order mark


@dataclass(frozen=True, slots=True)
class Found:
    """A value as it was written, and where."""

    value: Any = field(repr=False)  # it may be a secret
    place: str  # "in config.yaml", "from RADAR_LOG__LEVEL in .env"


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that a person may write settings in."""

    keys: Collection[str]  # dotted: "collection.interval"
    secrets: Collection[str]  # those of them that a `*_FILE` variable may set
    folder: Path  # holds `.env` and `config.yaml`; relative paths start here

    def read(self, config: Path | None, environ: Mapping[str, str]) -> dict[str, Found]:
        """Find every key that is set; the strongest source wins."""
        dotenv = self._dotenv()
        named = environ.get(CONFIG_VARIABLE) or dotenv.get(CONFIG_VARIABLE)
        if config is not None:
            found = self._yaml(config, named_by="--config")
        elif named:
            found = self._yaml(Path(named), named_by=CONFIG_VARIABLE)
        else:
            found = self._yaml(Path("config.yaml"))
        return found | self._variables(dotenv, " in .env") | self._variables(environ)

    def _yaml(self, path: Path, named_by: str | None = None) -> dict[str, Found]:
        try:
            content = (self.folder / path).read_bytes()
        except FileNotFoundError:
            if named_by is None:
                return {}
            fix = f"write it ({EXAMPLE} shows how) or name another file"
            raise SettingsError(f"{path}, named by {named_by}, does not exist: {fix}.") from None
        except OSError as error:
            raise SettingsError(_unreadable(str(path), error)) from None
        from bot.settings_yaml import parsed  # who sets variables only saves the memory, 1 MB

        written = parsed(content, path, EXAMPLE)
        flat = dict(_flat(written, self.keys))
        for section in flat.keys() & {key.partition(".")[0] for key in self.keys}:
            if _is_set(flat.pop(section)):
                raise SettingsError(f"{section} in {path} is a section: write its keys below it.")
        _refuse_unknown(flat, self.keys, f" in {path}")
        return _only_set({key: Found(value, f"in {path}") for key, value in flat.items()})

    def _dotenv(self) -> Mapping[str, str | None]:
        try:
            text = (self.folder / ".env").read_text(UTF_8)
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(_unreadable(".env", error)) from None
        return dotenv_values(stream=StringIO(text), interpolate=False)  # `${` may be in a secret

    def _variables(self, written: Mapping[str, str | None], where: str = "") -> dict[str, Found]:
        plain = {variable(key): key for key in self.keys}
        files = {f"{variable(key)}_FILE": key for key in self.secrets}
        ours = {name: text for name, text in written.items() if name.startswith(PREFIX)}
        _refuse_unknown(ours, [*plain, *files, CONFIG_VARIABLE], where)
        named = {key: Found(ours.get(name), f"from {name}{where}") for name, key in plain.items()}
        found = _only_set(named)
        for name, key in files.items():
            if path := (ours.get(name) or "").strip():
                if key in found:
                    raise SettingsError(f"{key} comes {found[key].place} and {name}: keep one.")
                found[key] = Found(self._secret(path, key, name), f"from the file in {name}{where}")
        return _only_set(found)

    def _secret(self, path: str, key: str, name: str) -> str:
        try:
            return (self.folder / path).read_text(UTF_8).strip()
        except (OSError, ValueError) as error:
            # The path stays out of it: people put the secret itself there by mistake.
            raise SettingsError(_unreadable(f"{key}: the file in {name}", error)) from None


def variable(key: str) -> str:
    """Name the variable that sets a key: `log.level` is RADAR_LOG__LEVEL."""
    return PREFIX + key.upper().replace(".", "__")


def _flat(
    written: Mapping[Any, Any], keys: Collection[str], above: str = ""
) -> Iterator[tuple[str, Any]]:
    """Write nested sections as dotted keys."""
    for name, value in written.items():
        key = f"{above}{name}"
        if isinstance(value, dict) and value and key not in keys:
            yield from _flat(value, keys, f"{key}.")
        else:
            yield key, value


def _is_set(value: object) -> bool:
    return value is not None and value != {} and str(value).strip() != ""


def _only_set(found: Mapping[str, Found]) -> dict[str, Found]:
    return {key: one for key, one in found.items() if _is_set(one.value)}


def _refuse_unknown(names: Iterable[str], right: Collection[str], where: str) -> None:
    problems = []
    for name in names:
        if name not in right:
            near = get_close_matches(name, right, n=1, cutoff=0.4)
            fix = f"did you mean {near[0]}?" if near else f"{EXAMPLE} lists every setting."
            problems.append(f"{name}{where} is not a setting: {fix}")
    if problems:
        raise SettingsError("\n".join(problems))


def _unreadable(what: str, error: OSError | ValueError) -> str:
    reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
    return f"{what} cannot be read ({reason}): put a text file there that the bot may read."
