"""Every setting, its default and its bounds; `load` reads them once, at the door.

The environment wins over `.env`, that over the YAML file, that over the defaults below.
config.example.yaml explains each key to the people who set it.
"""

import os
from collections.abc import Iterator, Mapping
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
from bot.settings_owners import FollowedOwner
from bot.settings_sources import Found, Sources
from bot.settings_types import (
    SQLITE,
    Branch,
    DatabaseUrl,
    Duration,
    Folder,
    GistId,
    Listed,
    Owner,
    OwnersTokens,
    PrivateKey,
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


class OwnersToken(Section):
    """A token for the repositories of some users and organisations."""

    token: Annotated[SecretStr, Field(min_length=1)]
    owners: Annotated[Listed[Owner], Field(min_length=1)]


class GitHub(Section):
    token: SecretStr | None = None
    tokens: OwnersTokens[OwnersToken] = ()
    app_id: Annotated[Whole, Field(ge=1)] | None = None
    app_private_key: Annotated[PrivateKey | None, Field(validate_default=True)] = None
    api_url: WebUrl = "https://api.github.com"
    private_guilds: Listed[Snowflake] = ()
    points_per_hour: Annotated[Whole, Field(ge=100)] = 4_500
    concurrency: Annotated[Whole, Field(ge=1, le=20)] = 4

    @field_validator("tokens")
    @classmethod
    def _one_token_an_owner(cls, tokens: tuple[OwnersToken, ...]) -> tuple[OwnersToken, ...]:
        owners = [owner.lower() for one in tokens for owner in one.owners]
        twice = sorted({owner for owner in owners if owners.count(owner) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is named twice, give each owner one token")
        return tokens

    @field_validator("app_private_key")
    @classmethod
    def _app_as_a_whole(cls, key: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        app_id = info.data.get("app_id", 0)  # 0: already refused, one sentence is enough
        if app_id and key is None:
            raise ValueError("set it, as github.app_id is set")
        if key is not None and app_id is None:
            raise ValueError("set github.app_id, too, the number of the App")
        return key

    @property
    def is_anonymous(self) -> bool:
        """Is there nothing to ask GitHub with, so that it grants 60 requests an hour?"""
        return self.token is None and not self.tokens and self.app_id is None


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
    owners: Listed[FollowedOwner] = ()
    guilds: Listed[Snowflake] = ()


class Limits(Section):
    repositories_per_guild: Annotated[Whole, Field(ge=1)] = 500


class Backup(Section):
    path: Folder | None = None
    daily: Annotated[Whole, Field(ge=0)] = 7
    weekly: Annotated[Whole, Field(ge=0)] = 4


class DailyFile(Section):
    destination: Literal["none", "local", "gist", "both"] = "local"
    path: Folder = Path("data/portfolio")
    gist_id: GistId | None = None
    gist_token: SecretStr | None = None


class Snapshots(Section):
    enabled: bool = False
    repo_path: Annotated[Repository | None, Field(validate_default=True)] = None
    branch: Branch = "main"
    retain_last: Annotated[Whole, Field(ge=1)] | None = None
    incremental: bool = False

    @field_validator("repo_path")
    @classmethod
    def _somewhere(cls, path: str | None, info: ValidationInfo) -> str | None:
        if path is None and info.data.get("enabled"):
            raise ValueError("set it as owner/name, as snapshots.enabled is true")
        return path


class Retention(Section):
    intraday_days: Annotated[Whole, Field(ge=1)] = 90


class FlowLoad(Section):
    enabled: bool = False
    repositories: Annotated[Whole, Field(ge=1)] = 100


class Metrics(Section):
    digest: Listed[str] = ()


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
    backup: Backup = Backup()
    daily_file: DailyFile = DailyFile()
    snapshots: Snapshots = Snapshots()
    retention: Retention = Retention()
    flow_load: FlowLoad = FlowLoad()
    metrics: Metrics = Metrics()
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
        return [secret for _, section in self for secret in _secrets_in(section)]


def load(
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Read the settings; SettingsError says one sentence for each key that is wrong.

    `config` is what `--config` named, `folder` stands in for the working directory.
    """
    keys = _keys()
    secrets = {key for key, kind in keys.items() if _holds_secret(kind)}
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


def _holds_secret(kind: object) -> bool:
    if isinstance(kind, type) and issubclass(kind, Section):
        return any(_holds_secret(leaf.annotation) for leaf in kind.model_fields.values())
    return kind is SecretStr or any(map(_holds_secret, get_args(kind)))


def _secrets_in(section: BaseModel) -> Iterator[SecretStr]:
    for _, value in section:
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, BaseModel):
                yield from _secrets_in(one)
            elif isinstance(one, SecretStr):
                yield one


def _nested(found: Mapping[str, Found]) -> dict[str, Any]:
    tree: dict[str, dict[str, Any]] = {}
    for key, one in found.items():
        section, _, name = key.partition(".")
        tree.setdefault(section, {})[name] = one.value
    return tree
