"""Runs a command; every way in which it can end becomes an exit code, and every error one sentence without a traceback."""

from collections.abc import Sequence

from typer import TyperException

from sidecar.cli import INTERRUPTED, OK, USAGE
from sidecar.cli.commands import app
from sidecar.cli.failing import said
from sidecar.cli.help import dress
from sidecar.cli.output import NAME, discard_output, say
from sidecar.errors import SidecarError

dress(app)


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command line; whatever there is to say has been said.

    Errors that nobody foresaw are not caught: a bug shows its traceback.
    """
    try:
        code = app(list(arguments), prog_name=NAME, standalone_mode=False) or OK
    except TyperException as wrong:
        sentence = wrong.format_message().replace("Value error, ", "")  # pydantic's words, which typer passes on
        say(f"{sentence}\nTry '{_command_of(wrong)} --help'.")
        return USAGE
    except SidecarError as failed:
        return said(failed)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code == INTERRUPTED:  # typer makes a number of it, too
        discard_output()
    return int(code)


def _command_of(wrong: TyperException) -> str:
    """The command that was used wrongly, as it was typed: typer's usage errors carry their context."""
    context = getattr(wrong, "ctx", None)
    return context.command_path if context is not None else NAME
