"""Each database is given a pattern in its own words."""

from sqlalchemy import select

from sidecar.ledger.matching import Matches
from sidecar.ledger.postgres_statements import POSTGRESQL
from sidecar.ledger.statements import rendered
from sidecar.ledger.tables import CALLS

STATEMENT = select(CALLS.c.id).where(Matches(CALLS.c.model, "gpt-[6]*_%?"))


def test_sqlite_globs():
    made = rendered(STATEMENT)
    assert made.sql.endswith("WHERE calls.model GLOB :model_1")
    assert made.values == {"model_1": "gpt-[[]6]*_%?"}


def test_postgresql_likes():
    made = rendered(STATEMENT, POSTGRESQL)
    assert made.sql.endswith("WHERE calls.model LIKE %(model_1)s::VARCHAR ESCAPE '!'")
    assert made.values == {"model_1": "gpt-[6]%!_!%_"}


def test_each_pattern_keeps_its_own_value():
    another = select(CALLS.c.id).where(Matches(CALLS.c.model, "a*"))
    assert [rendered(each).values["model_1"] for each in (STATEMENT, another)] == ["gpt-[[]6]*_%?", "a*"]
