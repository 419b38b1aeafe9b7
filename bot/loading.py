"""The settings as the whole program obeys them: what is logged, too."""

from pathlib import Path

from bot import log
from bot.settings import Settings, load


def settings_of(config: Path | None) -> Settings:
    """Load the settings and let the log obey them."""
    settings = load(config)
    log.configure(settings.log.level, settings.log.format, settings.secrets())
    return settings
