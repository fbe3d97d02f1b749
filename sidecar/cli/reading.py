"""The ledger that the settings name, opened for reading."""

from sidecar.cli.loading import load_settings
from sidecar.ledger.by_address import OpenReader, open_operation_reader, open_reader
from sidecar.ledger.operations import OperationLedgerReader


def reader_of(config: str | None, ledger: str | None) -> OpenReader:
    """The calls of the ledger, found by the same settings as `serve` finds it; `ledger` is the value of `--ledger`.

    Raises:
        BadSettings: the settings are wrong.
        LedgerError: there is no ledger, or it can't be read.
    """
    url, typed = _address(config, ledger)
    return open_reader(url, named_by=typed)


def operation_reader_of(config: str | None, ledger: str | None) -> OperationLedgerReader:
    """The operations of the same ledger. Raises as `reader_of`."""
    url, typed = _address(config, ledger)
    return open_operation_reader(url, named_by=typed)


def _address(config: str | None, ledger: str | None) -> tuple[str, str]:
    """The ledger's address, and the setting that named it, as it was typed."""
    loaded = load_settings(config, {"--ledger": ledger})
    source, _, name = loaded.origins["ledger.url"].partition(" ")
    return loaded.settings.ledger.url, name if source in {"flag", "variable"} else "ledger.url"
