"""What takes a ledger from one version to the next: an ordered list of steps, in SQLite's words. `schema.py` applies them.

Steps only ever expand (new tables, new columns that may be null, new indexes): they take no time on a large file, lose
nothing, and rows of any age stay readable. A step that was released is never edited: add the next one. The text is frozen
on purpose and not made from `tables.py`, which changes; a test proves that all steps together make exactly those tables.
A new word that older sidecars can't read in a column (a kind of call) is a step as well, one without statements.
"""

from typing import Final

import msgspec


class Step(msgspec.Struct, frozen=True):
    """What takes a ledger from one version to the next."""

    caption: str
    statements: tuple[str, ...]


STEPS: Final = (
    Step(
        "calls",
        (
            """
            CREATE TABLE schema_version (
                version INTEGER NOT NULL,
                caption TEXT NOT NULL,
                applied_at INTEGER NOT NULL,
                PRIMARY KEY (version)
            ) STRICT
            """,
            """
            CREATE TABLE calls (
                id TEXT NOT NULL,
                upstream TEXT NOT NULL,
                provider TEXT NOT NULL,
                dialect TEXT NOT NULL,
                model TEXT NOT NULL,
                kind TEXT NOT NULL,
                caller TEXT,
                started_at INTEGER NOT NULL,
                committed_at INTEGER,
                answered_at INTEGER,
                left_at INTEGER,
                left_reason TEXT,
                finished_at INTEGER,
                settled_at INTEGER,
                outcome TEXT,
                http_status INTEGER,
                usage TEXT NOT NULL,
                spend_usd TEXT,
                orphaned_usd TEXT,
                avoidable_usd TEXT,
                basis TEXT,
                price_source TEXT,
                rescued_by TEXT,
                attempt_of TEXT,
                basis_reason TEXT,
                avoidable_basis TEXT,
                unpriced_reason TEXT,
                instance TEXT NOT NULL,
                PRIMARY KEY (id)
            ) STRICT
            """,
            "CREATE INDEX calls_by_start ON calls (started_at)",
            "CREATE INDEX calls_open ON calls (started_at) WHERE outcome IS NULL",
        ),
    ),
    Step(
        "what a call's money hangs on",
        (
            "ALTER TABLE calls ADD COLUMN method TEXT",
            "ALTER TABLE calls ADD COLUMN tier TEXT",
            "ALTER TABLE calls ADD COLUMN variant TEXT",
            "ALTER TABLE calls ADD COLUMN labels TEXT",
            "ALTER TABLE calls ADD COLUMN asked_model TEXT",
            "ALTER TABLE calls ADD COLUMN usage_basis TEXT",
            "ALTER TABLE calls ADD COLUMN usage_reason TEXT",
            "ALTER TABLE calls ADD COLUMN handed_over TEXT",
            "ALTER TABLE calls ADD COLUMN usage_at_left TEXT",
            "ALTER TABLE calls ADD COLUMN at_left_basis TEXT",
            "ALTER TABLE calls ADD COLUMN held_milliseconds INTEGER",
            "ALTER TABLE calls ADD COLUMN told_usd TEXT",
        ),
    ),
    Step(
        "operations",
        (
            """
            CREATE TABLE operations (
                id TEXT NOT NULL,
                upstream TEXT NOT NULL,
                provider TEXT NOT NULL,
                dialect TEXT NOT NULL,
                method TEXT NOT NULL,
                kind TEXT NOT NULL,
                model TEXT NOT NULL,
                caller TEXT,
                opened_at INTEGER NOT NULL,
                path TEXT NOT NULL,
                host TEXT NOT NULL,
                mark TEXT NOT NULL,
                provider_id TEXT,
                state TEXT NOT NULL,
                lease_seconds REAL NOT NULL,
                is_lease_asked INTEGER NOT NULL,
                is_detached INTEGER NOT NULL,
                renewed_at INTEGER NOT NULL,
                lapsed_at INTEGER,
                gone_reason TEXT,
                cancel_requested_at INTEGER,
                cancel_trigger TEXT,
                cancel_attempts INTEGER NOT NULL,
                cancel_result TEXT,
                ended_at INTEGER,
                claimed_at INTEGER,
                settled_at INTEGER,
                outcome TEXT,
                usage TEXT NOT NULL,
                spend_usd TEXT,
                orphaned_usd TEXT,
                avoidable_usd TEXT,
                avoided_usd TEXT,
                basis TEXT,
                price_source TEXT,
                basis_reason TEXT,
                unpriced_reason TEXT,
                usage_basis TEXT,
                usage_reason TEXT,
                told_usd TEXT,
                tier TEXT,
                variant TEXT,
                served_model TEXT,
                labels TEXT NOT NULL,
                asked_seconds INTEGER NOT NULL,
                asked_pieces INTEGER NOT NULL,
                reclaimed_at INTEGER,
                regretted_at INTEGER,
                due_at INTEGER NOT NULL,
                looks INTEGER NOT NULL,
                holder TEXT NOT NULL,
                fence INTEGER NOT NULL,
                provider_key TEXT,
                PRIMARY KEY (id)
            ) STRICT
            """,
            "CREATE INDEX operations_by_key ON operations (upstream, provider_key)",
            "CREATE INDEX operations_due ON operations (holder, due_at) WHERE settled_at IS NULL",
            "CREATE INDEX operations_by_opening ON operations (opened_at)",
            "CREATE INDEX operations_alike ON operations (upstream, model, kind, outcome, opened_at)",
            """
            CREATE TABLE operation_moves (
                operation_id TEXT NOT NULL,
                number INTEGER NOT NULL,
                at INTEGER NOT NULL,
                event TEXT NOT NULL,
                state TEXT NOT NULL,
                instance TEXT NOT NULL,
                evidence TEXT NOT NULL,
                PRIMARY KEY (operation_id, number)
            ) STRICT
            """,
            """
            CREATE TABLE instances (
                instance TEXT NOT NULL,
                started_at INTEGER NOT NULL,
                alive_until INTEGER NOT NULL,
                PRIMARY KEY (instance)
            ) STRICT
            """,
        ),
    ),
    Step(
        "what was decided when a caller left, and how long it waits",
        (
            "ALTER TABLE calls ADD COLUMN decision TEXT",
            "ALTER TABLE calls ADD COLUMN decision_reason TEXT",
            "ALTER TABLE calls ADD COLUMN caller_timeout_seconds REAL",
        ),
    ),
    Step(
        "the trace that an operation was opened in",
        ("ALTER TABLE operations ADD COLUMN trace TEXT",),
    ),
    Step(
        "calls of kind live, which older sidecars can't read, and the socket that each is an answer in",
        ("ALTER TABLE calls ADD COLUMN socket TEXT",),
    ),
    Step(
        "open calls by who wrote them, so that ten thousand who share a ledger find what a dead one left",
        (
            "DROP INDEX calls_open",
            "CREATE INDEX calls_open ON calls (instance) WHERE outcome IS NULL",
        ),
    ),
)
NEWEST: Final = len(STEPS)
