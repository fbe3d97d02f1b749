"""Documents are read by a table of what stands where; what does not stand there is left out."""

import json

import pytest

from sidecar.bodies.lenient import Unreadable
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported
from sidecar.providers.names import mark_of
from sidecar.providers.observing import whole_observed
from sidecar.providers.operation import Observed, Progress
from sidecar.providers.operation_documents import (
    Described,
    Shape,
    described_by,
    listed_by,
    marked,
    model_in,
    nothing_in,
)
from tests.providers.operation_wire import told
from tests.providers.wire import JSON

WORDS = {"going": Progress.RUNNING, "done": Progress.SUCCEEDED}
USED = Reported(Usage(input=3))


def used(told: Described) -> Reported | None:
    return USED if told.value("used") else None


SHAPE = Shape(words=WORDS, ended_at=("done_at", "gone_at"), mark="file", results="output", report=used)


def read(document: object, shape: Shape = SHAPE) -> Observed | None:
    return described_by(shape)(json.dumps(document).encode())


def test_a_document_tells_all_that_its_table_names() -> None:
    document = {"id": "b1", "status": "done", "model": "m", "created_at": 2, "gone_at": 5, "file": "f1", "output": "o1"}
    assert read(document) == Observed(Progress.SUCCEEDED, "b1", "m", None, 5_000_000, "o1", 2_000_000, mark_of("f1"))


def test_results_are_named_only_where_they_are_needed_and_there() -> None:
    assert read({"id": "b1", "status": "done", "output": "o1", "used": True}) == Observed(
        Progress.SUCCEEDED, "b1", reported=USED
    )
    assert read({"id": "b1", "status": "going", "output": "o1"}) == Observed(Progress.RUNNING, "b1")


def test_what_was_used_before_the_end_is_a_lower_bound() -> None:
    found = read({"id": "b1", "status": "going", "used": True})
    assert found is not None
    assert found.reported == Reported(Usage(input=3), basis=Basis.AT_LEAST, reason="end_not_seen")


def test_a_word_that_nobody_knows_means_that_it_runs() -> None:
    assert read({"id": "b1", "status": "thinking hard"}) == Observed(Progress.RUNNING, "b1")


def test_a_name_without_a_state_is_told__and_a_state_without_a_name() -> None:
    assert read({"id": "b1"}) == Observed(Progress.RUNNING, "b1")
    assert read({"status": "done"}) == Observed(Progress.SUCCEEDED)


@pytest.mark.parametrize("document", [{}, {"id": 7}, {"id": "..."}, {"id": "a b"}, {"id": None, "status": ["done"]}])
def test_a_document_that_names_nothing_describes_nothing(document: object) -> None:
    assert read(document) is None


def test_an_envelope_is_opened__and_missed_where_there_has_to_be_one() -> None:
    wrapped = Shape(words=WORDS, inner="batch")
    assert read({"batch": {"id": "b1"}}, wrapped) == read({"id": "b1"}, wrapped)
    assert read({"id": "b1"}, Shape(words=WORDS, inner="batch", is_enveloped=True)) is None


def test_documents_of_another_kind_describe_nothing() -> None:
    runs = Shape(words=WORDS, kind=("object", "run"))
    assert read({"id": "r1", "object": "run"}, runs) == Observed(Progress.RUNNING, "r1")
    assert read({"id": "s1", "object": "step"}, runs) is None
    assert read({"id": "s1"}, runs) is None


def test_what_is_no_document_is_said_to_be_none() -> None:
    with pytest.raises(Unreadable):
        described_by(SHAPE)(b"[]")


def test_a_listing_is_read_from_its_member__or_as_it_is() -> None:
    rows = [{"id": "b1", "file": "f1"}, {"status": "done"}, 7, {"id": "b2"}]
    listed = (Observed(Progress.RUNNING, "b1", mark=mark_of("f1")), Observed(Progress.RUNNING, "b2"))
    assert listed_by(SHAPE)(json.dumps({"data": rows}).encode()) == listed
    assert listed_by(SHAPE)(json.dumps(rows).encode()) == listed
    assert listed_by(SHAPE, "jobs")(json.dumps({"jobs": rows}).encode()) == listed


@pytest.mark.parametrize("body", [b"", b"{", b"7", b'{"data":7}', b'{"data":null}', b"{}", b"[" * 9000, b"\xff"])
def test_a_listing_that_can_not_be_read_lists_nothing(body: bytes) -> None:
    assert listed_by(SHAPE)(body) == ()


def test_a_long_listing_is_read_up_to_a_bound() -> None:
    rows = [{"id": f"b{number}"} for number in range(1500)]
    assert len(listed_by(SHAPE)(json.dumps(rows).encode())) == 1000


def test_a_mark_is_made_of_a_text_or_of_several__and_of_nothing_else() -> None:
    assert marked("f1") == marked(["f1"]) == mark_of("f1")
    assert marked(["f1", 7, "f2"]) == mark_of("f1,f2")
    assert marked(None) == marked({}) == marked(7) == marked([]) == marked("...") == ""


def test_a_model_may_be_an_object() -> None:
    assert model_in({"id": "claude-x"}) == model_in("claude-x") == "claude-x"
    assert model_in(["claude-x"]) == model_in(None) == ""


def test_replies_that_only_renew_say_nothing() -> None:
    assert told(whole_observed(nothing_in)(JSON, NO_FACTS), b'{"id":"b1"}') is None
