"""Somebody at a terminal: the command line in this process, as `repo-radar` would run it."""

import asyncio
import io
import json
import logging
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import pytest
import structlog

from bot.__main__ import main


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  # as it comes
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one line on standard error; nothing else was printed."""
        assert "Traceback" not in self.err
        (line,) = self.err.splitlines()
        assert line.endswith((".", "?"))
        assert self.out == ""
        return line


async def run(*words: str) -> Said:
    """Run a command in a thread, for the stand-ins to be able to answer it meanwhile."""
    out, err = io.StringIO(), io.StringIO()
    handlers, level = list(logging.root.handlers), logging.root.level
    try:
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "argv", ["repo-radar", *words])
            code = await asyncio.to_thread(_ended)
    finally:
        logging.root.handlers, logging.root.level = handlers, level
        structlog.reset_defaults()
    return Said(code, out.getvalue(), err.getvalue())


def _ended() -> int:
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0
