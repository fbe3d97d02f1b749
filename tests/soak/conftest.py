"""The server that the soak on PostgreSQL has its ledger in."""

from tests.postgres import postgres as postgres
