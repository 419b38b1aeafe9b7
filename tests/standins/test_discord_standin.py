"""The Discord stand-in, held against a real discord.py bot in the same process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from io import BytesIO
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket

from tests.standins import contract
from tests.standins.discord_api import (
    Answer,
    CannotAsk,
    DiscordStandIn,
    NoAnswer,
    NotSeen,
    Permission,
)

needs_contract = pytest.mark.skipif(
    not contract.available(), reason="Discord's description (../shared/contracts) is not here"
)


class TinyBot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), guild_ready_timeout=0)
        self.tree = app_commands.CommandTree(self)
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.resumed = asyncio.Event()
        self.failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._add_commands()

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify anew at once: discord.py would sleep for five seconds."""

    async def on_resumed(self) -> None:
        self.resumed.set()

    def _add_commands(self) -> None:
        group = Track(name="track", description="Watch repositories")
        commands: list[Any] = [ping, diff, slow, sync, refuse, digest, group]
        for command in commands:
            self.tree.add_command(command)
        self.tree.error(self._keep)

    async def _keep(
        self, _interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        self.failed.set_result(getattr(error, "original", error))


def bot_of(interaction: discord.Interaction) -> TinyBot:
    assert isinstance(interaction.client, TinyBot)
    return interaction.client


@app_commands.command(description="Answer at once")
async def ping(interaction: discord.Interaction, text: str = "pong") -> None:
    await interaction.response.send_message(text, ephemeral=True)


@app_commands.command(description="Show what changed")
@app_commands.choices(
    window=[app_commands.Choice(name=name, value=name) for name in ("7d", "30d")],
)
async def diff(interaction: discord.Interaction, repo: str, window: str = "7d") -> None:
    await interaction.response.defer()
    embed = discord.Embed(title=repo, description=f"over {window}")
    embed.add_field(name="Stars", value="+12").set_footer(text="sampled 08:58")
    embed.set_image(url="attachment://chart.png")
    chart = discord.File(BytesIO(b"picture"), "chart.png")
    await interaction.edit_original_response(embed=embed, attachments=[chart], view=Windows())


@diff.autocomplete("repo")
async def complete(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{typed}/{name}", value=name) for name in ("a", "b")]


class Windows(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="90d", custom_id="window:90d")
    async def quarter(
        self, interaction: discord.Interaction, _button: discord.ui.Button["Windows"]
    ) -> None:
        await interaction.response.edit_message(content="over 90d", embed=None, attachments=[])


@app_commands.command(description="Answer when told to")
async def slow(interaction: discord.Interaction) -> None:
    bot = bot_of(interaction)
    bot.entered.set()
    await bot.go_on.wait()
    await interaction.response.send_message("at last")


@app_commands.command(description="Show progress")
async def sync(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("1 of 2")
    await bot_of(interaction).go_on.wait()
    await interaction.edit_original_response(content="2 of 2")


@app_commands.command(description="Think in public, refuse in private")
@app_commands.default_permissions(manage_guild=True)
async def refuse(interaction: discord.Interaction) -> None:
    await interaction.response.defer()
    await interaction.delete_original_response()
    await interaction.followup.send("not here", ephemeral=True)


@app_commands.command(description="Post to a channel")
async def digest(interaction: discord.Interaction, channel: discord.TextChannel, text: str) -> None:
    await interaction.response.defer(ephemeral=True)
    await channel.send(text, nonce="outbox-1", view=Windows())
    await interaction.followup.send("posted")


class Track(app_commands.Group):
    @app_commands.command(description="Watch one more")
    async def add(self, interaction: discord.Interaction, target: str) -> None:
        await interaction.response.send_message(f"watching {target}")


@asynccontextmanager
async def running(standin: DiscordStandIn) -> AsyncIterator[TinyBot]:
    async with TinyBot() as bot:
        task = asyncio.create_task(bot.start(standin.token))
        try:
            await standin.ready()
            yield bot
        finally:
            await bot.close()
            await task


@pytest.fixture
async def standin(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn(patience=5) as standin:
        monkeypatch.setattr(discord.http.Route, "BASE", standin.api_url)
        monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(standin.gateway_url))
        yield standin


@pytest.fixture
async def bot(standin: DiscordStandIn) -> AsyncIterator[TinyBot]:
    async with running(standin) as bot:
        yield bot


async def test_a_bot_logs_in_and_registers_its_commands(standin: DiscordStandIn) -> None:
    guild = standin.add_guild("Acme", channels=["general", "reports"])

    async with running(standin) as bot:
        await bot.wait_until_ready()
        await standin.commands_registered("ping", "diff", "track")

        assert [known.name for known in bot.guilds] == ["Acme"]
        assert bot.guilds[0].me.guild_permissions.send_messages
        assert [command.name for command in await bot.tree.fetch_commands()] == [*standin.commands]
        assert standin.commands["diff"]["options"][0]["name"] == "repo"

    assert (standin.command_registrations, standin.identifies, standin.resumes) == (1, 1, 0)
    assert guild.id
    assert standin.unknown_routes == []
    assert standin.violations == []


async def test_a_guild_may_come_and_go_later(standin: DiscordStandIn, bot: TinyBot) -> None:
    await bot.wait_until_ready()
    joined = asyncio.ensure_future(bot.wait_for("guild_join", timeout=5))
    left = asyncio.ensure_future(bot.wait_for("guild_remove", timeout=5))
    await asyncio.wait([joined, left], timeout=0)

    guild = standin.add_guild("Globex")
    assert (await joined).name == "Globex"
    standin.remove_guild(guild)
    assert (await left).id == guild.id


@pytest.fixture
def ask(standin: DiscordStandIn, bot: TinyBot) -> "Ask":
    return Ask(standin, bot)


class Ask:
    """Alice, who manages Acme, asks in #general."""

    def __init__(self, standin: DiscordStandIn, bot: TinyBot) -> None:
        self.standin = standin
        self.bot = bot
        self.guild = standin.add_guild("Acme", channels=["general", "reports"])
        self.alice = standin.add_user("alice")
        standin.join(self.guild, self.alice, manage=True)

    async def __call__(self, line: str, **options: object) -> Answer:
        return await self.standin.slash(self.guild, "general", self.alice, line, **options)


async def test_an_answer_at_once(ask: Ask) -> None:
    answer = await ask("ping")

    assert (answer.text, answer.ephemeral, answer.deferred) == ("pong", True, False)
    assert answer.acknowledged_after is not None
    assert answer.acknowledged_after < 3
    assert ask.standin.messages("general") == []  # it was for alice only


async def test_an_answer_deferred_and_then_edited(ask: Ask) -> None:
    answer = await ask("diff", repo="a/b", window="30d")

    assert answer.deferred
    assert answer.text.split("\n") == ["a/b", "over 30d", "Stars", "+12", "sampled 08:58", "90d"]
    assert answer.files == {"chart.png": b"picture"}
    assert [message.text for message in ask.standin.messages("general")] == [answer.text]
    assert ask.standin.violations == []


async def test_a_button_updates_its_message(ask: Ask) -> None:
    answer = await ask("diff", repo="a/b")
    clicked = await ask.standin.click(answer, "90d", ask.alice)

    assert clicked.text == answer.text == "over 90d\n90d"
    assert answer.files == {}
    with pytest.raises(CannotAsk, match="no button '1d'"):
        await ask.standin.click(answer, "1d", ask.alice)


async def test_a_deferred_answer_is_deleted_and_followed_up(ask: Ask) -> None:
    answer = await ask("refuse")

    assert (answer.text, answer.ephemeral) == ("not here", True)
    assert ask.standin.messages("general") == []


async def test_a_later_state_of_an_answer(ask: Ask) -> None:
    answer = await ask("sync")
    assert (answer.text, answer.edits) == ("1 of 2", [])

    ask.bot.go_on.set()
    await answer.until(lambda now: now.text == "2 of 2")
    assert answer.edits == ["2 of 2"]


async def test_a_subcommand(ask: Ask) -> None:
    assert (await ask("track add", target="a/b")).text == "watching a/b"


async def test_a_late_answer_is_no_answer(ask: Ask, bot: TinyBot) -> None:
    asking = asyncio.create_task(ask("slow"))
    await asyncio.wait_for(bot.entered.wait(), 5)
    ask.standin.let_pass(4)
    bot.go_on.set()

    with pytest.raises(NoAnswer, match=r"after 4\.0 s"):
        await asking
    refusal = await asyncio.wait_for(bot.failed, 5)
    assert isinstance(refusal, discord.NotFound)
    assert refusal.code == 10062


async def test_an_old_answer_can_no_longer_be_edited(ask: Ask, bot: TinyBot) -> None:
    await ask("diff", repo="a/b")
    ask.standin.let_pass(15 * 60 + 1)
    edit = ask.standin.requests[-1]
    url = ask.standin.api_url + edit.path

    session = bot.http._HTTPClient__session  # type: ignore[attr-defined]  # noqa: SLF001  any would do
    async with session.patch(url, json={"content": "too late"}) as response:
        assert (response.status, (await response.json())["code"]) == (401, 50027)


async def test_autocomplete(ask: Ask) -> None:
    place = (ask.guild, "general", ask.alice)
    choices = await ask.standin.autocomplete(*place, "diff", "repo", "acme", window="7d")

    assert [(choice.name, choice.value) for choice in choices] == [("acme/a", "a"), ("acme/b", "b")]
    with pytest.raises(CannotAsk, match="does not complete 'window'"):
        await ask.standin.autocomplete(*place, "diff", "window", "7")


@pytest.mark.parametrize(
    ("line", "options", "words"),
    [
        ("dif", {}, "no command /dif"),
        ("diff", {}, "requires repo"),
        ("diff", {"repo": "a/b", "windows": "7d"}, "no option windows"),
        ("diff", {"repo": 7}, "takes text"),
        ("diff", {"repo": "a/b", "window": "8d"}, "offers"),
        ("track", {}, "needs a subcommand"),
        ("track drop", {}, "no subcommand 'drop'"),
        ("digest", {"channel": "reports", "text": "hello"}, "takes a channel"),
    ],
)
async def test_what_discord_would_not_send_is_refused(
    ask: Ask, line: str, options: dict[str, object], words: str
) -> None:
    with pytest.raises(CannotAsk, match=words):
        await ask(line, **options)


async def test_who_does_not_manage_does_not_see_the_managers_commands(ask: Ask) -> None:
    bob = ask.standin.add_user("bob")
    ask.standin.join(ask.guild, bob)

    with pytest.raises(CannotAsk, match="permissions"):
        await ask.standin.slash(ask.guild, "general", bob, "refuse")


async def test_a_post_with_an_enforced_nonce_is_sent_once(ask: Ask) -> None:
    reports = ask.guild.channel("reports")
    answer = await ask("digest", channel=reports, text="hello")
    await ask("digest", channel=reports, text="hello again")

    (posted,) = ask.standin.messages("reports")
    assert posted.text == "hello\n90d"
    assert (answer.text, answer.ephemeral) == ("posted", True)
    clicked = await ask.standin.click(posted, "window:90d", ask.alice)
    assert clicked.text == "over 90d\n90d"


@pytest.mark.parametrize(
    ("denied", "code"), [(Permission.VIEW_CHANNEL, 50001), (Permission.SEND_MESSAGES, 50013)]
)
async def test_a_channel_closed_to_the_bot(
    ask: Ask, bot: TinyBot, denied: Permission, code: int
) -> None:
    ask.standin.deny(ask.guild, "reports", denied)
    with pytest.raises(discord.Forbidden) as refusal:
        await bot.get_partial_messageable(ask.guild.channel("reports").id).send("hello")

    assert refusal.value.code == code


async def test_a_deleted_channel_is_unknown(ask: Ask, bot: TinyBot) -> None:
    reports = ask.guild.channel("reports")
    ask.standin.delete_channel(ask.guild, "reports")

    with pytest.raises(discord.NotFound) as refusal:
        await bot.get_partial_messageable(reports.id).send("hello")
    assert refusal.value.code == 10003


async def test_channel_history_newest_first(ask: Ask, bot: TinyBot) -> None:
    channel = bot.get_partial_messageable(ask.guild.channel("reports").id)
    first, *_ = [await channel.send(text) for text in ("one", "two", "three")]

    assert [said.content async for said in channel.history(limit=2)] == ["three", "two"]
    assert [said.content async for said in channel.history(after=first)] == ["two", "three"]
    ask.standin.deny(ask.guild, "reports", Permission.READ_MESSAGE_HISTORY)
    assert [said async for said in channel.history()] == []


async def test_ordered_faults(ask: Ask, bot: TinyBot) -> None:
    channel = bot.get_partial_messageable(ask.guild.channel("reports").id)
    ask.standin.fail("POST", "/channels/*/messages", status=503, carried_out=True)
    ask.standin.limit("POST", "/channels/*/messages", 0.01)

    with pytest.raises(discord.DiscordServerError):  # 503 is not retried by discord.py
        await channel.send("done, but nobody knows")
    await channel.send("after the limit")

    statuses = [call.status for call in ask.standin.requests if call.path.endswith("/messages")]
    assert statuses == [503, 429, 200]
    assert len(ask.standin.messages("reports")) == 2


@pytest.mark.usefixtures("standin")
async def test_a_wrong_token_is_refused() -> None:
    async with TinyBot() as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.login("wrong")


async def test_a_token_revoked_later_closes_the_gateway(standin: DiscordStandIn) -> None:
    async with TinyBot() as bot:
        await bot.login(standin.token)
        standin.token = "the next one"  # noqa: S105
        with pytest.raises(discord.ConnectionClosed) as closed:
            await bot.connect()

    assert closed.value.code == 4004


async def test_a_dropped_bot_resumes_and_gets_what_it_missed(ask: Ask, bot: TinyBot) -> None:
    await ask.standin.drop_gateway()
    ask.standin.add_guild("Globex")
    await asyncio.wait_for(bot.resumed.wait(), 5)

    assert (ask.standin.identifies, ask.standin.resumes) == (1, 1)
    assert [guild.name for guild in bot.guilds] == ["Acme", "Globex"]
    assert (await ask("ping")).text == "pong"


async def test_a_forgotten_session_identifies_anew(ask: Ask) -> None:
    await ask.standin.drop_gateway(resumable=False)
    await ask.standin.until(lambda: ask.standin.identifies == 2, "a second login")

    assert ask.standin.resumes == 0


async def test_privileged_intents_are_refused(standin: DiscordStandIn) -> None:
    async with discord.Client(intents=discord.Intents.all()) as client:
        await client.login(standin.token)
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await client.connect()


async def test_an_unknown_route_is_kept(standin: DiscordStandIn, bot: TinyBot) -> None:
    with pytest.raises(discord.DiscordServerError):
        await bot.fetch_invite("abc")

    assert standin.unknown_routes == ["GET /invites/abc"]


async def test_waiting_ends_with_a_sentence() -> None:
    async with DiscordStandIn(patience=0.01) as standin:
        with pytest.raises(NotSeen, match="in vain for the bot to log in"):
            await standin.ready()


@needs_contract
async def test_a_violation_deep_in_a_reply_is_named(ask: Ask) -> None:
    asking = asyncio.create_task(ask("ping", text="x" * 2001))
    assert isinstance(await asyncio.wait_for(ask.bot.failed, 5), discord.HTTPException)
    asking.cancel()
    await asyncio.wait([asking])

    (violation,) = ask.standin.violations
    assert "callback: $.data.content: " in violation


@needs_contract
async def test_a_body_against_the_contract_is_refused_and_kept(ask: Ask, bot: TinyBot) -> None:
    channel = bot.get_partial_messageable(ask.guild.channel("reports").id)
    with pytest.raises(discord.HTTPException) as refusal:
        await channel.send(embed=discord.Embed(title="x" * 257))

    assert refusal.value.code == 50035
    (violation,) = ask.standin.violations
    assert "$.embeds[0].title" in violation


async def test_limits_that_the_contract_leaves_out(ask: Ask, bot: TinyBot) -> None:
    channel = bot.get_partial_messageable(ask.guild.channel("reports").id)
    embeds = [discord.Embed(description="x" * 3001) for _ in range(2)]
    embeds[0].set_image(url="attachment://absent.png")
    row = discord.ui.View(timeout=None)
    for label in ("one", "two"):
        row.add_item(discord.ui.Button(label=label, custom_id="same"))
    with suppress(discord.HTTPException):
        await channel.send(embeds=embeds, view=row)

    assert ask.standin.messages("reports") == []
    assert ask.standin.violations == [
        "6002 characters in embeds, at most 6000",
        "custom_id 'same' used 2 times",
        "attachment://absent.png is not attached",
    ]
