"""How long Google wants us to wait, as its errors say."""

import json

import pytest
from hypothesis import given, strategies as st

from sidecar.providers.answer import Answer
from sidecar.reaper.google_delay import with_delay

INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "38s"}
OTHER = {"@type": "type.googleapis.com/google.rpc.Help", "links": []}


def error(*details, status=429, **fields):
    document = {"error": {"code": status, "status": "RESOURCE_EXHAUSTED", "details": list(details)}}
    return Answer(status, json.dumps(document).encode(), **fields)


@pytest.mark.parametrize(
    ("delay", "seconds"), [("38s", 38.0), ("0.5s", 0.5), ("", None), ("-1s", None), ("1e3s", None)]
)
def test_delay_of_the_body_counts(delay, seconds):
    assert with_delay(error(OTHER, INFO | {"retryDelay": delay})).retry_after_seconds == seconds


def test_error_in_a_list_of_one_is_read_too():
    answer = error(INFO)
    listed = Answer(429, b"[" + answer.body + b"]")
    assert with_delay(listed).retry_after_seconds == 38.0


def test_header_goes_before_the_body():
    assert with_delay(error(INFO, retry_after_seconds=5.0)).retry_after_seconds == 5.0


def test_answer_that_is_no_error_is_left_as_it_is():
    answer = Answer(200, error(INFO).body)
    assert with_delay(answer) is answer


def test_body_beyond_the_bound_is_not_looked_into():
    assert with_delay(Answer(429, error(INFO).body + b" " * 70_000)).retry_after_seconds is None


@given(st.binary(max_size=200))
def test_it_never_raises(body):
    assert with_delay(Answer(500, body)).status == 500
