"""What an answer to a question of ours says, read by the wire's own readers. Pure."""

from collections.abc import Collection
from typing import Final

import msgspec

from sidecar.bodies.coding import decoder_of
from sidecar.clock import SECOND
from sidecar.lifecycle.operation_record import OperationRecord, key_of
from sidecar.metering.basis import basis_in
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported, RequestFacts
from sidecar.providers.operation import Observed, OperationWire
from sidecar.reaper.contract import Answer

UNKNOWN: Final = frozenset({404, 410})
"""The provider does not know it, or does not know it for this credential: some answer so about what belongs to others."""

EARLIER_SECONDS, LATER_SECONDS = 60, 900
"""What a listing shows is the operation only if it was created in this time around the create request: clocks differ, and a
create may be under way for long."""


def facts_of(record: OperationRecord) -> RequestFacts:
    """What the create request asked for, as far as what is said of it hangs on that."""
    return RequestFacts(
        model=record.model,
        variant=record.variant or "",
        pieces=record.asked_pieces,
        seconds=record.asked_seconds,
        mark=record.mark,
    )


def head_of(answer: Answer) -> ReplyHead:
    """What a reader is told before the body."""
    return ReplyHead(answer.status, answer.content_type, answer.content_coding, answer.headers)


def plain_body(answer: Answer) -> bytes:
    """The body with its content coding undone, as far as it can be; bounded."""
    decoder = decoder_of(answer.content_coding)
    return answer.body if decoder is None else decoder.decode(answer.body)


def observed_in(wire: OperationWire, record: OperationRecord, answer: Answer) -> Observed | None:
    """How the operation stands by this answer; None when it does not say."""
    reader = wire.open_reply(head_of(answer), facts_of(record))
    reader.feed(answer.body)
    reader.finish()
    return reader.observed()


def results_in(wire: OperationWire, record: OperationRecord, answer: Answer) -> tuple[Reported | None, str]:
    """The sum over the rows of results, and one word for why there is none."""
    if wire.open_results is None or answer.status >= 400:
        return None, "no_results"
    reader = wire.open_results(head_of(answer), facts_of(record))
    reader.feed(answer.body)
    reader.finish()
    return reader.reported(), reader.gave_up


def found_in(
    wire: OperationWire, record: OperationRecord, answer: Answer, known_keys: Collection[str]
) -> Observed | None:
    """The one operation of a listing that can only be this one; None when there is none, or more than one.

    It has the name that the create request gave, was created at its time, and is none that the ledger knows. In doubt none:
    somebody else's work might be cancelled in its place.
    """
    if wire.found_in is None or not record.mark or answer.status >= 400:
        return None
    since, until = record.opened_at - EARLIER_SECONDS * SECOND, record.opened_at + LATER_SECONDS * SECOND
    matching = [
        each
        for each in wire.found_in(plain_body(answer))
        if each.mark == record.mark
        and each.provider_id
        and key_of(each.provider_id) not in known_keys
        and (each.created_at is None or since <= each.created_at <= until)
    ]
    return matching[0] if len(matching) == 1 else None


# === what was reported, in the row: some providers forget within minutes what they said, and we may die before it settles ===


def usage_changes(reported: Reported | None) -> dict[str, object]:
    """The fields of a row that keep what was reported; empty when nothing was."""
    if reported is None:
        return {}
    changes: dict[str, object] = {
        "usage": reported.usage.counts(),
        "usage_basis": reported.basis.value,
        "usage_reason": reported.reason or None,
        "told_usd": reported.cost_usd,
        "tier": reported.tier or None,
        "served_model": reported.model or None,
    }
    if reported.usage.variant:
        changes["variant"] = reported.usage.variant
    return changes


def reported_in(record: OperationRecord) -> Reported | None:
    """What was reported, as the row keeps it; None when nothing was."""
    if record.usage_basis is None:
        return None
    return Reported(
        usage=msgspec.convert(record.usage | {"variant": record.variant or ""}, Usage),
        model=record.served_model or "",
        tier=record.tier or "",
        basis=basis_in(record.usage_basis),
        reason=record.usage_reason or "",
        cost_usd=record.told_usd,
    )
