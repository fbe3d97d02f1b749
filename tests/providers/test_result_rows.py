"""Rows of results are summed as they pass, in bounded memory, however they are cut and coded."""

import json
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.result_rows import RowsReader, Sum, answered_in, open_answered_rows
from tests.bodies.cutting import bytewise, cut, zipped
from tests.providers.wire import read

ROWS = ReplyHead(200, "application/octet-stream")


def row(prompt: int, answer: int, model: str = "gpt-5-mini", **more: object) -> bytes:
    body = {"model": model, "usage": {"prompt_tokens": prompt, "completion_tokens": answer}} | more
    return json.dumps({"id": "r", "custom_id": "c", "response": {"status_code": 200, "body": body}}).encode() + b"\n"


FAILED = b'{"id":"r","custom_id":"c","response":null,"error":{"code":"batch_expired"}}\n'
REFUSED = b'{"id":"r","response":{"status_code":400,"body":{"error":{"message":"no"}}},"error":null}\n'
BODY = row(10, 3) + FAILED + row(20, 4) + REFUSED + row(1, 1)
SUMMED = Reported(Usage(input=31, output=8), "gpt-5-mini")


def reader(head: ReplyHead = ROWS) -> RowsReader:
    return RowsReader(answered_in, head)


def test_rows_are_summed__and_those_that_failed_used_nothing() -> None:
    assert read(reader(), BODY) == SUMMED
    assert read(open_answered_rows(ROWS, NO_FACTS), BODY) == SUMMED


@given(st.lists(st.integers(0, len(BODY)), max_size=8))
def test_the_sum_does_not_hang_on_how_the_body_came(places: list[int]) -> None:
    assert read(reader(), *cut(BODY, places)) == SUMMED


def test_a_coded_body_is_read_too() -> None:
    head = ReplyHead(200, "application/octet-stream", content_coding="gzip")
    assert read(reader(head), *bytewise(zipped(BODY))) == SUMMED


def test_a_coding_that_nobody_knows_is_given_up_and_said() -> None:
    unread = reader(ReplyHead(200, content_coding="rot13"))
    assert read(unread, BODY) is None
    assert unread.gave_up == "unknown_coding"


def test_the_last_row_need_not_end_in_a_newline() -> None:
    assert read(reader(), BODY.removesuffix(b"\n")) == SUMMED


def test_a_row_that_can_not_be_read_makes_the_sum_a_lower_bound() -> None:
    reported = read(reader(), row(10, 3) + b'{"response":{"bo\n' + row(1, 1))
    assert reported == Reported(Usage(input=11, output=4), "gpt-5-mini", "", Basis.AT_LEAST, "malformed_usage")


def test_rows_of_several_models_have_no_one_price() -> None:
    reported = read(reader(), row(10, 3) + row(1, 1, model="gpt-5-nano"))
    assert reported == Reported(Usage(input=11, output=4), "", "", Basis.ESTIMATED, "several_models")


def test_rows_of_several_tiers_have_no_one_price_either() -> None:
    reported = read(reader(), row(10, 3) + row(1, 1, service_tier="flex"))
    assert reported == Reported(Usage(input=11, output=4), "gpt-5-mini", "", Basis.ESTIMATED, "several_tiers")


def test_an_error_in_place_of_results_is_none() -> None:
    failed = reader(ReplyHead(404, "application/json"))
    assert read(failed, BODY) is None
    assert not failed.is_terminal


def test_nothing_reported_is_nothing__not_zero() -> None:
    assert read(reader(), FAILED) is None
    assert read(reader()) is None


def test_what_rows_cost_is_summed_where_all_of_them_say() -> None:
    total = Sum()
    total.add(Reported(Usage(), "m", cost_usd=Decimal("0.5")))
    total.add(Reported(Usage(), "m", cost_usd=Decimal("0.25")))
    assert total.reported() == Reported(Usage(), "m", cost_usd=Decimal("0.75"))
    total.add(Reported(Usage(input=1), "m"))
    total.add(Reported(Usage(input=1), "m", cost_usd=Decimal(1)))
    assert total.reported() == Reported(Usage(input=2), "m")


@pytest.mark.parametrize(
    "piece", [b"[" * 9000, b"\xff\n", b"null\n7\n", b'{"response":7}\n', b'{"response":{"body":7}}\n']
)
def test_what_is_no_row_raises_nothing(piece: bytes) -> None:
    reported = read(reader(), row(10, 3), piece, row(1, 1))
    assert reported is None or reported.usage.input >= 10


def test_a_large_file_takes_no_more_memory_than_a_row() -> None:
    long_row = row(10, 3, choices=[{"message": {"content": "x" * 400_000}}])
    rows = reader()
    tracemalloc.start()
    for _ in range(50):
        rows.feed(long_row)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    rows.finish()
    assert rows.reported() == Reported(Usage(input=500, output=150), "gpt-5-mini")
    assert most < 4_000_000
