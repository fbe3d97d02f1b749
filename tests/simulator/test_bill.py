"""The bill."""

from decimal import Decimal

import msgspec
import pytest

from sidecar.simulator.bill import Bill, Entry, Finished, money


def an_entry(number: int = 1, tag: str = "", usd: str = "0") -> Entry:
    return Entry(
        number=number,
        id=tag,
        dialect="gemini",
        method="generateContent",
        model="m",
        kind="unary",
        received_at=1,
        first_byte_at=2,
        caller_left_at=None,
        finished_at=3,
        finished_how=Finished.COMPLETED,
        http_status=200,
        is_billable=True,
        usage={"prompt_tokens": 5},
        usd=Decimal(usd),
        request_bytes=1,
        request_sha256="aa",
        reply_bytes=2,
        reply_sha256="bb",
    )


def test_total__is_the_exact_sum():
    bill = Bill()
    for number in range(10):
        bill.add(an_entry(number, usd="0.1"))
    assert bill.total_usd == 1


def test_entries_of_a_tag__all_attempts():
    bill = Bill()
    for number, tag in enumerate(["a", "b", "a"]):
        bill.add(an_entry(number, tag))
    assert [entry.number for entry in bill.of("a")] == [0, 2]


def test_as_json__in_the_order_of_receipt_with_money_as_text():
    bill = Bill()
    bill.add(an_entry(2, usd="1.5E-7"))
    bill.add(an_entry(1, usd="0.160000"))
    said = msgspec.json.decode(msgspec.json.encode(bill.as_object()))
    assert [(entry["number"], entry["usd"]) for entry in said["entries"]] == [(1, "0.16"), (2, "0.00000015")]
    assert said["total_usd"] == "0.16000015"
    assert said["entries"][0]["finished_how"] == "completed"


@pytest.mark.parametrize(
    ("usd", "text"), [("0", "0"), ("0.00", "0"), ("10", "10"), ("1E+1", "10"), ("2.5E-7", "0.00000025")]
)
def test_money__neither_exponent_nor_idle_zeros(usd: str, text: str):
    assert money(Decimal(usd)) == text
