"""The ledger that the settings name, opened for reading."""

from sidecar.cli.loading import load_settings
from sidecar.ledger.reader import SqliteReader


def reader_of(config: str | None, ledger: str | None) -> SqliteReader:
    """The ledger, found by the same settings as `serve` finds it; `ledger` is the value of `--ledger`.

    Raises:
        BadSettings: the settings are wrong.
        LedgerError: there is no ledger, or it can't be read.
    """
    loaded = load_settings(config, {"--ledger": ledger})
    source, _, name = loaded.origins["ledger.url"].partition(" ")
    typed = name if source in {"flag", "variable"} else "ledger.url"
    return SqliteReader.open(loaded.settings.ledger.url, named_by=typed)
