"""The steps of `steps.py` in PostgreSQL's words, one entry for each.

A second text, frozen as the first is, and not one translated from it: what a translation gives may change with the translator,
and a released step never may. A test proves that all together make exactly the tables of `tables.py` here as well. Ids are
compared byte by byte, as SQLite does it, whatever the database's own language is.
"""

from typing import Final

STATEMENTS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE schema_version (
            version INTEGER NOT NULL,
            caption TEXT NOT NULL,
            applied_at BIGINT NOT NULL,
            PRIMARY KEY (version)
        )
        """,
        """
        CREATE TABLE calls (
            id TEXT COLLATE "C" NOT NULL,
            upstream TEXT NOT NULL,
            provider TEXT NOT NULL,
            dialect TEXT NOT NULL,
            model TEXT NOT NULL,
            kind TEXT NOT NULL,
            caller TEXT,
            started_at BIGINT NOT NULL,
            committed_at BIGINT,
            answered_at BIGINT,
            left_at BIGINT,
            left_reason TEXT,
            finished_at BIGINT,
            settled_at BIGINT,
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
        )
        """,
        "CREATE INDEX calls_by_start ON calls (started_at)",
        "CREATE INDEX calls_open ON calls (started_at) WHERE outcome IS NULL",
    ),
    (
        """
        ALTER TABLE calls
            ADD COLUMN method TEXT,
            ADD COLUMN tier TEXT,
            ADD COLUMN variant TEXT,
            ADD COLUMN labels TEXT,
            ADD COLUMN asked_model TEXT,
            ADD COLUMN usage_basis TEXT,
            ADD COLUMN usage_reason TEXT,
            ADD COLUMN handed_over TEXT,
            ADD COLUMN usage_at_left TEXT,
            ADD COLUMN at_left_basis TEXT,
            ADD COLUMN held_milliseconds BIGINT,
            ADD COLUMN told_usd TEXT
        """,
    ),
    (
        """
        CREATE TABLE operations (
            id TEXT COLLATE "C" NOT NULL,
            upstream TEXT NOT NULL,
            provider TEXT NOT NULL,
            dialect TEXT NOT NULL,
            method TEXT NOT NULL,
            kind TEXT NOT NULL,
            model TEXT NOT NULL,
            caller TEXT,
            opened_at BIGINT NOT NULL,
            path TEXT NOT NULL,
            host TEXT NOT NULL,
            mark TEXT NOT NULL,
            provider_id TEXT,
            state TEXT NOT NULL,
            lease_seconds DOUBLE PRECISION NOT NULL,
            is_lease_asked INTEGER NOT NULL,
            is_detached INTEGER NOT NULL,
            renewed_at BIGINT NOT NULL,
            lapsed_at BIGINT,
            gone_reason TEXT,
            cancel_requested_at BIGINT,
            cancel_trigger TEXT,
            cancel_attempts INTEGER NOT NULL,
            cancel_result TEXT,
            ended_at BIGINT,
            claimed_at BIGINT,
            settled_at BIGINT,
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
            asked_seconds BIGINT NOT NULL,
            asked_pieces BIGINT NOT NULL,
            reclaimed_at BIGINT,
            regretted_at BIGINT,
            due_at BIGINT NOT NULL,
            looks INTEGER NOT NULL,
            holder TEXT NOT NULL,
            fence INTEGER NOT NULL,
            provider_key TEXT,
            PRIMARY KEY (id)
        )
        """,
        "CREATE INDEX operations_by_key ON operations (upstream, provider_key)",
        "CREATE INDEX operations_due ON operations (holder, due_at) WHERE settled_at IS NULL",
        "CREATE INDEX operations_by_opening ON operations (opened_at)",
        "CREATE INDEX operations_alike ON operations (upstream, model, kind, outcome, opened_at)",
        """
        CREATE TABLE operation_moves (
            operation_id TEXT COLLATE "C" NOT NULL,
            number INTEGER NOT NULL,
            at BIGINT NOT NULL,
            event TEXT NOT NULL,
            state TEXT NOT NULL,
            instance TEXT NOT NULL,
            evidence TEXT NOT NULL,
            PRIMARY KEY (operation_id, number)
        )
        """,
        """
        CREATE TABLE instances (
            instance TEXT NOT NULL,
            started_at BIGINT NOT NULL,
            alive_until BIGINT NOT NULL,
            PRIMARY KEY (instance)
        )
        """,
    ),
    (
        """
        ALTER TABLE calls
            ADD COLUMN decision TEXT,
            ADD COLUMN decision_reason TEXT,
            ADD COLUMN caller_timeout_seconds DOUBLE PRECISION
        """,
    ),
    ("ALTER TABLE operations ADD COLUMN trace TEXT",),
    ("ALTER TABLE calls ADD COLUMN socket TEXT",),
    ("DROP INDEX calls_open", "CREATE INDEX calls_open ON calls (instance) WHERE outcome IS NULL"),
)
