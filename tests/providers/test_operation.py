"""What every table of paths promises about the operations in it."""

import inspect

import pytest

from sidecar.providers.contract import NO_FACTS, ReplyHead, RequestFacts, Role
from sidecar.providers.operation import OperationWire, Place
from sidecar.providers.paths import PathDialect, Row
from sidecar.providers.registry import DIALECTS
from tests.bodies.cutting import in_two
from tests.providers.operation_wire import HOSTILE, told
from tests.providers.wire import JSON, SSE

TABLED = {name: dialect for name, dialect in DIALECTS.items() if isinstance(dialect, PathDialect)}

WITHOUT = {
    ("anthropic", "sessions"): "idles between turns, is billed over all of them, and an interrupt ends a turn",
    ("anthropic", "sessions.get"): "as above",
    ("anthropic", "deployments.run"): "records that a session was opened; has no state and no cancel",
    ("anthropic", "deployments.runs.get"): "as above",
    (
        "xai",
        "chat.deferred",
    ): "is answered once: our question would take the answer from the caller, and nothing can stop it",
}
"""Rows of operations that nothing is known of, and why."""
NAMED_ELSEWHERE = {
    ("together", "queue.get"): "in the query",
    ("together", "queue.cancel"): "in the body",
    ("fireworks", "workflows.get"): "in the body",
}


def rows(*roles: Role) -> list[tuple[str, Row]]:
    """Each row once: nearly every dialect has OpenAI's."""
    found = [(name, row) for name, dialect in TABLED.items() for row in dialect._rows if row.role in roles]
    return list({(row.method, row.verb, row.path.pattern): (name, row) for name, row in reversed(found)}.values())


def ids(cases: list[tuple[str, Row]]) -> list[str]:
    return [f"{name}-{row.method}-{row.verb}" for name, row in cases]


ABOUT = rows(Role.SUBMIT, Role.POLL, Role.CANCEL)
OF = {
    id(row.operation): (name, row)
    for name, row in rows(Role.SUBMIT, Role.POLL, Role.CANCEL, Role.CALL)
    if row.operation is not None
}
WIRES = {(name, row.method): row.operation for name, row in OF.values() if row.operation is not None}
"""Each family once, by a row that names it."""


@pytest.mark.parametrize(("name", "row"), ABOUT, ids=ids(ABOUT))
def test_a_request_about_an_operation_belongs_to_a_family__or_there_is_a_reason(name: str, row: Row) -> None:
    assert (row.operation is None) == ((name, row.method) in WITHOUT)


@pytest.mark.parametrize(("name", "row"), rows(Role.POLL, Role.CANCEL), ids=ids(rows(Role.POLL, Role.CANCEL)))
def test_a_poll_and_a_cancel_name_the_operation_in_their_path__or_it_is_said_where(name: str, row: Row) -> None:
    assert ("id" in row.path.groupindex) == ((name, row.method) not in NAMED_ELSEWHERE)


@pytest.mark.parametrize("key", WIRES, ids=str)
def test_a_family_that_tells_results_can_read_them(key: tuple[str, str]) -> None:
    wire = WIRES[key]
    assert (wire.results is None) == (wire.open_results is None)
    assert (wire.find is None) == (wire.found_in is None)


def readers(wire: OperationWire) -> list[object]:
    heads = [JSON, SSE, ReplyHead(500, "text/html"), ReplyHead(200, "", "gzip")]
    return [wire.open_reply(head, RequestFacts("m")) for head in heads]


DEEP = (
    b'{"a":' * 3000,
    b'{"id":"a","status":' + b'[{"b":' * 3000 + b"1" + b"}]" * 3000 + b',"usage":{"input_tokens":"7"}}',
)


@pytest.mark.parametrize("key", WIRES, ids=str)
@pytest.mark.parametrize("body", [*HOSTILE, *DEEP])
def test_no_reader_raises__or_finds_an_operation_in_what_describes_none(key: tuple[str, str], body: bytes) -> None:
    for reader in readers(WIRES[key]):
        found = told(reader, body)  # type: ignore[arg-type]
        assert found is None or found.provider_id in ("", "a") or len(found.provider_id) <= 1024


@pytest.mark.parametrize("key", WIRES, ids=str)
def test_a_body_of_ten_megabytes_is_no_matter(key: tuple[str, str]) -> None:
    body = b'{"id":"o1","request_id":"o1","status":"queued","output":"' + b"x" * 10_000_000 + b'","usage":null}'
    reader = WIRES[key].open_reply(JSON, NO_FACTS)
    told(reader, *(body[at : at + 262_144] for at in range(0, len(body), 262_144)))


@pytest.mark.parametrize("key", WIRES, ids=str)
def test_a_listing_that_is_none_lists_nothing(key: tuple[str, str]) -> None:
    found_in = WIRES[key].found_in
    for body in HOSTILE if found_in else ():
        assert all(found.provider_id for found in found_in(body))  # type: ignore[misc]


@pytest.mark.parametrize("key", WIRES, ids=str)
def test_no_request_of_ours_goes_where_an_operation_is_opened(key: tuple[str, str]) -> None:
    wire, place = WIRES[key], Place("/v1/somewhere", "o1")
    for make in (wire.poll, wire.cancel):
        ask = make(place) if make else None
        assert ask is None or ask.target != place.path


@pytest.mark.parametrize("key", WIRES, ids=str)
def test_a_reader_is_made_anew_for_every_reply(key: tuple[str, str]) -> None:
    one, other = (WIRES[key].open_reply(JSON, NO_FACTS) for _ in range(2))
    assert one is not other
    assert not inspect.isclass(one)


@pytest.mark.parametrize(
    "key", [("openai", "responses"), ("anthropic", "messages.batches"), ("replicate", "predictions")]
)
def test_a_document_may_come_in_any_two_pieces(key: tuple[str, str]) -> None:
    body = b'{"id":"o1","type":"message_batch","status":"queued","processing_status":"in_progress"}'
    for pieces in in_two(body):
        found = told(WIRES[key].open_reply(JSON, NO_FACTS), *pieces)
        assert found is not None
        assert found.provider_id == "o1"


def test_no_request_is_both_held_for_its_row_and_changed_to_ask_for_usage() -> None:
    both = [(name, row.method) for name, row in rows(*Role) if row.operation is not None and row.asks_usage]
    assert both == []
