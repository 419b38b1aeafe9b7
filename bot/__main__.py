"""`python -m bot` and `repo-radar` are one program."""

import sys
from io import TextIOWrapper

from bot.errors import RadarError


def main() -> None:
    """Run a command; a failure is one sentence on standard error and its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe that knows no star gets a question mark
    try:
        if sys.argv[1:] == ["run"]:
            _serve()
        else:
            _command()
    except RadarError as error:
        print(error, file=sys.stderr)  # noqa: T201  # this is the command line
        sys.exit(error.exit_code)


def _serve() -> None:
    """Nothing is to be parsed, and the command line would stay for as long as the bot: 2 MB."""
    try:
        from bot.serving import serve

        serve()
    except KeyboardInterrupt:  # before the bot has its own way to stop; the others exit likewise
        sys.exit(130)


def _command() -> None:
    from bot.cli import cli

    cli()


if __name__ == "__main__":
    main()
