"""A ledger in PostgreSQL as ten thousand pods would leave it: filled behind the product's back, from rows of its own."""

from typing import Final

from sqlalchemy import Table

from sidecar.ledger.tables import CALLS, OPERATION_MOVES, OPERATIONS
from sidecar.lifecycle.operation import OperationEvent as E, OperationState as S
from tests.ledger.given import SOON, open_call, settled_call
from tests.ledger.operations_given import END, ROADS, operation
from tests.ledger.postgres_given import FOR_EVER, PostgresPlace

INSTANCE: Final = "'pod-' || lpad((n % {pods})::text, 6, '0') || '.' || substr(md5((n % {pods})::text), 1, 16)"
"""Of `n`: names as pods have them."""
MODELS: Final = 20
"""That operations are of."""


def fill(place: PostgresPlace, *, pods: int, unsettled: int, settled: int, open_calls: int, settled_calls: int) -> None:
    """Make so many pods that live, rows of operations and calls, histories of two moves, and what PostgreSQL knows of it all."""
    first = place.open("first")
    for id in ("running", "ended"):
        first.operations.open(operation(id))
        first.operations.move(id, E.ACCEPTED, {"provider_id": id})
    for event in ROADS[S.SUCCEEDED][1:]:
        first.operations.move("ended", event, {})
    first.operations.settle("ended", 1, END)
    for call in (open_call("begun"), settled_call("over")):
        first.put(call)
    assert first.close(SOON)
    name = INSTANCE.format(pods=pods)
    place.execute(f"INSERT INTO instances SELECT {name}, 0, {FOR_EVER} FROM generate_series(1, {pods}) n")
    _copy(place, OPERATIONS, "running", "r", unsettled, {"holder": name})
    _copy(place, OPERATIONS, "ended", "s", settled, {"holder": name})
    for letter, count in (("r", unsettled), ("s", settled)):
        _copy_moves(place, letter, count)
    _copy(place, CALLS, "begun", "b", open_calls, {"instance": name})
    _copy(place, CALLS, "over", "v", settled_calls, {"instance": name})
    place.execute("ANALYZE")


def _copy(place: PostgresPlace, table: Table, pattern: str, letter: str, count: int, told: dict[str, str]) -> None:
    """So many rows like the one of this id; `told` are expressions of `n`, the number of the row."""
    began = "opened_at" if table is OPERATIONS else "started_at"
    names = {"id": f"'{letter}' || lpad(n::text, 8, '0')", began: f"{began} + n * 1000"}
    if table is OPERATIONS:
        names |= {"provider_id": f"'{letter}-' || n", "provider_key": f"'{letter}-' || n", "due_at": "due_at + n"}
        names["model"] = f"'gpt-' || n % {MODELS}"
    expressions = names | told
    columns = ", ".join(column.name for column in table.columns)
    values = ", ".join(expressions.get(column.name, f"like_it.{column.name}") for column in table.columns)
    place.execute(
        f"INSERT INTO {table.name} ({columns}) SELECT {values} FROM {table.name} like_it, generate_series(1, {count}) n"
        f" WHERE like_it.id = '{pattern}'"
    )


def _copy_moves(place: PostgresPlace, letter: str, count: int) -> None:
    place.execute(
        f"INSERT INTO {OPERATION_MOVES.name} SELECT '{letter}' || lpad(n::text, 8, '0'), number, at, event, state, instance,"
        f" evidence FROM {OPERATION_MOVES.name}, generate_series(1, {count}) n WHERE operation_id = 'running'"
    )
