import pytest

from sidecar.providers.contract import NO_FACTS
from sidecar.providers.google_long_running import (
    BATCH_WORDS,
    IMPORTS_WIRE,
    JOB_WORDS,
    OPERATIONS_WIRE,
    ended_progress,
    number_in,
)
from sidecar.providers.operation import Observed, Place
from tests.providers.operation_wire import CANCELLED, FAILED, HOSTILE, RUNNING, SUCCEEDED, lines, observed, told
from tests.providers.wire import JSON

NAME = "projects/7/locations/us-central1/operations/9"


@pytest.mark.parametrize(
    ("said", "progress"),
    [
        ({}, RUNNING),
        ({"done": False}, RUNNING),
        ({"done": False, "error": {"code": 13}}, RUNNING),
        ({"done": "true"}, RUNNING),
        ({"done": 1}, RUNNING),
        ({"done": True}, SUCCEEDED),
        ({"done": True, "response": {}}, SUCCEEDED),
        ({"done": True, "error": None, "response": {}}, SUCCEEDED),
        ({"done": True, "error": {"code": 1}}, CANCELLED),
        ({"done": True, "error": {"code": True}}, FAILED),
        ({"done": True, "error": {"code": 13, "message": "m"}}, FAILED),
        ({"done": True, "error": {}}, FAILED),
        ({"done": True, "error": "odd"}, FAILED),
    ],
)
def test_an_operation_stands_where_done_and_error_say(said, progress):
    assert observed(OPERATIONS_WIRE, {"name": NAME} | said) == Observed(progress, NAME)


def test_a_states_word_counts_and_done_where_it_tells_no_end():
    error = {"code": 13}
    assert ended_progress("BATCH_STATE_CANCELLED", BATCH_WORDS, True, error) is CANCELLED
    assert ended_progress("BATCH_STATE_RUNNING", BATCH_WORDS, True, None) is SUCCEEDED
    assert ended_progress("BATCH_STATE_NEW", BATCH_WORDS, True, error) is FAILED
    assert ended_progress("BATCH_STATE_NEW", BATCH_WORDS, None, None) is RUNNING
    assert ended_progress(7, JOB_WORDS, None, None) is RUNNING


@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_operation_says_nothing(body):
    assert told(OPERATIONS_WIRE.open_reply(JSON, NO_FACTS), body) in (None, Observed(RUNNING, "a"))


@pytest.mark.parametrize(
    ("path", "name", "base"),
    [
        ("/v1/projects/p/locations/us-central1/x", NAME, "/v1"),
        ("/gw/v1beta1/projects/p/locations/us-central1/x:y", NAME, "/gw/v1beta1"),
        ("/v1beta/fileSearchStores/s:importFile", "fileSearchStores/s/operations/o", "/v1beta"),
        ("/x", NAME, ""),
    ],
)
def test_it_is_asked_about_by_its_full_name_under_the_same_version(path, name, base):
    target = f"{base}/{name}"
    assert lines(OPERATIONS_WIRE, Place(path, name)) == {"poll": f"GET {target}", "cancel": f"POST {target}:cancel"}


def test_imports_have_no_cancel():
    assert IMPORTS_WIRE.cancel is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("7", 7),
        (7, 7),
        ("0", 0),
        (-1, 0),
        ("-1", 0),
        (None, 0),
        (True, 0),
        (1.5, 0),
        ("9" * 30, 0),
        ("\u0662", 0),
        ([], 0),
    ],
)
def test_an_int64_is_a_string_of_digits(value, number):
    assert number_in(value) == number
