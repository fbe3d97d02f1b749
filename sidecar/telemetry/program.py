"""What the program says of itself: its version, state, settings, connections, and the ledger's health."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Protocol

from sidecar.clock import SECOND, Moment
from sidecar.telemetry import program_metrics as metrics
from sidecar.telemetry.family import Family
from sidecar.telemetry.series import FrozenFamily


class ProgramState(StrEnum):
    """What the program is doing as a whole."""

    STARTING = "starting"
    """Not all sockets are bound."""
    SERVING = "serving"
    """Calls are accepted."""
    DRAINING = "draining"
    """No new call is accepted; those that live may end."""
    SETTLING = "settling"
    """No call lives: operations are parted with, the ledger is closed, and the last figures wait to be scraped."""


class LedgerHealth(Protocol):
    """How the ledger is, as it reports itself when asked; `ledger.contract.LedgerHealth` is one."""

    @property
    def rows_written(self) -> int:
        """Rows committed."""
        ...

    @property
    def rows_waiting(self) -> int:
        """Rows that wait for the next commit."""
        ...

    @property
    def rows_dropped(self) -> int:
        """Rows given up."""
        ...

    @property
    def rows_expired(self) -> int:
        """Rows deleted at the end of their retention."""
        ...

    @property
    def errors(self) -> Mapping[str, int]:
        """Failures by operation."""
        ...

    @property
    def last_commit_at(self) -> Moment | None:
        """When it last committed."""
        ...

    @property
    def last_commit_seconds(self) -> float:
        """How long that took."""
        ...

    @property
    def problem(self) -> str:
        """Why the latest attempt failed, in one sentence; empty when it did not."""
        ...


LEDGER_OPERATIONS = ("open", "write", "row", "operation", "expire", "keep_alive", "close")
"""What can fail in a ledger; each is on the page from the start, so that the first failure is an increase."""


def no_connections() -> dict[str, int]:
    """What a program has that does not listen yet."""
    return {"active": 0, "idle": 0}


def nothing_kept() -> tuple[int, int]:
    """What a program keeps for retries that rescues nothing."""
    return 0, 0


class Program:
    """The families that have one value for the whole program. Set the attributes as things happen."""

    def __init__(self, version: str, ledger_health: Callable[[], LedgerHealth]) -> None:
        self.version = version
        self.ledger_health = ledger_health
        self.state = ProgramState.STARTING
        self.settings_are_good = True
        self.settings_read_at: Moment | None = None
        self.mode = ""
        """`observe` or `enforce`; shown when it is known."""
        self.prices_listed_at: Moment | None = None
        """`price_lists.listed_at`; shown when the lists have been read."""
        self.connections: Callable[[], Mapping[str, int]] = no_connections
        """Asked at each scrape: callers' connections by what they do."""
        self.upstream_connections: Callable[[], Mapping[tuple[str, str], int]] = dict
        """Asked at each scrape: connections to providers by the upstream's name and what they do."""
        self.kept: Callable[[], tuple[int, int]] = nothing_kept
        """Asked at each scrape: bytes of the answers that are kept in memory for retries, and how many answers these are."""

    def frozen(self) -> list[FrozenFamily]:
        """All of it now. Asks the ledger how it is, so it is as quick as that."""
        return [*self._ledger(self.ledger_health()), *self._self()]

    def _ledger(self, health: LedgerHealth) -> list[FrozenFamily]:
        errors = {**dict.fromkeys(LEDGER_OPERATIONS, 0), **health.errors}
        return [
            _single(metrics.LEDGER_ROWS_WRITTEN, health.rows_written),
            _single(metrics.LEDGER_ROWS_DROPPED, health.rows_dropped),
            _single(metrics.LEDGER_ROWS_EXPIRED, health.rows_expired),
            FrozenFamily(metrics.LEDGER_ERRORS, [((name,), count) for name, count in errors.items()]),
            _single(metrics.LEDGER_ROWS_WAITING, health.rows_waiting),
            _single(metrics.LEDGER_LAST_COMMIT, unix_seconds(health.last_commit_at)),
            _single(metrics.LEDGER_COMMIT_SECONDS, health.last_commit_seconds),
        ]

    def _self(self) -> list[FrozenFamily]:
        kept_bytes, kept_answers = self.kept()
        return [
            FrozenFamily(
                metrics.DOWNSTREAM_CONNECTIONS, [((state,), count) for state, count in self.connections().items()]
            ),
            FrozenFamily(metrics.UPSTREAM_CONNECTIONS, list(self.upstream_connections().items())),
            _single(metrics.RESCUE_KEPT_BYTES, kept_bytes),
            _single(metrics.RESCUE_KEPT_ANSWERS, kept_answers),
            _single(metrics.CONFIG_RELOAD_OK, self.settings_are_good),
            _single(metrics.CONFIG_RELOAD_AT, unix_seconds(self.settings_read_at)),
            _known(metrics.PRICE_TABLE_AT, self.prices_listed_at),
            FrozenFamily(metrics.CONFIG_INFO, [((self.mode,), 1)] if self.mode else []),
            FrozenFamily(metrics.BUILD_INFO, [((self.version,), 1)]),
            FrozenFamily(metrics.STATE, [((state.value,), state is self.state) for state in ProgramState]),
        ]


def _single(family: Family, value: float) -> FrozenFamily:
    return FrozenFamily(family, [((), value)])


def _known(family: Family, moment: Moment | None) -> FrozenFamily:
    """A moment that is not on the page before it is known: as a 0 it would be 1970, and an alert."""
    return FrozenFamily(family, [] if moment is None else [((), unix_seconds(moment))])


def unix_seconds(moment: Moment | None) -> float:
    """A moment as Prometheus writes times; 0 for none."""
    return 0.0 if moment is None else moment / SECOND
