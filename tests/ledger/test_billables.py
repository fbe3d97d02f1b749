"""What a call's money hangs on survives its row, so that what is priced anew is what was priced first."""

from decimal import Decimal
from typing import Any

from hypothesis import given, strategies as st
from msgspec.structs import astuple

from sidecar.clock import SECOND
from sidecar.ledger.billables import MONEY, billable_of, changed, keep, keep_money
from sidecar.ledger.rows import NOTHING, ROW_COLUMNS, as_record, as_row
from sidecar.ledger.tables import CALLS
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.basis import Basis
from sidecar.metering.billable import FREE, Billable, Money, money_of
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.metering.spend import WHOLE, Delivery, HandedOver
from sidecar.metering.usage import COUNTED, Usage
from tests.ledger.given import START, open_call, orphaned_call

BOOKS = [
    PriceBook(),
    PriceBook([Override(model="*", label="team=*", gpu_hour_usd=Decimal("2.5"), slots=8)]),
    PriceBook([Override(model="*", method="chat*", request_usd=Decimal("0.01")), Override(model="*", free=True)]),
]
WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
USAGES = st.builds(
    Usage, **dict.fromkeys(COUNTED, st.just(0) | st.integers(0, 10**9)), variant=st.sampled_from(["", "1024x1024 hd"])
)


def known_of(record: CallRecord) -> dict[str, Any]:
    """What a call takes from its record."""
    return {"provider": record.provider, "upstream": record.upstream, "at": record.committed_at or record.started_at}


@st.composite
def settled(draw):
    """A call that has ended somehow, and the record of its moments."""
    moment = st.none() | st.integers(START, START + 100 * SECOND)
    record = open_call(committed_at=draw(moment), left_at=draw(moment), finished_at=draw(moment), outcome="delivered")
    counted = Usage(output=draw(st.integers(0, 10**6)), reasoning=draw(st.integers(0, 10**6)))
    left = Delivery(
        handed_over=draw(st.sampled_from([HandedOver.PART, HandedOver.NOTHING])),
        at_left=draw(st.sampled_from([None, counted])),
        at_left_basis=draw(st.sampled_from(Basis)),
        committed_at=record.committed_at, left_at=record.left_at, finished_at=record.finished_at,
    )  # fmt: skip
    usage, asked = draw(st.none() | USAGES), draw(st.sampled_from(["", "my-deployment"]))
    call = Billable(
        **known_of(record), model=draw(st.sampled_from(["gemini-2.5-flash", "x", "gpt-4o"])), asked_model=asked,
        tier=draw(st.sampled_from(["", "batch", "flex"])), method=draw(st.sampled_from(["", "chat.completions"])),
        labels=draw(st.sampled_from([(), (("run", "7"), ("team", "a"))])), usage=usage, basis=draw(st.sampled_from(Basis)),
        reason=draw(WORDS), is_end_seen=record.finished_at is not None,
        told_usd=draw(st.none() | st.decimals(0, 100, places=9)), held_milliseconds=draw(st.integers(0, 10**7)),
        delivery=WHOLE if record.left_at is None else left,
    )  # fmt: skip
    return record, call


def through_a_row(record: CallRecord) -> CallRecord:
    """The record as it is read again."""
    row = dict(zip(ROW_COLUMNS, as_row(astuple(record), "i"), strict=True))
    nullable = {column.name for column in CALLS.c if column.nullable}
    values = (None if name in nullable and value == NOTHING else value for name, value in row.items())
    read = dict(zip(row, values, strict=True))
    del read["instance"]
    return as_record(tuple(read.values()))


@given(settled(), st.sampled_from(BOOKS))
def test_a_call_that_is_priced_anew_by_the_same_book_has_the_same_money(settled, book):
    record, call = settled
    money = money_of(book, call)
    keep(record, call, money)
    again = billable_of(through_a_row(record))
    assert again is not None
    assert money_of(book, again) == money
    assert changed(record, money_of(book, again)) == []


def test_a_call_for_which_no_bill_was_asked_is_not_priced_anew():
    record = open_call(outcome="rejected")
    keep(record, Billable(**known_of(record), model="m", usage=None, is_free=True), FREE)
    assert (record.spend_usd, record.basis) == (Decimal(0), "exact")
    assert billable_of(record) is None


def test_a_row_of_an_older_version_is_not_priced_anew():
    assert billable_of(open_call(outcome="delivered", usage={"input": 5}, spend_usd=Decimal("0.1"))) is None


def test_nothing_reported_is_not_the_same_as_nothing_used():
    for usage in (None, Usage()):
        record = open_call(outcome="delivered")
        call = Billable(**known_of(record), model="m", usage=usage)
        keep(record, call, Money(unpriced_reason="no_usage"))
        again = billable_of(through_a_row(record))
        assert again is not None
        assert again.usage == usage


def test_only_money_is_written_with_new_money():
    record = open_call(outcome="delivered", usage={"input": 5})
    keep_money(
        record, Money(spend_usd=Decimal(1), orphaned_usd=Decimal(0), avoidable_usd=Decimal(0), basis=Basis.EXACT)
    )
    assert (record.spend_usd, record.usage, record.handed_over) == (Decimal(1), {"input": 5}, None)


def test_what_has_changed_is_told_by_name():
    record = open_call(spend_usd=Decimal("0.10"), basis="exact")
    assert changed(record, Money(spend_usd=Decimal("0.1"), basis=Basis.EXACT)) == []
    assert changed(record, Money(spend_usd=Decimal("0.2"), price_source="s", basis=Basis.EXACT)) == [
        "spend_usd",
        "price_source",
    ]
    assert set(MONEY) <= set(CallRecord.__struct_fields__)


def test_a_word_of_a_later_version__no_more_than_an_estimate_or_left_alone():
    whole = billable_of(orphaned_call(handed_over="whole", usage_basis="surely"))
    part = billable_of(orphaned_call(handed_over="part", at_left_basis="surely"))
    assert whole is not None
    assert part is not None
    assert whole.basis is part.delivery.at_left_basis is Basis.ESTIMATED
    assert billable_of(orphaned_call(handed_over="mostly")) is None
