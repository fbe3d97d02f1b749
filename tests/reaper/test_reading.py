"""What answers say, and what of it the row keeps."""

import gzip
import json
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from sidecar.clock import SECOND
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.names import mark_of
from sidecar.providers.operation import Progress
from sidecar.reaper.contract import Answer
from sidecar.reaper.reading import found_in, observed_in, plain_body, reported_in, results_in, usage_changes
from tests.lifecycle.rows import NOW, row
from tests.reaper.provider import WIRE

LOST = row(provider_id=None, mark=mark_of("nightly"), opened_at=NOW)


def job(id: str = "j1", name: str = "nightly", created: int = NOW) -> dict[str, object]:
    return {"id": id, "name": name, "state": "running", "created": created}


def listing(*jobs: dict[str, object]) -> Answer:
    return Answer(200, json.dumps(jobs).encode())


def test_a_document__how_it_stands() -> None:
    seen = observed_in(WIRE, row(), Answer(200, json.dumps(job()).encode(), "application/json"))
    assert seen is not None
    assert seen.progress is Progress.RUNNING


@pytest.mark.parametrize("answer", [Answer(500, b"{}"), Answer(200, b"<html>"), Answer(200, b""), Answer(204)])
def test_no_document_of_it__nothing(answer: Answer) -> None:
    assert observed_in(WIRE, row(), answer) is None


@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "br", "zstd", "deflate", "x"]))
def test_any_bytes__nothing_is_raised(body: bytes, coding: str) -> None:
    answer = Answer(200, body, "application/json", coding)
    assert observed_in(WIRE, row(), answer) is None
    plain_body(answer)


def test_a_coded_body_is_read_plain() -> None:
    assert plain_body(Answer(200, gzip.compress(b"{}"), content_coding="gzip")) == b"{}"


def test_no_reader_of_results__a_word() -> None:
    assert results_in(WIRE, row(), Answer(200, b"x")) == (None, "no_results")


# === listings ===


def test_the_only_one_of_its_name_and_time__found() -> None:
    found = found_in(WIRE, LOST, listing(job(), job("j2", "other")), known_keys=())
    assert found is not None
    assert found.provider_id == "j1"


@pytest.mark.parametrize(
    ("answer", "known"),
    [
        (listing(job(), job("j2")), ()),
        (listing(job()), {"j1"}),
        (listing(job(created=NOW - 61 * SECOND)), ()),
        (listing(job(created=NOW + 901 * SECOND)), ()),
        (listing(job(id="")), ()),
        (listing(), ()),
        (Answer(403, b"[]"), ()),
    ],
    ids=["two", "known already", "older", "newer", "without a name", "none", "not let in"],
)
def test_in_doubt__none(answer: Answer, known: set[str]) -> None:
    assert found_in(WIRE, LOST, answer, known) is None


def test_it_was_given_no_name__none() -> None:
    assert found_in(WIRE, row(provider_id=None), listing(job(name="")), ()) is None


# === kept in the row ===

reports = st.builds(
    Reported, st.builds(Usage, input=st.integers(0, 9), output=st.integers(0, 9), variant=st.sampled_from(["", "720p"])),
    st.sampled_from(["", "gpt-x"]), st.sampled_from(["", "batch"]), st.sampled_from(Basis), st.sampled_from(["", "why"]),
    cost_usd=st.none() | st.just(Decimal("0.01")),
)  # fmt: skip


def kept(reported: Reported | None) -> OperationRecord:
    return row(**usage_changes(reported))


@given(reports)
def test_what_was_reported_comes_back_from_the_row(reported: Reported) -> None:
    assert reported_in(kept(reported)) == reported


def test_nothing_was_reported__nothing_comes_back() -> None:
    assert reported_in(kept(None)) is None


def test_a_word_that_nobody_knows_and_a_count_that_is_none__read_all_the_same() -> None:
    """A ledger is shared with later versions: a row that can't be read would never settle, and be looked at for ever."""
    told = row(usage={"input": 3, "variant": 1, "later": 5}, usage_basis="surely", variant="2K")
    assert reported_in(told) == Reported(Usage(input=3, variant="2K"), basis=Basis.ESTIMATED)
