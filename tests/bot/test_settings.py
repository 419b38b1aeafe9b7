"""What people may write, and the sentence they read when it is wrong: long, as each has its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.errors import SettingsError
from bot.settings import Collection, Settings, Storage, load

Load = Callable[..., Settings]
Refusal = Callable[..., str]
DISCORD_ID = 175928847299117063
HIDDEN = "ghp_never-to-be-seen"
HELD = "held.txt"


@pytest.fixture
def read(tmp_path: Path) -> Load:
    """Load what is written in a folder of its own: YAML, `.env` and variables."""

    def read(
        yaml: str = "", dotenv: str = "", config: Path | None = None, **environ: str
    ) -> Settings:
        (tmp_path / "config.yaml").write_text(yaml, "utf-8")
        (tmp_path / ".env").write_text(dotenv, "utf-8")
        return load(config, environ, tmp_path)

    return read


@pytest.fixture
def refusal(read: Load) -> Refusal:
    """Tell why what is written is refused."""

    def refusal(
        yaml: str = "", dotenv: str = "", config: Path | None = None, **environ: str
    ) -> str:
        with pytest.raises(SettingsError) as caught:
            read(yaml, dotenv, config, **environ)
        return str(caught.value)

    return refusal


# --- sources ---


def test_nothing_written_gives_the_defaults(tmp_path: Path) -> None:
    settings = load(environ={}, folder=tmp_path)

    assert settings == Settings()
    assert settings.discord.token is None
    assert settings.collection.interval == 6 * 3_600
    assert settings.collection.timeout == 20
    assert settings.portfolio.repositories == ()


def test_the_environment_wins_over_dotenv_over_yaml_over_the_defaults(read: Load) -> None:
    yaml = "github: {concurrency: 5}\ncollection: {interval: 1h, timeout: 5s}"
    dotenv = "RADAR_COLLECTION__INTERVAL=2h\nRADAR_LOG__LEVEL=debug"
    settings = read(yaml, dotenv, RADAR_LOG__LEVEL="error")

    assert settings.log.level == "error"
    assert settings.collection.interval == 2 * 3_600
    assert settings.collection.timeout == 5
    assert settings.github.concurrency == 5
    assert settings.log.format == "text"


def test_a_named_file_takes_the_place_of_config_yaml(read: Load, tmp_path: Path) -> None:
    (tmp_path / "by_option.yaml").write_text("log: {level: debug}")
    (tmp_path / "by_variable.yaml").write_text("log: {level: error}")
    yaml = "log: {level: warning}"

    assert read(yaml).log.level == "warning"
    assert read(yaml, RADAR_CONFIG="by_variable.yaml").log.level == "error"
    assert read(yaml, dotenv="RADAR_CONFIG=by_variable.yaml").log.level == "error"
    option = tmp_path / "by_option.yaml"
    assert read(yaml, config=option, RADAR_CONFIG="by_variable.yaml").log.level == "debug"


def test_a_named_file_that_is_missing_is_refused(refusal: Refusal) -> None:
    by_option = refusal(config=Path("absent.yaml"))
    by_variable = refusal(RADAR_CONFIG="absent.yaml")

    assert by_option.startswith("absent.yaml, named by --config, does not exist: ")
    assert by_variable.startswith("absent.yaml, named by RADAR_CONFIG, does not exist: ")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot be read \(Is a directory\): put a text file"):
        load(tmp_path, {})


def test_dotenv_keeps_other_programs_lines_and_dollars_in_values(read: Load) -> None:
    settings = read(dotenv="POSTGRES_USER=x\nexport RADAR_GITHUB__TOKEN='a${HOME}b'")

    assert [secret.get_secret_value() for secret in settings.secrets()] == ["a${HOME}b"]


def test_dotenv_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"RADAR_LOG__LEVEL=\xff")

    with pytest.raises(SettingsError, match=r"^\.env cannot be read \(it is not UTF-8 text\)"):
        load(environ={}, folder=tmp_path)


def test_dotenv_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfRADAR_LOG__LEVEL=error")

    assert load(environ={}, folder=tmp_path).log.level == "error"


@pytest.mark.parametrize("yaml", ["", "# nothing", "log:", "log: {}", "log: {level: null}"])
def test_nothing_in_yaml_counts_as_not_set(read: Load, yaml: str) -> None:
    assert read(yaml) == Settings()


def test_an_empty_variable_counts_as_not_set(read: Load) -> None:
    settings = read("log: {level: debug}", RADAR_LOG__LEVEL="", RADAR_CONFIG="")

    assert settings.log.level == "debug"


# --- secrets ---


def test_a_secret_shows_itself_to_nobody_who_does_not_ask(read: Load) -> None:
    settings = read(RADAR_GITHUB__TOKEN=HIDDEN)

    assert settings.github.token is not None
    assert settings.github.token.get_secret_value() == HIDDEN
    assert HIDDEN not in f"{settings} {settings!r} {settings.model_dump()}"


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_an_empty_secret_counts_as_not_set(read: Load, tmp_path: Path, empty: str) -> None:
    (tmp_path / HELD).write_text(empty)

    assert read(f"discord: {{token: {json.dumps(empty)}}}").discord.token is None
    assert read(RADAR_DISCORD__TOKEN=empty).discord.token is None
    assert read(RADAR_DISCORD__TOKEN_FILE=empty).discord.token is None
    assert read(RADAR_DISCORD__TOKEN_FILE=HELD).discord.token is None


def test_an_empty_secret_leaves_the_next_source_its_turn(read: Load, tmp_path: Path) -> None:
    (tmp_path / HELD).write_text("\n")
    settings = read(
        "github: {token: a}\ndiscord: {token: b}",
        "RADAR_GITHUB__TOKEN=c",
        RADAR_GITHUB__TOKEN="",
        RADAR_DISCORD__TOKEN_FILE=HELD,
    )

    assert {secret.get_secret_value() for secret in settings.secrets()} == {"b", "c"}


@pytest.mark.parametrize("content", [HIDDEN, f"{HIDDEN}\n", f"{HIDDEN}\r\n", f"\ufeff{HIDDEN}"])
def test_a_secret_comes_from_the_file_a_variable_names(
    read: Load, tmp_path: Path, content: str
) -> None:
    (tmp_path / HELD).write_bytes(content.encode())
    settings = read(
        "discord: {token: weaker}",
        dotenv="RADAR_GITHUB__TOKEN_FILE=held.txt",
        RADAR_DISCORD__TOKEN_FILE=str(tmp_path / HELD),
    )

    assert [secret.get_secret_value() for secret in settings.secrets()] == [HIDDEN, HIDDEN]


def test_a_secret_in_place_of_its_files_path_is_not_shown(refusal: Refusal) -> None:
    said = refusal(RADAR_GITHUB__TOKEN_FILE=HIDDEN)

    assert said == (
        "github.token: the file in RADAR_GITHUB__TOKEN_FILE cannot be read "
        "(No such file or directory): put a text file there that the bot may read."
    )


def test_a_secret_and_its_file_at_once_are_refused(refusal: Refusal) -> None:
    said = refusal(RADAR_GITHUB__TOKEN=HIDDEN, RADAR_GITHUB__TOKEN_FILE=HELD)

    assert said == (
        "github.token comes from RADAR_GITHUB__TOKEN and RADAR_GITHUB__TOKEN_FILE: keep one."
    )


def test_a_refused_secret_is_not_shown(refusal: Refusal) -> None:
    said = refusal("github: {token: [ghp_never-to-be-seen]}")

    assert said == "github.token in config.yaml cannot be used: write text, in quotes."


@pytest.mark.parametrize(
    "yaml", ["github: {token: 7}", "github: {token: 'x'", "github: {token: 'x'}\nlogs: {}\nlog: x"]
)
def test_a_refusal_brings_no_exception_along_that_quotes_the_file(read: Load, yaml: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(yaml)

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


# --- several tokens, and an App ---

PEM = "-----BEGIN RSA PRIVATE KEY-----\nghp_never-to-be-seen\n-----END RSA PRIVATE KEY-----"
TWO = [{"token": HIDDEN, "owners": ["acme", "Globex"]}, {"token": "b", "owners": "initech, x"}]


@pytest.mark.parametrize("where", ["yaml", "variable", "file"])
def test_several_tokens_have_their_owners(read: Load, tmp_path: Path, where: str) -> None:
    written = json.dumps(TWO)
    (tmp_path / HELD).write_text(written)
    settings = {
        "yaml": lambda: read(f"github: {{tokens: {written}}}"),
        "variable": lambda: read(RADAR_GITHUB__TOKENS=written),
        "file": lambda: read(RADAR_GITHUB__TOKENS_FILE=HELD),
    }[where]()

    assert [one.owners for one in settings.github.tokens] == [("acme", "Globex"), ("initech", "x")]
    assert [secret.get_secret_value() for secret in settings.secrets()] == [HIDDEN, "b"]
    assert HIDDEN not in f"{settings} {settings!r} {settings.model_dump()}"


@pytest.mark.parametrize(
    ("tokens", "fix"),
    [
        ("ghp_never-to-be-seen", ': write a list such as [{"token": "ghp_…", "owners": ["acme"]}]'),
        ("[ghp_never-to-be-seen]", ": write a list such as"),
        ('[{"owners": ["a"]}]', " (item 1, token): write it, too"),
        (f'[{{"token": "{HIDDEN}"}}]', " (item 1, owners): write it, too"),
        (f'[{{"token": "{HIDDEN}", "owners": []}}]', " (item 1, owners): write at least one"),
        (
            f'[{{"token": "{HIDDEN}", "owners": ["a/b"]}}]',
            " (item 1, owners, item 1): write a user or an organisation, such as acme",
        ),
        (
            f'[{{"token": "x", "owners": ["a"], "{HIDDEN}": 1}}]',
            " (item 1): write only what config.example.yaml shows",
        ),
        (
            f'[{{"token": "{HIDDEN}", "owners": ["a", "b"]}}, {{"token": "x", "owners": ["A"]}}]',
            ": a is named twice, give each owner one token",
        ),
    ],
)
def test_a_wrong_list_of_tokens_says_where_and_shows_none(
    refusal: Refusal, tokens: str, fix: str
) -> None:
    by_yaml = refusal(f"github: {{tokens: {tokens}}}")

    assert by_yaml.startswith(f"github.tokens in config.yaml cannot be used{fix}")
    assert HIDDEN not in by_yaml
    assert "\n" not in by_yaml


def test_a_list_of_tokens_that_is_not_json_is_not_shown(refusal: Refusal) -> None:
    said = refusal(RADAR_GITHUB__TOKENS=f'[{{"token": "{HIDDEN}"')

    assert said.startswith("github.tokens from RADAR_GITHUB__TOKENS cannot be used: ")
    assert HIDDEN not in said


def test_an_app_has_a_number_and_a_key(read: Load, tmp_path: Path) -> None:
    (tmp_path / HELD).write_text(f"{PEM}\n")
    by_file = read(RADAR_GITHUB__APP_ID="7", RADAR_GITHUB__APP_PRIVATE_KEY_FILE=HELD)
    in_one_line = PEM.replace("\n", "\\n")
    by_variable = read(RADAR_GITHUB__APP_ID="7", RADAR_GITHUB__APP_PRIVATE_KEY=in_one_line)

    for settings in (by_file, by_variable):
        assert settings.github.app_id == 7
        assert [secret.get_secret_value() for secret in settings.secrets()] == [PEM]
        assert HIDDEN not in repr(settings)


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ("app_id: 7", "github.app_private_key cannot be used: set it, as github.app_id is set."),
        (
            f"app_private_key: {json.dumps(PEM)}",
            (
                "github.app_private_key in config.yaml cannot be used: set github.app_id, too, the"
                " number of the App."
            ),
        ),
        (
            f"app_id: 7, app_private_key: {HIDDEN}",
            (
                "github.app_private_key in config.yaml cannot be used:"
                " write the whole content of the .pem file."
            ),
        ),
        ("app_id: x", "github.app_id in config.yaml is 'x': write a whole number."),
        ("app_id: 0", "github.app_id in config.yaml is 0: write 1 or more."),
    ],
)
def test_half_an_app_is_refused(refusal: Refusal, yaml: str, said: str) -> None:
    assert refusal(f"github: {{{yaml}}}") == said


# --- unknown keys ---


@pytest.mark.parametrize(
    ("yaml", "right"),
    [
        ("collection: {intervall: 6h}", "collection.interval"),
        ("colection: {interval: 6h}", "collection.interval"),
        ("interval: 6h", "collection.interval"),
        ("github: {tokn: null}", "github.token"),
        ("storage: {url: {path: x}}", None),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(
    refusal: Refusal, yaml: str, right: str | None
) -> None:
    said = refusal(yaml)

    if right:
        assert said.endswith(f" in config.yaml is not a setting: did you mean {right}?")
    else:
        assert said == "storage.url in config.yaml is {'path': 'x'}: write text, in quotes."


def test_a_key_like_no_other_is_sent_to_the_example(refusal: Refusal) -> None:
    said = refusal("zzz: 1")

    assert said == "zzz in config.yaml is not a setting: config.example.yaml lists every setting."


def test_an_unknown_variable_is_refused_wherever_it_stands(refusal: Refusal) -> None:
    right = "is not a setting: did you mean RADAR_LOG__LEVEL?"

    assert refusal(RADAR_LOG_LEVEL="info") == f"RADAR_LOG_LEVEL {right}"
    assert refusal(RADAR_LOG__LEVLE="") == f"RADAR_LOG__LEVLE {right}"
    assert refusal(dotenv="RADAR_LOG__LEVE=x") == f"RADAR_LOG__LEVE in .env {right}"


def test_other_programs_variables_are_none_of_ours(read: Load) -> None:
    assert read(PATH="/bin", RADARS="7", dotenv="MY_RADAR_LOG=x") == Settings()


def test_only_a_secret_may_come_from_a_file(refusal: Refusal) -> None:
    said = refusal(RADAR_LOG__LEVEL_FILE="level")

    assert said.startswith("RADAR_LOG__LEVEL_FILE is not a setting: ")


# --- broken YAML ---


def test_broken_yaml_names_file_line_and_column(refusal: Refusal) -> None:
    said = refusal("log:\n  level: info\n format: text\n")

    assert said.startswith("config.yaml, line 3, column 2, is not YAML (")
    assert said.endswith("look there and just above for a wrong indentation, colon or quote.")


@pytest.mark.parametrize("yaml", ["- log", "log", "7"])
def test_yaml_without_keys_is_refused(refusal: Refusal, yaml: str) -> None:
    assert refusal(yaml).startswith("config.yaml holds no settings: ")


@pytest.mark.parametrize("content", [b"log: \xff", b"day: 2026-13-01"])
def test_yaml_that_cannot_be_understood_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(content)

    with pytest.raises(SettingsError, match=r"^config.yaml is not YAML \("):
        load(environ={}, folder=tmp_path)


def test_a_section_with_a_bare_value_is_refused(refusal: Refusal) -> None:
    said = refusal("collection: 6h")

    assert said == "collection in config.yaml is a section: write its keys below it."


def test_yaml_with_a_list_for_a_key_is_refused(refusal: Refusal) -> None:
    assert refusal("? [log, level]\n: info").startswith(
        "config.yaml, line 1, column 3, is not YAML"
    )


def test_a_key_written_twice_is_refused(refusal: Refusal) -> None:
    said = refusal("log:\n  level: info\ngithub:\n  concurrency: 2\nlog:\n  format: json\n")

    assert said == "config.yaml, line 5, has log a second time: join the two."


# --- values ---


@pytest.mark.parametrize(
    ("written", "seconds"), [("90s", 90), ("30m", 1_800), ("6h", 21_600), ("2d", 172_800)]
)
def test_a_duration_becomes_seconds(read: Load, written: str, seconds: int) -> None:
    assert read(f"collection: {{timeout: {written}}}").collection.timeout == seconds
    assert read(RADAR_COLLECTION__TIMEOUT=written).collection.timeout == seconds


@pytest.mark.parametrize("written", ["6 hours", "6", "h", "-6h", "1.5h", "6H", "1h30m", "9999999d"])
def test_anything_else_is_no_duration(refusal: Refusal, written: str) -> None:
    said = refusal(f"collection: {{interval: '{written}'}}")

    assert said == (
        f"collection.interval in config.yaml is '{written}': "
        "write a duration such as 6h, 30m or 2d."
    )


def test_a_duration_needs_its_unit(refusal: Refusal) -> None:
    said = refusal("collection: {timeout: 20}")

    assert said.startswith("collection.timeout in config.yaml is 20: write a duration")


@pytest.mark.parametrize(
    ("key", "written", "least"), [("interval", "299s", "5m"), ("timeout", "0s", "1s")]
)
def test_a_duration_below_its_least_is_refused(
    refusal: Refusal, key: str, written: str, least: str
) -> None:
    name = f"RADAR_COLLECTION__{key.upper()}"
    said = refusal(**{name: written})

    assert said == f"collection.{key} from {name} is '{written}': write {least} or more."


def test_a_duration_at_its_least_is_taken(read: Load) -> None:
    assert read("collection: {interval: 5m}").collection.interval == 300


@pytest.mark.parametrize(
    "written", [f"{DISCORD_ID},7", f" {DISCORD_ID} , 7 ,", f'["{DISCORD_ID}", 7]']
)
def test_a_list_in_a_variable_is_json_or_has_commas(read: Load, written: str) -> None:
    assert read(RADAR_PORTFOLIO__GUILDS=written).portfolio.guilds == (DISCORD_ID, 7)


def test_a_list_in_yaml_takes_ids_as_numbers_or_text(read: Load) -> None:
    settings = read(f"github: {{private_guilds: [{DISCORD_ID}, '7']}}")

    assert settings.github.private_guilds == (DISCORD_ID, 7)


def test_an_empty_json_list_empties_a_list(read: Load) -> None:
    settings = read("portfolio: {repositories: [a/b]}", RADAR_PORTFOLIO__REPOSITORIES="[]")

    assert settings.portfolio.repositories == ()


def test_an_unclosed_json_list_is_refused(refusal: Refusal) -> None:
    said = refusal(RADAR_PORTFOLIO__GUILDS="[1, 2")

    assert said == (
        "portfolio.guilds from RADAR_PORTFOLIO__GUILDS is '[1, 2': "
        "close the list, or write only commas between its items."
    )


@pytest.mark.parametrize("wrong", ["0", "-1", str(2**63)])
def test_what_cannot_be_a_discord_id_is_refused(refusal: Refusal, wrong: str) -> None:
    said = refusal(f"portfolio: {{guilds: [7, {wrong}]}}")

    assert said == (
        f"portfolio.guilds in config.yaml holds {wrong}: "
        "write a Discord id, such as 175928847299117063."
    )


@pytest.mark.parametrize("name", ["acme/rocket", "https://github.com/acme/rocket"])
def test_a_repository_is_an_owner_and_a_name(read: Load, name: str) -> None:
    assert read(RADAR_PORTFOLIO__REPOSITORIES=name).portfolio.repositories == ("acme/rocket",)


@pytest.mark.parametrize("name", ["rocket", "a/b/c", "acme/.."])
def test_anything_else_is_no_repository(refusal: Refusal, name: str) -> None:
    said = refusal(f"portfolio: {{repositories: [acme/rocket, {name}]}}")

    assert said == (
        f"portfolio.repositories in config.yaml holds '{name}': write a repository as owner/name."
    )


@pytest.mark.parametrize(("written", "fix"), [("0", "1 or more"), ("21", "20 or less")])
def test_a_number_outside_its_bounds_is_refused(refusal: Refusal, written: str, fix: str) -> None:
    said = refusal(f"github: {{concurrency: {written}}}")

    assert said == f"github.concurrency in config.yaml is {written}: write {fix}."


@pytest.mark.parametrize("written", ["many", "4.5", "true"])
def test_a_number_is_whole(refusal: Refusal, written: str) -> None:
    assert refusal(f"github: {{concurrency: {written}}}").endswith(": write a whole number.")


def test_a_choice_names_what_there_is(refusal: Refusal) -> None:
    said = refusal(dotenv="RADAR_LOG__FORMAT=xml")

    assert said == ("log.format from RADAR_LOG__FORMAT in .env is 'xml': write 'text' or 'json'.")


def test_an_address_loses_its_trailing_slash(read: Load) -> None:
    settings = read("discord: {api_url: 'http://proxy:8080/api/', gateway_url: 'ws://proxy/'}")

    assert settings.discord.api_url == "http://proxy:8080/api"
    assert settings.discord.gateway_url == "ws://proxy"


@pytest.mark.parametrize(
    "url", ["api.github.com", "ftp://host", "https://", "http://[", "wss://host"]
)
def test_a_web_address_begins_with_http(refusal: Refusal, url: str) -> None:
    said = refusal(RADAR_GITHUB__API_URL=url)

    assert said.endswith(f"is '{url}': write an address that begins with https:// or http://.")


def test_a_gateway_is_a_web_socket(refusal: Refusal) -> None:
    said = refusal(RADAR_DISCORD__GATEWAY_URL="https://gateway.discord.gg")

    assert said.endswith("write an address that begins with wss:// or ws://.")


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///data/radar.db", "data/radar.db"), ("sqlite:////var/radar.db", "/var/radar.db")],
)
def test_the_database_is_a_relative_or_an_absolute_file(url: str, path: str) -> None:
    assert Storage(url=url).path == Path(path)


@pytest.mark.parametrize(
    "url",
    ["postgresql://host/db", "data/radar.db", "sqlite://", "sqlite:///", "sqlite:///:memory:"],
)
def test_any_other_database_is_refused(refusal: Refusal, url: str) -> None:
    said = refusal(RADAR_STORAGE__URL=url)

    assert said.startswith(f"storage.url from RADAR_STORAGE__URL is '{url}': write sqlite:///")


def test_shards_are_some_of_a_known_number(read: Load) -> None:
    settings = read("discord: {shard_ids: [0, 3], shard_count: 4}")

    assert settings.discord.shard_ids == (0, 3)
    assert settings.discord.shard_count == 4


@pytest.mark.parametrize(
    ("rest", "fix"),
    [
        ("shard_ids: [0]", "set discord.shard_count too"),
        ("shard_ids: [4], shard_count: 4", "write shards from 0 to 3, as discord.shard_count is 4"),
        ("shard_ids: [], shard_count: 4", "write shards from 0 to 3, as discord.shard_count is 4"),
    ],
)
def test_shards_that_cannot_be_are_refused(refusal: Refusal, rest: str, fix: str) -> None:
    said = refusal(f"discord: {{{rest}}}")

    assert said.startswith("discord.shard_ids in config.yaml is [")
    assert fix in said


def test_a_wrong_shard_count_is_told_once(refusal: Refusal) -> None:
    said = refusal("discord: {shard_ids: [0], shard_count: x}")

    assert said == "discord.shard_count in config.yaml is 'x': write a whole number."


def test_every_wrong_value_has_its_own_line(refusal: Refusal) -> None:
    said = refusal("log: {level: loud}", dotenv="RADAR_GITHUB__CONCURRENCY=x")

    assert [line.partition(" ")[0] for line in said.splitlines()] == [
        "github.concurrency",
        "log.level",
    ]


def test_settings_do_not_change_once_read() -> None:
    settings = Settings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.log = settings.log
    with pytest.raises(ValidationError, match="frozen"):
        settings.collection.interval = 1


@pytest.mark.parametrize("written", [{"intervall": "6h"}, {"interval": 21_600}])
def test_settings_made_in_a_program_are_held_to_the_same_rules(written: dict[str, object]) -> None:
    assert Collection.model_validate({"interval": "2h"}).interval == 7_200
    with pytest.raises(ValidationError):
        Collection.model_validate(written)


@pytest.mark.parametrize(
    ("github", "anonymous"),
    [
        ({}, True),
        ({"token": "a"}, False),
        ({"tokens": [{"token": "a", "owners": "acme"}]}, False),
        ({"app_id": 1, "app_private_key": PEM}, False),
    ],
)
def test_without_token_and_app_nobody_stands_behind_a_request(
    github: dict[str, object], *, anonymous: bool
) -> None:
    assert Settings.model_validate({"github": github}).github.is_anonymous is anonymous
