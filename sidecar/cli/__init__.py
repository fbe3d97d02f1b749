"""Commands, flags and exit codes; nothing else.

Here: what is typed, and how answers are printed. Not here: anything that is done; commands ask `app`, the ledger's reader and
the settings, and import them only when they run, so that `sidecar --help` answers at once.
"""

OK, FAILURE, USAGE, LEDGER, INTERRUPTED, KILLED = 0, 1, 2, 3, 130, 143

EXIT_CODES = {
    OK: "done; also when a reader such as head had enough",
    FAILURE: "it failed, or there is no running sidecar: standard error says why",
    USAGE: "a flag, a variable or the settings file is wrong",
    LEDGER: "the ledger can't be opened or read",
    INTERRUPTED: "interrupted (Ctrl-C)",
    KILLED: "told twice to end (SIGTERM), and ended at once",
}
"""What the exit codes of all commands mean; `run` alone ends as the command does that it runs. `sidecar --help` shows them."""


def main() -> None:
    """Run the command line, and leave the process with its exit code."""
    import os
    import signal
    import sys

    if os.getpid() == 1:  # the kernel gives the first process of a container no signal that it has not asked for
        signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(128 + signal.SIGTERM))
    from sidecar.cli.quick import run_quickly

    code = run_quickly(sys.argv[1:])
    if code is None:
        from sidecar.cli.guard import run

        code = run(sys.argv[1:])
    sys.exit(code)
