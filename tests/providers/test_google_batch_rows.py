import json

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.lenient import Unreadable
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.google_batch_rows import InlinedRows, row_reported
from sidecar.providers.operation_documents import NOTHING_BILLED
from tests.bodies.cutting import bytewise, cut, in_two
from tests.providers.wire import Json, event, usage

ANSWER: Json = {"response": event("a", used=usage(5, 2)), "metadata": {"key": "k"}}
FAILURE: Json = {"error": {"code": 13, "message": "m"}, "metadata": {"key": "k"}}
EMBEDDING: Json = {"response": {"embedding": {"values": [0.25, -1]}, "tokenCount": "7"}}


def batch(*rows: Json, first: str = "metadata") -> bytes:
    """A document with its rows twice, as Google's has them."""
    output = {"inlinedResponses": {"inlinedResponses": list(rows)}}
    parts: dict[str, Json] = {
        "metadata": {"metadata": {"state": "BATCH_STATE_SUCCEEDED", "output": output}},
        "response": {"response": output},
    }
    order = [first, *(name for name in parts if name != first)]
    return json.dumps({"name": "batches/b1", **parts[order[0]], "done": True, **parts[order[1]]}, indent=2).encode()


def summed(*pieces: bytes) -> Reported | None:
    rows = InlinedRows()
    for piece in pieces:
        rows.feed(piece)
    rows.finish()
    return rows.reported()


TWO = Reported(Usage(input=10, output=4), "gemini-3-flash")


@pytest.mark.parametrize("first", ["metadata", "response"])
def test_rows_are_counted_once_at_every_cut(first):
    body = batch(ANSWER, FAILURE, ANSWER, first=first)
    assert all(summed(*pieces) == TWO for pieces in in_two(body))
    assert summed(*bytewise(body)) == TWO


def test_texts_that_were_embedded_are_counted():
    assert summed(batch(EMBEDDING, EMBEDDING)) == Reported(Usage(input=14))


def test_nothing_is_billed_when_every_row_failed():
    assert summed(batch(FAILURE, FAILURE)) == NOTHING_BILLED


@pytest.mark.parametrize(
    "body", [b"", b"{}", batch(), b'{"name":"batches/b1","metadata":{"state":"BATCH_STATE_RUNNING"}}']
)
def test_without_rows_nothing_is_said(body):
    assert summed(body) is None


def test_rows_that_broke_off_are_a_lower_bound():
    body = batch(ANSWER, ANSWER, ANSWER)
    second = body.index(b'"usageMetadata"', body.index(b'"usageMetadata"') + 1)
    assert summed(body[:second]) == Reported(Usage(input=5, output=2), "gemini-3-flash", "", Basis.AT_LEAST, "rows_cut")


def test_a_row_that_cant_be_read_makes_a_lower_bound():
    body = batch(ANSWER, ANSWER).replace(b'"usageMetadata"', b'"usageMetadata" oops', 1)
    assert summed(body) == Reported(Usage(input=5, output=2), "gemini-3-flash", "", Basis.AT_LEAST, "malformed_usage")


def test_an_answer_that_speaks_of_usage_is_no_usage():
    feigned = '"inlinedResponses": [{"response": {"usageMetadata": {"promptTokenCount": 99}}}]'
    answer = {"response": event(feigned, used=usage(5, 2)) | {"args": {"usageMetadata": {"promptTokenCount": 99}}}}
    body = json.dumps({"metadata": {"displayName": feigned}}).encode()[:-1] + b"," + batch(answer)[1:]
    assert summed(body) == Reported(Usage(input=5, output=2), "gemini-3-flash")


def test_megabytes_of_rows_are_summed_as_they_pass():
    large = {"response": event("word " * 100_000, used=usage(5, 2))}
    body = batch(*[large] * 20)
    rows = summed(*cut(body, range(0, len(body), 65_536)))
    assert rows == Reported(Usage(input=100, output=40), "gemini-3-flash")


@pytest.mark.parametrize(
    ("row", "reported"),
    [
        ({"key": "k", "response": event(used=usage(3, 1))}, Reported(Usage(input=3, output=1), "gemini-3-flash")),
        ({"key": "k", "error": {"code": 13}}, None),
        ({"key": "k", "response": None}, None),
        ({"key": "k", "response": {}}, None),
        ({"response": {"tokenCount": "many"}}, Reported(Usage(), "", "", Basis.AT_LEAST, "malformed_usage")),
        ({}, None),
    ],
)
def test_a_row_of_a_file_of_results(row, reported):
    assert row_reported(json.dumps(row).encode()) == reported


@pytest.mark.parametrize("row", [b"", b"{", b"[]", b'{"response":7}', b'{"response":[]}'])
def test_what_is_no_row_cant_be_read(row):
    with pytest.raises(Unreadable):
        row_reported(row)


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_no_document_raises(pieces):
    summed(*pieces)
    summed(b'{"inlinedResponses":[', *pieces)


def test_what_is_left_of_a_document_has_no_rows():
    body = batch(ANSWER, FAILURE)
    for pieces in in_two(body):
        rows = InlinedRows()
        left = json.loads(b"".join(rows.feed(piece) for piece in pieces))
        assert (
            left["response"]["inlinedResponses"]
            == left["metadata"]["output"]["inlinedResponses"]
            == {"inlinedResponses": []}
        )
        assert (left["name"], left["done"], left["metadata"]["state"]) == ("batches/b1", True, "BATCH_STATE_SUCCEEDED")


@given(st.binary(max_size=80))
def test_what_has_no_rows_is_left_as_it_is(body):
    assert InlinedRows().feed(body) == body or b"inlinedResponses" in body


def test_more_rows_than_a_copy_could_hold_are_summed():
    body = batch(
        *[{"response": {"candidates": [{"content": {"parts": [{"text": "a"}]}}], "usageMetadata": usage(1)}}] * 20_000
    )
    rows = InlinedRows()
    left = rows.feed(body)
    assert rows.reported() == Reported(Usage(input=20_000))
    assert len(left) < 1000
