"""What went wrong, as a sentence and an exit code."""

from sidecar.cli import FAILURE, LEDGER, USAGE
from sidecar.cli.output import say
from sidecar.errors import LedgerError, SettingsError, SidecarError


def said(failed: SidecarError) -> int:
    """Say it on standard error; the exit code of a command that ends so."""
    say(str(failed))
    if isinstance(failed, SettingsError):
        return USAGE
    return LEDGER if isinstance(failed, LedgerError) else FAILURE
