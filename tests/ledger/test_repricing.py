"""Calls are priced anew in place, beside a ledger in use, and nothing but their money changes."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from msgspec.structs import asdict, replace

from sidecar.errors import LedgerError
from sidecar.ledger import repricing
from sidecar.ledger.billables import MONEY, billable_of, keep
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.repricing import Sums, priced_anew, reprice
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.billable import FREE, Billable, money_of
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.metering.spend import WHOLE, Delivery, HandedOver
from sidecar.metering.usage import Usage
from tests.ledger.given import SOON, FilePlace, file_place, open_call, orphaned_call

OLD = PriceBook([Override(model="*", output_per_mtok_usd=Decimal(1), input_per_mtok_usd=Decimal(1))])
NEW = PriceBook([Override(model="*", output_per_mtok_usd=Decimal(3), input_per_mtok_usd=Decimal(1))])
NONE = PriceBook([Override(model="*", image_usd=Decimal(1))])
USED = Usage(input=1_000, output=3_000)
BY_TIME = PriceBook([Override(model="*", gpu_hour_usd=Decimal(36))])


def priced(id: str, book: PriceBook, usage: Usage | None = USED, **fields) -> CallRecord:
    """A settled call with the money that a book gives it."""
    record = orphaned_call(id, **({"spend_usd": None, "price_source": None, "usage": {}} | fields))
    left = Delivery(
        handed_over=HandedOver.NOTHING, committed_at=record.committed_at, left_at=record.left_at,
        finished_at=record.finished_at,
    )  # fmt: skip
    call = Billable(
        provider=record.provider, upstream=record.upstream, model=record.model, at=record.committed_at or 0,
        usage=usage, held_milliseconds=2_000, delivery=left,
    )  # fmt: skip
    keep(record, call, money_of(book, call))
    return record


@pytest.fixture
def place() -> Iterator[FilePlace]:
    with file_place() as place:
        yield place


def run(
    place: FilePlace, book: PriceBook, *, is_dry_run: bool = False, query: CallQuery | None = None
) -> dict[str, Sums]:
    reader = place.reader()
    return reprice(reader.calls(query or CallQuery()), book, None if is_dry_run else place.path)


def write(place: FilePlace, *records: CallRecord) -> None:
    ledger = place.open()
    for record in records:
        ledger.put(record)
    assert ledger.flush(SOON)


def test_money_is_worked_out_anew_and_nothing_else_changes(place):
    write(place, priced("c1", OLD))
    before = place.reader().call("c1")
    sums = run(place, NEW)["gemini-3-pro"]
    after = place.reader().call("c1")
    assert (sums.calls, sums.changed, sums.priced, sums.left_alone) == (1, 1, 0, 0)
    assert (sums.spend_before_usd, sums.spend_after_usd) == (Decimal("0.004"), Decimal("0.01"))
    assert (sums.orphaned_before_usd, sums.orphaned_after_usd) == (Decimal("0.004"), Decimal("0.01"))
    assert (after.spend_usd, after.orphaned_usd) == (Decimal("0.01"), Decimal("0.01"))
    assert before.avoidable_usd < after.avoidable_usd < after.orphaned_usd
    assert {name for name, value in asdict(after).items() if value != getattr(before, name)} <= set(MONEY)


def test_an_unchanged_book_changes_nothing(place):
    write(place, *(priced(f"c{number}", OLD) for number in range(5)), priced("n", OLD, usage=None))
    before = list(place.reader().calls(CallQuery()))
    assert sum(sums.changed for sums in run(place, OLD).values()) == 0
    assert list(place.reader().calls(CallQuery())) == before


def test_a_dry_run_says_the_same_and_changes_nothing(place):
    write(place, priced("c1", OLD))
    assert run(place, NEW, is_dry_run=True) == run(place, NEW)
    assert run(place, NEW)["gemini-3-pro"].changed == 0


def test_calls_without_a_price_gain_one_and_calls_may_lose_theirs(place):
    write(place, priced("c1", NONE))
    assert place.reader().call("c1").unpriced_reason == "no_price"
    assert run(place, NEW)["gemini-3-pro"].priced == 1
    assert place.reader().call("c1").unpriced_reason is None
    assert run(place, NONE)["gemini-3-pro"].unpriced == 1
    lost = place.reader().call("c1")
    assert (lost.spend_usd, lost.orphaned_usd, lost.unpriced_reason) == (None, None, "no_price")


def test_rows_that_do_not_say_what_was_used_are_left_alone(place):
    write(place, orphaned_call("old"), priced("none", NEW, usage=None), open_call("open"))
    sums = run(place, NEW)["gemini-3-pro"]
    assert (sums.calls, sums.changed, sums.left_alone) == (2, 0, 2)
    assert sums.spend_before_usd == sums.spend_after_usd == Decimal("0.000123")


def test_time_that_was_held_is_priced_although_nothing_was_reported(place):
    write(place, priced("c1", NEW, usage=None))
    assert run(place, BY_TIME)["gemini-3-pro"].priced == 1
    assert place.reader().call("c1").spend_usd == Decimal("0.02")


def test_a_row_that_somebody_else_priced_meanwhile_is_left_to_him(place):
    write(place, priced("c1", OLD))
    stale = list(place.reader().calls(CallQuery()))
    run(place, NEW)
    sums = reprice(stale, NONE, place.path)["gemini-3-pro"]
    assert sums.changed == 0
    assert place.reader().call("c1").spend_usd == Decimal("0.01")


def test_more_rows_than_a_batch_are_all_priced(place, monkeypatch):
    monkeypatch.setattr(repricing, "BATCH_ROWS", 3)
    write(place, *(priced(f"c{number}", OLD) for number in range(10)))
    assert run(place, NEW)["gemini-3-pro"].changed == 10
    assert {call.spend_usd for call in place.reader().calls(CallQuery())} == {Decimal("0.01")}


def test_a_ledger_in_use_goes_on_writing(place):
    ledger = place.open()
    ledger.put(priced("c1", OLD))
    assert ledger.flush(SOON)
    run(place, NEW)
    ledger.put(priced("c2", OLD))
    assert ledger.flush(SOON)
    assert {call.id: call.spend_usd for call in place.reader().calls(CallQuery())} == {
        "c1": Decimal("0.01"), "c2": Decimal("0.004"),
    }  # fmt: skip


def test_only_what_was_asked_for_is_priced(place):
    write(place, priced("c1", OLD), priced("c2", OLD, model="other"))
    assert list(run(place, NEW, query=CallQuery(model="oth*"))) == ["other"]
    assert place.reader().call("c1").spend_usd == Decimal("0.004")


def rescued(id: str, book: PriceBook) -> CallRecord:
    """A call whose caller left after a second, and whose retry got the whole answer."""
    record = priced(id, OLD, outcome="rescued", rescued_by="c2")
    call = billable_of(record)
    assert call is not None
    call = replace(call, delivery=WHOLE)
    keep(record, call, money_of(book, call))
    return record


def test_a_rescued_call_is_delivered_whole_at_the_new_price_too(place):
    write(place, rescued("c1", OLD))
    sums = run(place, NEW)["gemini-3-pro"]
    call = place.reader().call("c1")
    assert (sums.changed, sums.orphaned_after_usd) == (1, Decimal(0))
    assert (call.spend_usd, call.orphaned_usd, call.avoidable_usd) == (Decimal("0.01"), Decimal(0), Decimal(0))
    assert (call.left_at, call.outcome, call.handed_over) == (rescued("c1", OLD).left_at, "rescued", "whole")


def test_a_retry_that_was_given_anothers_answer_has_no_bill_to_be_worked_out(place):
    joined = open_call(outcome="joined", committed_at=None, attempt_of="c1")
    keep(joined, Billable(provider="p", upstream="u", model=joined.model, at=1, usage=None, is_free=True), FREE)
    write(place, joined)
    sums = run(place, NEW)["gemini-3-pro"]
    assert (sums.calls, sums.changed, sums.left_alone, sums.spend_after_usd) == (1, 0, 1, Decimal(0))
    assert place.reader().call("c1") == joined


def test_a_file_that_is_gone_is_not_made(place):
    with pytest.raises(LedgerError):
        reprice([priced("c1", OLD)], NEW, place.path)
    assert not place.path.exists()


def test_a_call_that_is_told_its_price_is_priced_by_that():
    record = priced("c1", OLD)
    record.told_usd = Decimal("0.5")
    money = priced_anew(record, PriceBook())
    assert money is not None
    assert money.spend_usd == Decimal("0.5")
