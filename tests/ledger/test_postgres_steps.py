"""All steps together make exactly the tables that the statements are made from."""

from collections.abc import Iterator

import pytest
from sqlalchemy.schema import CreateIndex, CreateTable

from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_connection import Connection, connect
from sidecar.ledger.postgres_schema import bring_up_to_date
from sidecar.ledger.postgres_statements import POSTGRESQL
from sidecar.ledger.postgres_steps import STATEMENTS
from sidecar.ledger.steps import STEPS
from sidecar.ledger.tables import METADATA
from tests.postgres import PostgresServer


def test_each_step_is_said_in_both_languages():
    assert len(STATEMENTS) == len(STEPS)


@pytest.fixture
def places(postgres: PostgresServer) -> Iterator[tuple[Connection, Connection]]:
    with postgres.new_place() as one, postgres.new_place() as another:
        connections = connect(postgres_address(one), "test"), connect(postgres_address(another), "test")
        yield connections
        for connection in connections:
            connection.close()


COLUMNS = """
    SELECT relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull, collname
    FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid LEFT JOIN pg_collation ON attcollation = pg_collation.oid
    WHERE attnum > 0 AND relkind = 'r' AND relnamespace = current_schema()::regnamespace ORDER BY relname, attnum
"""
INDEXES = (
    "SELECT replace(indexdef, current_schema(), '') FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1"
)


def described(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(COLUMNS.encode()).fetchall() + connection.execute(INDEXES.encode()).fetchall()


@pytest.mark.part("postgresql")
def test_the_steps_make_the_declared_tables(places: tuple[Connection, Connection]):
    by_steps, by_declaration = places
    bring_up_to_date(by_steps, 1, "x")
    for table in METADATA.sorted_tables:
        by_declaration.execute(str(CreateTable(table).compile(dialect=POSTGRESQL)).encode())
        for index in table.indexes:
            by_declaration.execute(str(CreateIndex(index).compile(dialect=POSTGRESQL)).encode())
    assert described(by_steps) == described(by_declaration)
    assert len(described(by_steps)) > 100
