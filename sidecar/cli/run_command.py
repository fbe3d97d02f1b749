"""`sidecar run`. As in `commands.py`, the body imports what it needs when it runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sidecar.cli.flags import ConfigFlag, LedgerFlag
from sidecar.cli.pod_commands import parse_timeout

if TYPE_CHECKING:
    from sidecar.companion.run import Options

NO_SIDECAR = 125
"""Exit status when the command was not run because there is no sidecar: as env(1), nohup(1) and timeout(1) say of themselves."""
CONTEXT = {"allow_interspersed_args": False}
"""All that stands behind the command's name is the command's."""

Command = Annotated[list[str], typer.Argument(metavar="CMD", hidden=True)]  # Typer would call it <list[str]>
Mode = Annotated[str | None, typer.Option(metavar="MODE", help="observe or enforce.")]
Wait = Annotated[
    float | None,
    typer.Option(
        parser=parse_timeout, metavar="DURATION", show_default=False,
        help="How long to follow what still runs when CMD has ended: 30s, 5m; 0 not at all. Else until it is known.",
    ),
]  # fmt: skip
Override = Annotated[bool, typer.Option("--override", help="Replace variables that lead SDKs elsewhere.")]
Intercept = Annotated[
    bool,
    typer.Option("--intercept", help="See all https calls to providers, also those of programs that take no base URL."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print addresses and the place of the log, too.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, and nothing else.")]
Report = Annotated[
    Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Write what is told at the end there instead.")
]


def run(
    command: Command,
    mode: Mode = None,
    wait: Wait = None,
    override: Override = False,
    intercept: Intercept = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
    report: Report = None,
    config: ConfigFlag = None,
    ledger: LedgerFlag = None,
) -> int:
    """Run a command, and say what its calls cost that nobody waited for.

    sidecar run -- python script.py

    Starts a sidecar for CMD alone and sets the variables that lead SDKs to it. CMD has the terminal, its signals and its exit
    status as without us. When it has ended, or was interrupted, its calls may go on at the provider: they are followed and told
    of, on standard error. Ctrl-C stops that. With --mode enforce, operations that nobody is there for are cancelled.

    A variable that leads an SDK elsewhere already is left as it is, unless --override is given. With --intercept CMD also has a
    proxy, HTTPS_PROXY, and trusts an authority that ends with it: so calls by fixed addresses are seen too.

    Exits as CMD does, by the same signal too; with 127 if CMD is not found, 126 if it can't be run, 125 if there is no sidecar.
    """
    import gc

    gc.disable()  # as for `serve`: a tenth of the start; `Application.start` enables it
    from sidecar.companion.run import Options

    options = Options(
        wait_seconds=wait, overrides=override, intercepts=intercept, is_quiet=quiet, is_verbose=verbose, is_json=json,
        report=report,
    )  # fmt: skip
    return _run(command, options, mode, config, ledger)


def _run(command: Sequence[str], options: "Options", mode: str | None, config: str | None, ledger: str | None) -> int:
    from sidecar.cli.failing import said
    from sidecar.cli.loading import load_settings
    from sidecar.cli.memory import close_memory, open_memory
    from sidecar.cli.output import say
    from sidecar.companion.command import CommandError
    from sidecar.companion.run import run
    from sidecar.config.file_notes import file_notes
    from sidecar.errors import SidecarError

    close_memory()  # and no limit of ours: the command keeps its own
    try:
        loaded = load_settings(config, {"--mode": mode, "--ledger": ledger})
        if loaded.settings.debuggable:
            open_memory()
        for note in () if options.is_quiet or options.is_json else file_notes(loaded):
            say(f"note: {note}")
        return run(loaded, command, options)
    except CommandError as error:
        say(str(error))
        return error.status
    except SidecarError as failed:
        said(failed)
        return NO_SIDECAR
