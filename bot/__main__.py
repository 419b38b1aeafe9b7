"""`python -m bot` and `repo-radar` are one program."""

import sys
from io import TextIOWrapper

from bot.cli import cli
from bot.errors import RadarError


def main() -> None:
    """Run a command; a failure is one sentence on standard error and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe that knows no star gets a question mark
    try:
        cli()
    except RadarError as error:
        print(error, file=sys.stderr)  # noqa: T201  # this is the command line
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
