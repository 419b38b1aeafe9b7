"""Every setting, its default and its bounds; `load` reads them once, at the door.

The environment wins over `.env`, that over the YAML file, that over the defaults below.
config.example.yaml explains each key to the people who set it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.errors import SettingsError
from bot.settings_errors import sentences
from bot.settings_sources import Found, Sources
from bot.settings_types import (
    SQLITE,
    DatabaseUrl,
    Duration,
    Listed,
    Repository,
    Snowflake,
    SocketUrl,
    WebUrl,
    Whole,
    at_least,
)


class Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True
    )


class Discord(Section):
    token: SecretStr | None = None
    api_url: WebUrl = "https://discord.com/api/v10"
    gateway_url: SocketUrl | None = None
    shard_count: Annotated[Whole, Field(ge=1)] | None = None
    shard_ids: Listed[Whole] | None = None

    @field_validator("shard_ids")
    @classmethod
    def _shards_of_a_whole(
        cls, ids: tuple[int, ...] | None, info: ValidationInfo
    ) -> tuple[int, ...] | None:
        count = info.data.get("shard_count", 0)  # 0: already refused, one sentence is enough
        if ids is None or count == 0:
            return ids
        if count is None:
            raise ValueError("set discord.shard_count too, the number of shards in all processes")
        if not ids or not all(0 <= shard < count for shard in ids):
            raise ValueError(
                f"write shards from 0 to {count - 1}, as discord.shard_count is {count}"
            )
        return ids


class GitHub(Section):
    token: SecretStr | None = None
    api_url: WebUrl = "https://api.github.com"
    private_guilds: Listed[Snowflake] = ()
    points_per_hour: Annotated[Whole, Field(ge=100)] = 4_500
    concurrency: Annotated[Whole, Field(ge=1, le=20)] = 4


class Storage(Section):
    url: DatabaseUrl = "sqlite:///data/radar.db"

    @property
    def path(self) -> Path:
        """The database file; a relative one starts in the working directory."""
        return Path(self.url.removeprefix(SQLITE))


class Collection(Section):
    interval: Annotated[Duration, at_least("5m")] = 6 * 3_600
    timeout: Annotated[Duration, at_least("1s")] = 20


class Portfolio(Section):
    repositories: Listed[Repository] = ()
    guilds: Listed[Snowflake] = ()


class Limits(Section):
    repositories_per_guild: Annotated[Whole, Field(ge=1)] = 500


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    discord: Discord = Discord()
    github: GitHub = GitHub()
    storage: Storage = Storage()
    collection: Collection = Collection()
    portfolio: Portfolio = Portfolio()
    limits: Limits = Limits()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the parent's signature
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_by_name: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is handed over and nothing else: only `load` looks at the world."""
        return (init_settings,)

    def secrets(self) -> list[SecretStr]:
        """Every secret that is set: what a log must never show."""
        values = (value for _, section in self for _, value in section)
        return [value for value in values if isinstance(value, SecretStr)]


def load(
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Read the settings; SettingsError says one sentence for each key that is wrong.

    `config` is what `--config` named, `folder` stands in for the working directory.
    """
    keys = _keys()
    secrets = {key for key, kind in keys.items() if SecretStr in (kind, *get_args(kind))}
    sources = Sources(keys, secrets, folder or Path())
    found = sources.read(config, os.environ if environ is None else environ)
    try:
        return Settings(**_nested(found))
    except ValidationError as error:  # not chained: pydantic quotes what it refuses
        raise SettingsError("\n".join(sentences(error, found, secrets))) from None


def _keys() -> dict[str, Any]:
    """Every dotted key with its type, in the order of the tree."""
    sections = {name: part.annotation for name, part in Settings.model_fields.items()}
    return {
        f"{section}.{name}": leaf.annotation
        for section, kind in sections.items()
        if isinstance(kind, type) and issubclass(kind, Section)
        for name, leaf in kind.model_fields.items()
    }


def _nested(found: Mapping[str, Found]) -> dict[str, Any]:
    tree: dict[str, dict[str, Any]] = {}
    for key, one in found.items():
        section, _, name = key.partition(".")
        tree.setdefault(section, {})[name] = one.value
    return tree
