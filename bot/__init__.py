"""Repo Radar: a Discord bot that remembers what GitHub forgets."""

__version__ = "0.1.0"
