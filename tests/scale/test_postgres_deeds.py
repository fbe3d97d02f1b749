"""Every statement about operations and calls finds its rows by an index and a condition on it, however many there are."""

import re
from collections.abc import Iterator

import pytest

from sidecar.ledger.statements import Statement
from tests.ledger.postgres_given import PostgresPlace
from tests.postgres import PostgresServer, postgres
from tests.scale.postgres_deeds import Asked, Deeds, listened_to
from tests.scale.postgres_fill import fill
from tests.scale.postgres_plans import plan_of, whole_reads

__all__ = ["postgres"]

pytestmark = pytest.mark.part("postgresql")

EXPLAINED = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
HOLDERS_EVERYWHERE = (
    "SELECT DISTINCT holder FROM operations WHERE settled_at IS NULL AND holder <> %(me)s AND NOT EXISTS"
    " (SELECT instance FROM instances WHERE instances.instance = holder AND alive_until > %(dead_before)s)"
)
"""As every sidecar once asked every twenty seconds."""


@pytest.fixture(scope="module")
def place(postgres: PostgresServer) -> Iterator[PostgresPlace]:
    with postgres.new_place() as url:
        place = PostgresPlace(postgres, url)
        fill(place, pods=1_000, unsettled=10_000, settled=30_000, open_calls=10_000, settled_calls=20_000)
        yield place
        place.leave()


@pytest.fixture(scope="module")
def asked(place: PostgresPlace) -> list[tuple[str, Asked]]:
    """All statements of all deeds, once each, and what for."""
    deeds = Deeds(place.open("pod-000500.me"))
    found: dict[str, tuple[str, Asked]] = {}
    for what, deed in {**deeds.deeds(), **deeds.others()}.items():
        with listened_to() as asked:
            deed()
        found |= {each.text: (what, each) for each in asked if EXPLAINED.match(each.text)}
    return list(found.values())


def test_every_statement_is_an_index_lookup(place: PostgresPlace, asked: list[tuple[str, Asked]]):
    with place.server.connect(options=f"-csearch_path={place.schema}") as connection:
        plans = {(what, each.text): plan_of(connection, each.text, each.values) for what, each in asked}
    assert {what: read for what, plan in plans.items() if (read := whole_reads(plan))} == {}
    assert len(plans) > 20


@pytest.mark.parametrize(
    "statement",
    [
        Statement("SELECT DISTINCT holder FROM operations WHERE trace IS NULL", {}),
        Statement(HOLDERS_EVERYWHERE, {"me": "me", "dead_before": 5}),
        Statement("SELECT id FROM calls WHERE outcome IS NULL AND instance <> 'me'", {}),
        Statement("SELECT id FROM calls WHERE model = 'm' ORDER BY id DESC LIMIT 5", {}),
    ],
    ids=["a table", "an index", "a partial index", "a limit behind a filter"],
)
def test_one_that_is_none_would_be_seen(place: PostgresPlace, statement: Statement):
    with place.server.connect(options=f"-csearch_path={place.schema}") as connection:
        plan = plan_of(connection, statement.sql, statement.values)
        assert whole_reads(plan), plan
