"""The facts about SDKs' own retries, held against the SDKs; and that a refused repeat is not sent again, and is understood."""

import pytest

from sidecar.providers.contract import Dialect
from sidecar.providers.repeat_refusal import REFUSED_REPEAT, RETRIED, RETRIES, repeat_refused
from sidecar.proxy.replies import own_reply
from tests.providers.attempts import SdkCall, recorded
from tests.providers.refusing import CALLS

CALL_ID = "c_01jd0000000000000000000000"
SENTENCE = repeat_refused(CALL_ID, "rescue.max_answer_bytes")

calls = pytest.mark.parametrize(("row", "call", "dialect"), CALLS.values(), ids=CALLS.keys())


@calls
def test_a_refused_repeat_is_sent_once__and_its_caller_reads_why(row: str, call: SdkCall, dialect: Dialect) -> None:
    body = dialect.error_body(REFUSED_REPEAT, SENTENCE)
    outcome = recorded(call, own_reply(REFUSED_REPEAT, body, keeps_alive=False))
    assert len(outcome.heads) == 1
    assert SENTENCE in str(outcome.error)


STATUSES = (408, 409, 425, 429, 499, 500, 501, 503, 504)
ONCE = ("openai", "anthropic", "google-genai", "google-genai Interactions", "boto3", "cohere", "mistralai")
ONE_OF_EACH = {name: CALLS[name][:2] for name in ONCE}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(("row", "call"), ONE_OF_EACH.values(), ids=ONE_OF_EACH.keys())
def test_a_status_is_sent_again_exactly_where_the_row_says_so(row: str, call: SdkCall, status: int) -> None:
    outcome = recorded(call, _without_advice(status))
    assert outcome.error is not None
    assert (len(outcome.heads) > 1) == (status in RETRIES[row].statuses)


@pytest.mark.parametrize(("row", "call"), ONE_OF_EACH.values(), ids=ONE_OF_EACH.keys())
def test_advice_against_it_is_obeyed_exactly_where_the_row_says_so(row: str, call: SdkCall) -> None:
    outcome = recorded(call, _without_advice(503, b"x-should-retry: false\r\n"))
    assert (len(outcome.heads) == 1) == RETRIES[row].obeys_advice


def _without_advice(status: int, *lines: bytes) -> bytes:
    """An answer that says nothing about retries but that they need not wait."""
    head = (
        b"HTTP/1.1 %d Some Words\r\nContent-Type: application/json\r\nRetry-After-Ms: 1\r\nConnection: close\r\n"
        % status
    )
    return head + b"".join(lines) + b"Content-Length: 2\r\n\r\n{}"


def test_no_sdk_sends_a_refused_repeat_again() -> None:
    assert REFUSED_REPEAT not in RETRIED


def test_every_row_says_where_it_is_from_and_retries_something() -> None:
    assert all(row.source and row.statuses for row in RETRIES.values())


def test_the_sentence_names_the_call__the_bound_and_the_setting() -> None:
    assert all(word in SENTENCE for word in (CALL_ID, "rescue.max_answer_bytes", "rescue.on_repeat", "paid twice"))
