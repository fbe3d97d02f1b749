"""Which calls are told to be attempts of one wish."""

import pytest

from sidecar.clock import SECOND
from sidecar.http1.head import read_request_head
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.proxy import attempts
from sidecar.proxy.admission import admit
from sidecar.proxy.attempts import WINDOW, Attempt, Attempts
from tests.proxy.messages import UNARY, request
from tests.proxy.road import a_destination

DESTINATIONS = {b"gemini": a_destination()}


def attempt(body: bytes = b"{}", *headers: str, target: str = UNARY, pieces: int = 1) -> Attempt:
    head = read_request_head(request(target, b"", *headers))
    made = Attempt(admit(head, DESTINATIONS, ("127.0.0.1", 1)), head)
    size = -(-len(body) // pieces)
    for at in range(0, len(body), size):
        made.feed(body[at : at + size])
    return made


def key(*arguments, **more) -> bytes:
    return attempt(*arguments, **more).key()


def earlier(known: Attempts, again: Attempt, continues: str, row: CallRecord) -> str | None:
    return known.earlier(again.key(), again, continues, row)


def record(id: str, at: int = 0, outcome: str | None = None, status: int | None = None) -> CallRecord:
    return CallRecord(
        id=id, upstream="u", provider="p", dialect="d", model="m", kind=CallKind.UNARY, started_at=at, settled_at=at,
        outcome=outcome, http_status=status,
    )  # fmt: skip


def after(outcome: str, status: int | None = 200) -> Attempts:
    known = Attempts()
    if status is not None and status >= 400:
        known.answered(key(), record("first"), status, 0)
    known.settled(key(), record("first", 0, outcome, status), "")
    return known


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.UPSTREAM_FAILED, None), (Outcome.ORPHAN_CUT, 200), (Outcome.ORPHAN_FINISHED, 200), (Outcome.UNDELIVERED, 200),
        (Outcome.REJECTED, 429), (Outcome.REJECTED, 500), (Outcome.REJECTED, 529), (Outcome.REJECTED, 409),
    ],
)  # fmt: skip
def test_the_same_request_after_an_attempt_without_an_answer_is_a_retry(outcome, status):
    assert earlier(after(outcome, status), attempt(), "", record("second", SECOND)) == "first"


@pytest.mark.parametrize(
    ("outcome", "status"), [(Outcome.DELIVERED, 200), (Outcome.REJECTED, 400), (Outcome.REJECTED, 404)]
)
def test_the_same_request_after_an_answer_is_a_call_of_its_own(outcome, status):
    assert earlier(after(outcome, status), attempt(), "", record("second", SECOND)) is None


@pytest.mark.parametrize(
    "other", [{"body": b"{ }"}, {"target": "/gemini/v1beta/models/gemini-2.5-pro:generateContent"}]
)
def test_another_request_is_no_retry(other):
    assert earlier(after(Outcome.UPSTREAM_FAILED), attempt(**other), "", record("second", SECOND)) is None


def test_a_retry_of_a_retry_names_the_first_attempt():
    known = after(Outcome.UPSTREAM_FAILED)
    second = record("second", SECOND, Outcome.UPSTREAM_FAILED)
    second.attempt_of = earlier(known, attempt(), "", second)
    known.settled(key(), second, "")
    assert earlier(known, attempt(), "", record("third", 2 * SECOND)) == "first"


def test_a_caller_that_left_may_come_again_before_its_call_has_settled():
    known = Attempts()
    known.left(key(), record("first"), at=5 * SECOND)
    assert earlier(known, attempt(), "", record("second", 6 * SECOND)) == "first"


def test_what_the_sdk_calls_a_first_attempt_is_none_of_another():
    stainless = "x-stainless-retry-count: {}"
    known = after(Outcome.UPSTREAM_FAILED)
    assert earlier(known, attempt(b"{}", stainless.format(0)), "", record("second", SECOND)) is None
    assert earlier(known, attempt(b"{}", stainless.format(1)), "", record("second", SECOND)) == "first"


def test_after_the_window_it_is_a_new_wish():
    known = after(Outcome.UPSTREAM_FAILED)
    assert earlier(known, attempt(), "", record("second", WINDOW)) == "first"
    assert earlier(known, attempt(), "", record("second", WINDOW + 1)) is None


def test_the_rest_of_an_answer_belongs_to_the_call_that_began_it():
    known = Attempts()
    known.settled(key(), record("first", 0, Outcome.DELIVERED, 200), "digest-of-token")
    assert earlier(known, attempt(b'{"more":1}'), "digest-of-token", record("second", SECOND)) == "first"
    assert earlier(known, attempt(b'{"more":1}'), "another", record("second", SECOND)) is None


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 40])
def test_a_form_is_known_again_whatever_boundary_was_drawn_for_it(pieces):
    def form(boundary: str, text: str = "a ship") -> Attempt:
        body = f'--{boundary}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n{text}\r\n--{boundary}--\r\n'
        return attempt(body.encode(), f"Content-Type: multipart/form-data; boundary={boundary}", pieces=pieces)

    assert form("aXb1").key() == form("cYd2").key()
    assert form("aXb1").key() != form("aXb1", "a boat").key()


def test_no_more_attempts_are_remembered_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(attempts, "MOST", 2)
    known = Attempts()
    for number in range(3):
        known.left(key(b"%d" % number), record(f"c{number}"), at=0)
    assert len(known.ids) == 2
    assert earlier(known, attempt(b"0"), "", record("again")) is None
    assert earlier(known, attempt(b"2"), "", record("again")) == "c2"
