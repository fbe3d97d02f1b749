import json
import signal
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from sidecar.companion.command import End
from sidecar.companion.story import (
    Story,
    as_object,
    counted,
    duration,
    ended,
    headline,
    remarks,
    rows,
    usd,
)
from sidecar.companion.tally import Tally
from sidecar.companion.unseen import Seen, unseen
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord

INTERRUPTED = End(None, signal.SIGINT)


def story(tally: Tally, end: End = INTERRUPTED, *operations: OperationRecord) -> Story:
    return Story(end=end, seconds=5.0, mode="observe", tally=tally, operations=operations)


def tally(**fields: Any) -> Tally:
    made = Tally(0)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def orphan(**more: Any) -> Tally:
    made = tally(
        longest_seconds=12.3, went_on=1, spend_usd=Decimal("0.12"), orphaned_usd=Decimal("0.12"), avoidable_usd=Decimal("0.07"),
        is_avoidable_estimated=True, **more,
    )  # fmt: skip
    made.calls[Outcome.ORPHAN_FINISHED] = 1
    return made


def batch(**fields: Any) -> OperationRecord:
    return OperationRecord(
        id="o1", upstream="gemini", provider="gemini", dialect="gemini", method="batchGenerateContent", model="gemini-2.5-pro",
        kind=OperationKind.BATCH, opened_at=0, path="/", lease_seconds=60, renewed_at=0, due_at=0, provider_id="batches/1",
        state=OperationState.ORPHANED, **fields,
    )  # fmt: skip


def test_the_seed_of_it_all_in_one_sentence() -> None:
    assert headline(story(orphan())) == (
        "your program was interrupted after 5.0 s; the provider worked on for 12.3 s and billed 0.120000 USD for answers that"
        " nobody received"
    )


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (End(0), "your program ended after 5.0 s"),
        (End(3), "your program ended with exit code 3 after 5.0 s"),
        (End(130), "your program was interrupted after 5.0 s"),
        (End(None, signal.SIGKILL), "your program was killed after 5.0 s"),
        (End(None, signal.SIGTERM), "your program was terminated after 5.0 s"),
        (End(None, signal.SIGSEGV), "your program was ended by signal 11 after 5.0 s"),
    ],
)
def test_end_is_told_as_people_say_it(end: End, told: str) -> None:
    assert ended(end, 5.0) == told


def test_all_is_well__then_one_line_and_no_figures() -> None:
    made = tally(spend_usd=Decimal("0.5"))
    made.calls[Outcome.DELIVERED] = 2
    assert headline(story(made, End(0))) == "your program ended after 5.0 s: 2 calls, all delivered, for 0.500000 USD"
    assert not story(made, End(0)).has_orphans


def test_nothing_known_is_never_nothing() -> None:
    made = tally(unpriced=1)
    made.calls[Outcome.DELIVERED] = 1
    assert headline(story(made, End(0))).endswith("1 call, 1 delivered, and what that cost is not known")
    made = tally(unpriced=1, longest_seconds=1.0, went_on=1)
    made.calls[Outcome.ORPHAN_FINISHED] = 1
    assert headline(story(made)).endswith("worked on for 1.0 s, and what that cost is not known")
    assert [row.name for row in rows(story(made))] == ["calls", "went on for", "unpriced"]


def test_figures_are_those_of_the_run_and_estimates_are_marked() -> None:
    told = {row.name: row for row in rows(story(orphan()))}
    assert list(told) == ["calls", "went on for", "spend", "orphaned", "avoidable"]
    assert told["calls"].remark == "1 orphaned"
    assert told["orphaned"].figure == "0.120000 USD"
    assert told["orphaned"].remark.startswith("100 %")
    assert told["avoidable"].figure == "~0.070000 USD"
    assert told["avoidable"].is_loss


def test_what_was_saved_has_lines_of_its_own() -> None:
    made = orphan(avoided_usd=Decimal("0.3"), rescued_usd=Decimal("0.2"), confirmed_seconds=0.05)
    made.operations["cancelled"] = 1
    told = {row.name: row for row in rows(story(made))}
    assert told["avoided"].figure == "~0.300000 USD"
    assert told["rescued"].figure == "0.200000 USD"
    assert told["avoided"].is_gain
    assert "; 1 operation cancelled at the provider, confirmed within 0.05 s" in headline(story(made))


def test_what_is_left_unknown_is_named() -> None:
    made = orphan(cut_by_us=1, would_cancel=1)
    assert headline(story(tally(cut_by_us=1, stopped=0), End(3), batch())).endswith(
        "; 1 call left at work at the provider, and nobody knows at what cost"
    )
    told = "\n".join(remarks(story(made, INTERRUPTED, batch(), batch(is_detached=True))))
    assert "not waited for: 1 call" in told
    assert "still running: batch gemini-2.5-pro at gemini, batches/1" in told
    assert "detached, still running: batch" in told
    assert "--mode enforce would have cancelled 1 operation" in told


def test_only_batches_go_on__then_the_sentence_says_so() -> None:
    told = headline(story(tally(), End(0), batch()))
    assert told.startswith("your program ended after 5.0 s; 1 operation still at work")


def test_only_operations__then_their_ends_are_told() -> None:
    done = batch(settled_at=1, outcome="succeeded")
    assert headline(story(tally(), End(0), done)) == "your program ended after 5.0 s: 1 operation, 1 succeeded"


def test_nobody_called__then_there_is_no_story() -> None:
    assert story(tally()).is_empty
    assert not story(orphan()).is_empty


def test_no_call_was_seen_though_all_should_be__then_that_is_told_and_why() -> None:
    ended_without = Story(end=End(0), seconds=5.0, mode="observe", tally=tally(), seen=Seen())
    assert not ended_without.is_empty
    assert not ended_without.has_calls
    assert headline(ended_without) == "your program ended after 5.0 s; calls seen: 0"
    assert list(remarks(ended_without)) == list(unseen(Seen(), has_calls=False))


def test_calls_were_seen__then_only_what_passed_unread_is_told() -> None:
    made = tally(spend_usd=Decimal("0.5"))
    made.calls[Outcome.DELIVERED] = 1
    led = Story(end=End(0), seconds=5.0, mode="observe", tally=made, seen=Seen(intercepted=1, tunneled=3, grpc=1))
    assert headline(led) == "your program ended after 5.0 s: 1 call, 1 delivered, for 0.500000 USD"
    assert list(remarks(led)) == list(unseen(Seen(grpc=1), has_calls=True))
    assert as_object(led)["connections"] == {"intercepted": 1, "tunneled": 3, "grpc": 1, "given_up": 0}
    assert as_object(story(made))["connections"] is None


def test_machines_get_the_same_as_json() -> None:
    told = json.loads(msgspec.json.encode(as_object(story(orphan(), INTERRUPTED, batch()))))
    assert told["exit_code"] is None
    assert told["signal"] == 2
    assert told["calls"] == {"orphan_finished": 1}
    assert (told["spend_usd"], told["orphaned_usd"], told["went_on_seconds"]) == ("0.12", "0.12", 12.3)
    assert told["still_running"][0]["provider_id"] == "batches/1"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.051, "0.05 s"), (0.42, "0.4 s"), (59.94, "59.9 s"), (245.0, "4 min 05 s"), (7380.0, "2 h 03 min")],
)
def test_durations_are_as_people_say_them(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_numbers_agree_with_their_nouns() -> None:
    assert (counted(1, "call"), counted(2, "call")) == ("1 call", "2 calls")
    assert usd(Decimal("0.5"), is_estimated=True) == "~0.500000 USD"
