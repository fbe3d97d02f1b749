"""Commands, flags and exit codes; nothing else.

Here: what is typed, and how answers are printed. Not here: anything that is done; commands ask `app`, the ledger's reader and
the settings, and import them only when they run, so that `sidecar --help` answers at once.

Exit codes
    0    done; also when a reader such as `head` had enough
    1    it failed, or a running sidecar was needed and there is none; the sentence on standard error says why
    2    usage: a flag, a variable or the settings file is wrong
    3    the ledger can't be opened or read
    130  interrupted (Ctrl-C)
"""

OK, FAILURE, USAGE, LEDGER, INTERRUPTED = 0, 1, 2, 3, 130


def main() -> None:
    """Run the command line, and leave the process with its exit code."""
    import sys

    from sidecar.cli.guard import run

    sys.exit(run(sys.argv[1:]))
