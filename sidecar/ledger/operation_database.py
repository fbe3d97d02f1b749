"""What a database brings for operations to be kept in it: its driver, its clock, its errors."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy.sql import ClauseElement

from sidecar.clock import Moment
from sidecar.ledger.operation_rows import Row

Execute = Callable[[ClauseElement, Mapping[str, Any]], list[Row]]
"""Runs a statement with these parameters and gives all rows that it returns."""
Reading = Callable[[], AbstractContextManager[Execute]]
"""Makes room for questions, which see what is committed."""


class Database(Protocol):
    """What a ledger of operations stands on."""

    @property
    def instance(self) -> str:
        """The name of this run of the program."""
        ...

    @property
    def where(self) -> str:
        """What the ledger is called in messages; holds no password."""
        ...

    def now(self) -> Moment:
        """The present moment by the clock that all who share the ledger go by. Quick."""
        ...

    def transaction(self) -> AbstractContextManager[Execute]:
        """One transaction: durable when it is left, undone when it is left by an error.

        Raises:
            LedgerError: whatever went wrong, also with a row that can't be understood (`msgspec.MsgspecError`).
        """
        ...

    def reading(self) -> AbstractContextManager[Execute]:
        """Room for questions. Raises as `transaction` does."""
        ...
