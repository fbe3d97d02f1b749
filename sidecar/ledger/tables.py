"""The tables, declared once; statements are made from these. How a file comes to have them is in `steps.py`.

Moments are microseconds in an INTEGER, money is a decimal string in a TEXT (SQLite's numbers are floats), usage and labels
are JSON. A column that is a field of `CallRecord` has the field's name, and they stand in the fields' order.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text

METADATA: Final = MetaData()

# SQLite's STRICT tables know INTEGER, of up to 64 bits; PostgreSQL's INTEGER ends at 32.
MOMENT: Final = BigInteger().with_variant(Integer(), "sqlite")

CALLS: Final = Table(
    "calls",
    METADATA,
    Column("id", Text, primary_key=True, nullable=False),
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
    sqlite_strict=True,
)

# Every report and list is about a span of time, and retention deletes from its old end.
Index("calls_by_start", CALLS.c.started_at)
# Open rows are few among a million: the start finds them without reading the file.
Index(
    "calls_open", CALLS.c.started_at, sqlite_where=CALLS.c.outcome.is_(None), postgresql_where=CALLS.c.outcome.is_(None)
)

SCHEMA_VERSION: Final = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, primary_key=True, nullable=False),
    Column("caption", Text, nullable=False),
    Column("applied_at", MOMENT, nullable=False),
    sqlite_strict=True,
)
"""One row for each step that was applied; the highest is the version of the file."""
