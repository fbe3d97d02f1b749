"""What an operation's bill comes to, and whose it is, for every way in which it can end."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.ledger.operation_rows import SETTLING
from sidecar.lifecycle.operation import OperationKind as Kind, OperationState as State
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.reaper.settlement import is_orphaned, settle_operation, tokens_of
from tests.reaper.settled import (
    ASKED,
    BOOK,
    CLAIMED,
    LAPSED,
    NOTHING,
    NOW,
    OURS,
    REFUSED,
    THEIRS,
    USED,
    WHOLE,
    an_operation,
    settled,
)

DELIVERED = [
    (State.SUCCEEDED, CLAIMED),
    (State.SUCCEEDED, CLAIMED | LAPSED),
    (State.SUCCEEDED, {"is_detached": True}),
    (State.FAILED, {}),
    (State.FAILED, CLAIMED | LAPSED),
    (State.CANCELLED, {}),
    (State.CANCELLED, THEIRS),
    (State.CANCELLED, THEIRS | LAPSED),
    (State.CANCELLED, REFUSED | CLAIMED),
    (State.EXPIRED, {}),
    (State.EXPIRED, CLAIMED),
    (State.ABANDONED, {}),
]
ORPHANED = [
    (State.SUCCEEDED, {}),
    (State.SUCCEEDED, LAPSED),
    (State.SUCCEEDED, LAPSED | OURS | {"cancel_result": "too_late"}),
    (State.FAILED, LAPSED),
    (State.CANCELLED, LAPSED),
    (State.CANCELLED, LAPSED | OURS),
    (State.CANCELLED, OURS),
    (State.CANCELLED, OURS | CLAIMED),
    (State.CANCELLED, ASKED),
    (State.CANCELLED, OURS | {"cancel_result": None}),
    (State.CANCELLED, REFUSED | LAPSED),
    (State.EXPIRED, LAPSED),
    (State.ABANDONED, LAPSED),
]


@pytest.mark.parametrize(("state", "facts"), DELIVERED)
def test_the_caller_got_it_stopped_it_or_was_there__delivered(state: State, facts: dict[str, Any]):
    row = settled(an_operation(state, **facts))
    assert (row.spend_usd, row.orphaned_usd, row.avoidable_usd) == (WHOLE, NOTHING, NOTHING)
    assert row.settled_at == NOW
    assert tokens_of(row).delivered == (40, 0, 30, 0, 0)


@pytest.mark.parametrize(("state", "facts"), ORPHANED)
def test_nobody_got_anything__all_of_it_orphaned(state: State, facts: dict[str, Any]):
    row = settled(an_operation(state, **facts))
    assert (row.spend_usd, row.orphaned_usd) == (WHOLE, WHOLE)
    assert tokens_of(row).orphaned == (40, 0, 30, 0, 0)
    assert sum(tokens_of(row).delivered) == 0


@pytest.mark.parametrize(
    ("state", "reason"),
    [(State.EXPIRED, "expired"), (State.ABANDONED, "abandoned"), (State.UNTRACEABLE, "untraceable")],
)
@pytest.mark.parametrize("model", ["m", "by-request"])
def test_an_end_that_nobody_saw_without_usage__unpriced_by_its_own_word(state: State, reason: str, model: str):
    row = settled(an_operation(state, model=model, **LAPSED), None)
    assert (row.spend_usd, row.orphaned_usd, row.avoidable_usd, row.basis) == (None, None, None, None)
    assert (row.unpriced_reason, row.usage_reason) == (reason, reason)


def test_usage_that_was_told_before_the_end_was_lost__a_lower_bound():
    row = settled(an_operation(State.EXPIRED, **LAPSED))
    assert (row.spend_usd, row.basis, row.basis_reason) == (WHOLE, "at_least", "end_not_seen")


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.SUCCEEDED, "not_watched"),
        (State.EXPIRED, "not_watched"),
        (State.ABANDONED, "not_watched"),
        (State.UNTRACEABLE, "untraceable"),
    ],
)
def test_a_provider_that_was_not_asked__says_so(state: State, reason: str):
    assert settled(an_operation(state), None, is_watched=False).unpriced_reason == reason


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.CANCELLED, State.FAILED])
def test_a_seen_end_without_usage__unpriced_and_why(state: State):
    assert settled(an_operation(state), None).unpriced_reason == "no_usage"
    assert settled(an_operation(state), None, why_nothing="unknown_coding").unpriced_reason == "unknown_coding"


def test_a_price_of_the_request_itself_needs_no_usage():
    row = settled(an_operation(model="by-request"), None)
    assert (row.spend_usd, row.orphaned_usd, row.usage) == (Decimal(3), Decimal(3), {})


@pytest.mark.parametrize(
    "fields",
    [
        {"provider_id": None},
        {"dialect": "gemini", "kind": Kind.LRO},
        {"dialect": "vertex", "kind": Kind.LRO},
        {"dialect": "vertex", "kind": Kind.LRO} | LAPSED,
    ],
)
def test_a_create_that_was_declined_and_a_video_that_failed__free(fields: dict[str, Any]):
    row = settled(an_operation(State.FAILED, **fields), None)
    assert (row.spend_usd, row.orphaned_usd, row.basis, row.unpriced_reason) == (NOTHING, NOTHING, "exact", None)


def test_a_failure_that_reports_what_it_used__is_billed():
    assert settled(an_operation(State.FAILED, dialect="gemini", kind=Kind.LRO)).spend_usd == WHOLE


@pytest.mark.parametrize("state", [State.CANCELLED, State.FAILED])
def test_work_that_was_stopped_before_it_used_anything__free(state: State):
    row = settled(an_operation(state, **OURS), Reported(Usage()))
    assert (row.spend_usd, row.basis, row.unpriced_reason) == (NOTHING, "exact", None)


@pytest.mark.parametrize(
    ("state", "reported"),
    [
        (State.SUCCEEDED, Reported(Usage())),
        (State.CANCELLED, Reported(Usage(), basis=Basis.AT_LEAST, reason="malformed_usage")),
        (State.CANCELLED, None),
    ],
)
def test_a_success_or_a_doubtful_report_without_usage__not_free(state: State, reported: Reported | None):
    row = settled(an_operation(state, **OURS), reported)
    assert (row.spend_usd, row.unpriced_reason) == (None, "no_usage")


@pytest.mark.parametrize(
    ("said", "tier", "spend"),
    [("", "batch", WHOLE / 2), ("", None, WHOLE), ("flex", None, WHOLE), ("batch-us", "batch-us", WHOLE / 2)],
)
def test_the_tier_is_the_wires_unless_the_report_says_otherwise(said: str, tier: str | None, spend: Decimal):
    reported = Reported(Usage(input=40, output=30), tier=said)
    row = settled(an_operation(kind=Kind.BATCH), reported, tier="batch" if tier == "batch" else "")
    assert (row.tier, row.spend_usd) == (said or tier, spend)


def test_what_the_provider_told_is_kept():
    reported = Reported(
        Usage(images=2, variant="1024x1024 high"), model="m-2026", cost_usd=Decimal("0.07"), basis=Basis.ESTIMATED,
        reason="counted_deltas",
    )  # fmt: skip
    row = settled(an_operation(), reported)
    assert (row.served_model, row.variant, row.told_usd) == ("m-2026", "1024x1024 high", Decimal("0.07"))
    assert (row.usage, row.usage_basis, row.usage_reason) == ({"images": 2}, "estimated", "counted_deltas")


@pytest.mark.parametrize("reported", [None, USED])
def test_the_variant_that_was_asked_for_stays_where_none_is_told(reported: Reported | None):
    assert settled(an_operation(variant="1080p audio"), reported).variant == "1080p audio"


def test_the_model_that_was_asked_for_and_served__is_said_once():
    assert settled(an_operation(), Reported(Usage(input=40, output=30), model="m")).served_model is None


def test_every_word_is_plain_text():
    changes = settle_operation(BOOK, an_operation(State.EXPIRED, **LAPSED), None, now=NOW)
    changes |= settle_operation(BOOK, an_operation(), USED, now=NOW)
    assert {type(value) for value in changes.values()} <= {str, int, Decimal, dict, type(None)}
    assert set(changes) <= SETTLING


def test_a_detached_operation_is_orphaned_only_when_we_stopped_it():
    assert not is_orphaned(an_operation(is_detached=True))
    assert is_orphaned(an_operation(State.CANCELLED, is_detached=True, **ASKED))
