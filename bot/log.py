"""One pipeline for every log line, ours and the libraries': to stderr, in UTC, without secrets."""

import json
import logging
import sys
from collections.abc import Iterable

import structlog
from pydantic import SecretStr
from structlog.typing import EventDict, Processor, WrappedLogger

_HIDDEN = "***"
_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


class Redact:
    """The last step: works on the finished line, so nothing before it can let a secret through."""

    def __init__(self, secrets: Iterable[SecretStr]) -> None:
        plain = {secret.get_secret_value() for secret in secrets} - {""}
        escaped = {json.dumps(text)[1:-1] for text in plain}
        self._texts = sorted(plain | escaped, key=len, reverse=True)  # one may contain another

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict | str) -> str:
        text = str(line)
        for secret in self._texts:
            text = text.replace(secret, _HIDDEN)
        return text


def configure(level: str, fmt: str, secrets: Iterable[SecretStr]) -> None:
    """Send structlog and the standard library's loggers through one new handler."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(fmt, secrets))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(number)
    _calm_libraries(number)


def _formatter(fmt: str, secrets: Iterable[SecretStr]) -> logging.Formatter:
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        processors=[remove_meta, *_renderers(fmt), Redact(secrets)],
        foreign_pre_chain=_SHARED,
    )


def _renderers(fmt: str) -> list[Processor]:
    if fmt == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # pretty ones show locals
        )
    ]


def _calm_libraries(number: int) -> None:
    debugging = number <= logging.DEBUG
    logging.getLogger("discord").setLevel(number if debugging else max(number, logging.WARNING))
    # Who waits for GitHub is told why, in words: stamina's line a retry only says it again.
    logging.getLogger("stamina").setLevel(number if debugging else max(number, logging.ERROR))
    # Two lines for every statement, parameters included, would drown everything else.
    logging.getLogger("aiosqlite").setLevel(max(number, logging.INFO))
