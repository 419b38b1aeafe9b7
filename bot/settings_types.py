"""How a value may be written in the settings, and what it becomes; a refusal is its own fix."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, SecretStr

from bot.core.names import parse_repository
from bot.errors import InvalidName

SQLITE = "sqlite:///"

_Item = TypeVar("_Item")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(written: object) -> int:
    """Read `90s`, `30m`, `6h` or `2d`."""
    parts = re.fullmatch(r"([0-9]{1,6})([smhd])", written) if isinstance(written, str) else None
    if parts is None:
        raise ValueError("write a duration such as 6h, 30m or 2d")
    return int(parts[1]) * _SECONDS[parts[2]]


def at_least(shortest: str) -> AfterValidator:
    """Refuse a shorter duration, in the words in which people write one."""

    def check(length: int) -> int:
        if length < seconds(shortest):
            raise ValueError(f"write {shortest} or more")
        return length

    return AfterValidator(check)


def _whole(written: object) -> int:
    if isinstance(written, int) and not isinstance(written, bool):  # YAML's `yes` is True
        return written
    if isinstance(written, str) and re.fullmatch(r"[0-9]{1,20}", written.strip()):
        return int(written)
    raise ValueError("write a whole number")


def _snowflake(written: object) -> int:
    number = _whole(written)
    if not 0 < number < 2**63:
        raise ValueError("write a Discord id, such as 175928847299117063")
    return number


def _items(written: object) -> object:
    """Read a list from a variable, where it is JSON or has commas between its items."""
    if not isinstance(written, str):
        return written
    if not written.strip().startswith("["):
        return [item.strip() for item in written.split(",") if item.strip()]
    try:
        return json.loads(written)
    except json.JSONDecodeError:
        raise ValueError("close the list, or write only commas between its items") from None


def _tokens(written: object) -> object:
    items = _items(written)
    if isinstance(items, list | tuple) and all(
        isinstance(one, Mapping | BaseModel) for one in items
    ):
        return items
    raise ValueError('write a list such as [{"token": "ghp_…", "owners": ["acme"]}]')


def _owner(written: str) -> str:
    try:
        return parse_repository(f"{written}/any").partition("/")[0]
    except InvalidName:
        raise ValueError("write a user or an organisation, such as acme") from None


def _private_key(written: SecretStr) -> SecretStr:
    """Take the file's content; a variable may hold its line ends as two characters."""
    text = written.get_secret_value().replace("\\n", "\n").strip()
    if not (text.startswith("-----BEGIN ") and text.endswith("-----")):
        raise ValueError("write the whole content of the .pem file")
    return SecretStr(text)


def _url(written: str, *schemes: str) -> str:
    try:
        parts = urlsplit(written)
        good = parts.scheme in schemes and bool(parts.hostname)
    except ValueError:  # brackets or a port that cannot be
        good = False
    if not good:
        begins = " or ".join(f"{scheme}://" for scheme in schemes)
        raise ValueError(f"write an address that begins with {begins}")
    return written.rstrip("/")


def _database(written: str) -> str:
    path = written.removeprefix(SQLITE)
    if path == written or not path or path.endswith("/") or path == ":memory:":
        raise ValueError(
            "write sqlite:///data/radar.db, or sqlite:////var/lib/radar.db for an absolute path"
        )
    return written


def _repository(written: str) -> str:
    try:
        return parse_repository(written)
    except InvalidName:
        raise ValueError("write a repository as owner/name") from None


def _folder(written: object) -> object:
    """`~` is the home folder of whoever runs the program."""
    if isinstance(written, Path):
        return written
    if not isinstance(written, str) or "\0" in written:
        raise ValueError("write the path of a folder, such as data/portfolio")
    try:
        return Path(written).expanduser()
    except RuntimeError:
        raise ValueError("write the path in full, as that home folder is not known here") from None


def _gist_id(written: str) -> str:
    part = written.rstrip("/").rpartition("/")[2]
    if re.fullmatch(r"[0-9A-Za-z_-]{1,64}", part):
        return part
    raise ValueError("write the gist's id, the last part of its address")


def _branch(written: str) -> str:
    """As git has it, without what git takes and nobody means."""
    good = re.fullmatch(r"[0-9A-Za-z_][0-9A-Za-z._/-]{0,199}", written)
    if good and not re.search(r"\.\.|//|/\.|[./]$|\.lock(/|$)", written):
        return written.removeprefix("refs/heads/")
    raise ValueError("write the name of a branch, such as main")


Duration = Annotated[int, BeforeValidator(seconds)]
Whole = Annotated[int, BeforeValidator(_whole)]
Snowflake = Annotated[int, BeforeValidator(_snowflake)]
Owner = Annotated[str, AfterValidator(_owner)]
PrivateKey = Annotated[SecretStr, AfterValidator(_private_key)]
Repository = Annotated[str, AfterValidator(_repository)]
WebUrl = Annotated[str, AfterValidator(lambda url: _url(url, "https", "http"))]
SocketUrl = Annotated[str, AfterValidator(lambda url: _url(url, "wss", "ws"))]
DatabaseUrl = Annotated[str, AfterValidator(_database)]
Listed = Annotated[tuple[_Item, ...], BeforeValidator(_items)]
OwnersTokens = Annotated[tuple[_Item, ...], BeforeValidator(_tokens)]
Folder = Annotated[Path, BeforeValidator(_folder)]
Branch = Annotated[str, AfterValidator(_branch)]
GistId = Annotated[str, AfterValidator(_gist_id)]
