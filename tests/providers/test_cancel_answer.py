import json

import pytest
from hypothesis import given, strategies as st

from sidecar.providers.cancel_answer import CancelAnswer as C, cancel_answer


def google(code: int, status: str, **more: object) -> bytes:
    return json.dumps({"error": {"code": code, "message": "m", "status": status, **more}}).encode()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, C.TAKEN), (201, C.TAKEN), (202, C.TAKEN), (204, C.TAKEN), (499, C.TAKEN), (409, C.ALREADY_ENDED), (404, C.GONE),
        (410, C.GONE), (405, C.UNSUPPORTED), (501, C.UNSUPPORTED), (429, C.LATER), (408, C.LATER), (425, C.LATER),
        (500, C.LATER), (502, C.LATER), (503, C.LATER), (529, C.LATER), (401, C.FORBIDDEN), (403, C.FORBIDDEN),
        (400, C.REFUSED), (402, C.REFUSED), (422, C.REFUSED), (301, C.REFUSED), (100, C.REFUSED), (0, C.REFUSED),
    ],
)  # fmt: skip
def test_a_status_alone_is_an_answer(status, answer):
    assert cancel_answer(status, b"") is answer


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [
        (400, google(400, "FAILED_PRECONDITION"), C.ALREADY_ENDED),
        (400, b"[" + google(400, "FAILED_PRECONDITION") + b"]", C.ALREADY_ENDED),
        (400, google(400, "INVALID_ARGUMENT"), C.REFUSED),
        (400, google(400, "INVALID_ARGUMENT", details=[7, {"reason": "API_KEY_INVALID"}]), C.FORBIDDEN),
        (499, google(499, "CANCELLED"), C.TAKEN),
        (400, google(1, "CANCELLED"), C.TAKEN),
        (501, google(501, "UNIMPLEMENTED"), C.UNSUPPORTED),
        (404, google(404, "UNIMPLEMENTED"), C.UNSUPPORTED),
        (404, google(404, "NOT_FOUND"), C.GONE),
        (409, google(409, "ABORTED"), C.LATER),
        (409, google(409, "ALREADY_EXISTS"), C.ALREADY_ENDED),
        (429, google(429, "RESOURCE_EXHAUSTED"), C.LATER),
        (503, google(503, "UNAVAILABLE"), C.LATER),
    ],
)
def test_googles_errors_say_more_than_their_status(status, body, answer):
    assert cancel_answer(status, body) is answer


@pytest.mark.parametrize(
    ("status", "word", "answer"),
    [
        (202, "CANCELLATION_REQUESTED", C.TAKEN),
        (200, "OK", C.TAKEN),
        (400, "ALREADY_COMPLETED", C.ALREADY_ENDED),
        (404, "NOT_FOUND", C.GONE),
        (400, "NOT_FOUND", C.GONE),
        (404, "ALREADY_COMPLETED", C.ALREADY_ENDED),
        (200, "ALREADY_COMPLETED", C.ALREADY_ENDED),
    ],
)
def test_fals_word_counts_whatever_its_status(status, word, answer):
    assert cancel_answer(status, json.dumps({"status": word}).encode()) is answer


@pytest.mark.parametrize(
    ("status", "name", "answer"),
    [
        (400, "ConflictException", C.ALREADY_ENDED),
        (400, "com.amazonaws.bedrock#ConflictException", C.ALREADY_ENDED),
        (400, "ValidationException", C.REFUSED),
        (400, "ThrottlingException", C.LATER),
        (400, "AccessDeniedException", C.FORBIDDEN),
        (400, "ResourceNotFoundException", C.GONE),
    ],
)
def test_an_error_of_awss_is_known_by_its_name(status, name, answer):
    assert cancel_answer(status, json.dumps({"__type": name, "message": "m"}).encode()) is answer


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"i1","status":"cancelled"}',
        b"{}",
        b'{"status":"CANCELLED"}',
        b'{"error":{"status":"CANCELLED"}}',
        b"\xff",
    ],
)
def test_a_document_of_the_operation_is_no_more_than_taken(body):
    assert cancel_answer(200, body) is C.TAKEN


def test_an_error_within_a_success_is_not_read_as_one():
    assert cancel_answer(200, google(9, "FAILED_PRECONDITION")) is C.TAKEN


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":7,"__type":[]}',
        b'{"error":7}',
        b'{"error":{"status":[],"details":{}}}',
        b"[[]]",
        b"[" * 9000,
        b"null",
        b"7",
    ],
)
def test_what_says_nothing_leaves_the_status(body):
    assert cancel_answer(400, body) is C.REFUSED
    assert cancel_answer(404, body) is C.GONE


def test_a_long_answer_is_not_looked_into():
    assert cancel_answer(400, google(400, "FAILED_PRECONDITION") + b" " * 70_000) is C.REFUSED


@given(st.integers(), st.binary(max_size=200))
def test_nothing_raises(status, body):
    assert cancel_answer(status, body) in C
