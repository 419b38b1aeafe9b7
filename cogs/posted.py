"""The button of a posted digest: the same repositories over a longer time, for who presses it."""

from bot.render.discord import POSTED
from cogs.replies import Press


class PressPosted(
    Press, template=rf"(?s){POSTED}(?P<post>[0-9]+):(?P<command>digest):(?P<wish>.*)"
):
    """Asks /digest; the post's id in it is how the post is found again (bot/notify/marker.py)."""
