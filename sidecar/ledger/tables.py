"""The tables, declared once; statements are made from these. How a file comes to have them is in `schema.py`.

Moments are microseconds in an INTEGER, money is a decimal string in a TEXT (SQLite's numbers are floats), usage and labels
are JSON. A column that is a field of `CallRecord` or `OperationRecord` has the field's name, and they stand in the fields' order.
"""

from typing import Final

from sqlalchemy import REAL, BigInteger, Column, Double, Index, Integer, MetaData, Table, Text

METADATA: Final = MetaData()

# SQLite's STRICT tables know INTEGER, of up to 64 bits; PostgreSQL's INTEGER ends at 32.
MOMENT: Final = BigInteger().with_variant(Integer(), "sqlite")
# A whole number that somebody else chose.
COUNT: Final = MOMENT
# 64 bits in both: PostgreSQL's REAL has 32, and STRICT tables know no DOUBLE PRECISION.
SECONDS: Final[Double[float]] = Double().with_variant(REAL(), "sqlite")
# Compared byte by byte, as SQLite does: a question for the beginning of an id is a range of ids.
ID: Final = Text().with_variant(Text(collation="C"), "postgresql")

CALLS: Final = Table(
    "calls",
    METADATA,
    Column("id", ID, primary_key=True, nullable=False),
    Column("upstream", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("caller", Text),
    Column("started_at", MOMENT, nullable=False),
    Column("committed_at", MOMENT),
    Column("answered_at", MOMENT),
    Column("left_at", MOMENT),
    Column("left_reason", Text),
    Column("finished_at", MOMENT),
    Column("settled_at", MOMENT),
    Column("outcome", Text),
    Column("http_status", Integer),
    Column("usage", Text, nullable=False),
    Column("spend_usd", Text),
    Column("orphaned_usd", Text),
    Column("avoidable_usd", Text),
    Column("basis", Text),
    Column("price_source", Text),
    Column("rescued_by", Text),
    Column("attempt_of", Text),
    Column("basis_reason", Text),
    Column("avoidable_basis", Text),
    Column("unpriced_reason", Text),
    # The one column that is not the call's own: which process wrote the row, so that nobody settles a living one's calls.
    Column("instance", Text, nullable=False),
    # From here on: added by later steps, and so behind it.
    Column("method", Text),
    Column("tier", Text),
    Column("variant", Text),
    Column("labels", Text),
    Column("asked_model", Text),
    Column("usage_basis", Text),
    Column("usage_reason", Text),
    Column("handed_over", Text),
    Column("usage_at_left", Text),
    Column("at_left_basis", Text),
    Column("held_milliseconds", MOMENT),
    Column("told_usd", Text),
    Column("decision", Text),
    Column("decision_reason", Text),
    Column("caller_timeout_seconds", SECONDS),
    Column("socket", Text),
    sqlite_strict=True,
)

# Every report and list is about a span of time, and retention deletes from its old end.
Index("calls_by_start", CALLS.c.started_at)
# Open rows are few among a million, and what one of many instances has left is few among those: found by who wrote them.
Index(
    "calls_open", CALLS.c.instance, sqlite_where=CALLS.c.outcome.is_(None), postgresql_where=CALLS.c.outcome.is_(None)
)

OPERATIONS: Final = Table(
    "operations",
    METADATA,
    Column("id", ID, primary_key=True, nullable=False),
    Column("upstream", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("caller", Text),
    Column("opened_at", MOMENT, nullable=False),
    Column("path", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("provider_id", Text),
    Column("state", Text, nullable=False),
    Column("lease_seconds", SECONDS, nullable=False),
    Column("is_lease_asked", Integer, nullable=False),
    Column("is_detached", Integer, nullable=False),
    Column("renewed_at", MOMENT, nullable=False),
    Column("lapsed_at", MOMENT),
    Column("gone_reason", Text),
    Column("cancel_requested_at", MOMENT),
    Column("cancel_trigger", Text),
    Column("cancel_attempts", Integer, nullable=False),
    Column("cancel_result", Text),
    Column("ended_at", MOMENT),
    Column("claimed_at", MOMENT),
    Column("settled_at", MOMENT),
    Column("outcome", Text),
    Column("usage", Text, nullable=False),
    Column("spend_usd", Text),
    Column("orphaned_usd", Text),
    Column("avoidable_usd", Text),
    Column("avoided_usd", Text),
    Column("basis", Text),
    Column("price_source", Text),
    Column("basis_reason", Text),
    Column("unpriced_reason", Text),
    Column("usage_basis", Text),
    Column("usage_reason", Text),
    Column("told_usd", Text),
    Column("tier", Text),
    Column("variant", Text),
    Column("served_model", Text),
    Column("labels", Text, nullable=False),
    Column("asked_seconds", COUNT, nullable=False),
    Column("asked_pieces", COUNT, nullable=False),
    Column("reclaimed_at", MOMENT),
    Column("regretted_at", MOMENT),
    Column("due_at", MOMENT, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("holder", Text, nullable=False),
    Column("fence", Integer, nullable=False),
    # The one column that is not the operation's own: `key_of` its provider_id, by which a poll finds it.
    Column("provider_key", Text),
    # From here on: added by later steps, and so behind it.
    Column("trace", Text),
    sqlite_strict=True,
)

# Every poll of every caller looks here.
Index("operations_by_key", OPERATIONS.c.upstream, OPERATIONS.c.provider_key)
# The reaper's rows, the longest overdue first; few among all that ever were.
Index(
    "operations_due",
    OPERATIONS.c.holder,
    OPERATIONS.c.due_at,
    sqlite_where=OPERATIONS.c.settled_at.is_(None),
    postgresql_where=OPERATIONS.c.settled_at.is_(None),
)
# Lists are about a span of time, and retention deletes from its old end.
Index("operations_by_opening", OPERATIONS.c.opened_at)
# What the like of it cost before: asked for at each cancel, of the latest.
Index(
    "operations_alike",
    OPERATIONS.c.upstream,
    OPERATIONS.c.model,
    OPERATIONS.c.kind,
    OPERATIONS.c.outcome,
    OPERATIONS.c.opened_at,
)

OPERATION_MOVES: Final = Table(
    "operation_moves",
    METADATA,
    Column("operation_id", ID, primary_key=True, nullable=False),
    Column("number", Integer, primary_key=True, nullable=False),
    Column("at", MOMENT, nullable=False),
    Column("event", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("instance", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    sqlite_strict=True,
)
"""The history of operations, a line for each move. The columns after the first are the fields of `OperationMove`."""

INSTANCES: Final = Table(
    "instances",
    METADATA,
    Column("instance", Text, primary_key=True, nullable=False),
    Column("started_at", MOMENT, nullable=False),
    Column("alive_until", MOMENT, nullable=False),
    sqlite_strict=True,
)
"""Who shares a ledger, and until when each is taken to be alive. Empty in a file, which one process writes."""

SCHEMA_VERSION: Final = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, primary_key=True, nullable=False),
    Column("caption", Text, nullable=False),
    Column("applied_at", MOMENT, nullable=False),
    sqlite_strict=True,
)
"""One row for each step that was applied; the highest is the version of the file."""
