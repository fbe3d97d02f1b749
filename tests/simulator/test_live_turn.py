"""What becomes of an answer in a socket whose caller stays, leaves, vanishes, interrupts; and what it costs, worked out by hand.

gemini-live-2.5-flash costs 0.50 USD for a million tokens of input and 2 for a million of output.
"""

from decimal import Decimal

import pytest
from websockets.exceptions import ConnectionClosed

from sidecar.clock import MILLISECOND
from sidecar.simulator.bill import Entry
from sidecar.simulator.server import RunningSimulator
from tests.simulator.live_callers import GEMINI, LiveCaller, live_caller

SCRIPT = "seconds=0 prompt=1000 output=100 chunks=10"
IN_FULL = Decimal("0.0007")  # 1000 x 0.50 + 100 x 2, for a million
AFTER_THREE_STEPS = Decimal("0.00056")  # 1000 x 0.50 + 30 x 2


def entry_of(simulator: RunningSimulator, tag: str) -> Entry:
    simulator.reached(f"{tag}/1", "billed")
    (entry,) = simulator.bill.of(f"{tag}/1")
    return entry


def leave(caller: LiveCaller, *, vanishes: bool) -> None:
    if vanishes:
        caller.vanish()
    else:
        caller.connection.close()


def left_after_three_steps(simulator: RunningSimulator, script: str, tag: str, *, vanishes: bool) -> None:
    with live_caller(simulator, GEMINI, f"{SCRIPT} hold=3 {script}", tag) as caller:
        caller.set_up()
        caller.ask()
        for _ in range(3):
            caller.hear_until("modelTurn")
        leave(caller, vanishes=vanishes)
    simulator.reached(f"{tag}/1", "caller_left")


def test_caller_stays__charged_in_full(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, SCRIPT, "live stays") as caller:
        caller.set_up()
        caller.ask()
        caller.hear_until("turnComplete")
    entry = entry_of(simulator, "live stays")
    assert (entry.finished_how, entry.usd, entry.caller_left_at) == ("completed", IN_FULL, None)
    assert (entry.dialect, entry.method, entry.model) == ("gemini", "bidiGenerateContent", "gemini-live-2.5-flash")
    assert entry.first_byte_at is not None
    assert entry.received_at <= entry.first_byte_at <= entry.finished_at + MILLISECOND * 1000


@pytest.mark.parametrize("vanishes", [False, True])
def test_caller_leaves__the_work_runs_on_and_is_charged_in_full(simulator: RunningSimulator, vanishes: bool):
    tag = f"live runs on {vanishes}"
    left_after_three_steps(simulator, "on_close=runs_on", tag, vanishes=vanishes)
    assert simulator.release(f"{tag}/1") == 1
    entry = entry_of(simulator, tag)
    assert (entry.finished_how, entry.usd) == ("completed", IN_FULL)
    assert entry.caller_left_at is not None
    assert entry.caller_left_at < entry.finished_at


@pytest.mark.parametrize("vanishes", [False, True])
def test_caller_leaves__the_work_stops_and_what_was_made_is_charged(simulator: RunningSimulator, vanishes: bool):
    tag = f"live stops {vanishes}"
    left_after_three_steps(simulator, "on_close=stops", tag, vanishes=vanishes)
    entry = entry_of(simulator, tag)
    assert (entry.finished_how, entry.usd, entry.usage["output_tokens"]) == ("stopped", AFTER_THREE_STEPS, 30)


def test_caller_that_asks_and_leaves_in_one_breath__has_asked(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, "seconds=0.05 output=10", "one breath") as caller:
        caller.set_up()
        caller.ask()
    assert entry_of(simulator, "one breath").usage == {"prompt_tokens": 5, "output_tokens": 10}


def test_turn_that_has_not_begun_when_its_caller_leaves__is_not_billed(simulator: RunningSimulator):
    with live_caller(simulator, "/v1/responses", "seconds=0 output=10 hold=1", "never begun") as caller:
        for _ in range(2):
            caller.say({"type": "response.create", "model": "gpt-5-mini", "input": "Why?"})
        simulator.reached("never begun/2", "received")
    simulator.reached("never begun/1", "caller_left")
    simulator.release("never begun/1")
    simulator.reached("never begun", "billed")
    assert [len(simulator.bill.of(f"never begun/{nth}")) for nth in (1, 2)] == [1, 0]


def test_caller_interrupts__told_so_and_charged_for_what_was_made(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, f"{SCRIPT} hold=3; {SCRIPT}", "interrupts") as caller:
        caller.set_up()
        caller.ask()
        simulator.reached("interrupts/1", "held")
        caller.ask("No, wait.")
        ended = caller.hear_until("turnComplete")
        assert ended[-2] == {"serverContent": {"interrupted": True}}
        assert ended[-1]["usageMetadata"]["responseTokenCount"] == 30
        caller.hear_until("turnComplete")
    entry = entry_of(simulator, "interrupts")
    assert (entry.finished_how, entry.usd, entry.caller_left_at) == ("cancelled", AFTER_THREE_STEPS, None)
    simulator.reached("interrupts", "billed")
    assert simulator.bill.of("interrupts/2")[0].usd == IN_FULL


@pytest.mark.parametrize(
    ("script", "code", "steps"),
    [
        ("fail_after=3 fail_with=abort", None, 3),
        ("fail_after=3 fail_with=error", 1011, 3),
        ("fail_after=3 fail_with=end", 1000, 3),
        ("status=429", 1008, 0),
        ("status=500 think=0.01", 1011, 0),
    ],
)
def test_work_fails_or_is_declined__the_socket_ends_as_scripted(
    simulator: RunningSimulator, script: str, code: int | None, steps: int
):
    tag = f"live {script}"
    with live_caller(simulator, GEMINI, f"{SCRIPT} {script}" if steps else script, tag) as caller:
        caller.set_up()
        caller.ask()
        with pytest.raises(ConnectionClosed) as caught:
            caller.hear_until("turnComplete")
    assert (caught.value.rcvd.code if caught.value.rcvd else None) == code
    entry = entry_of(simulator, tag)
    assert (entry.finished_how, entry.usd) == ("failed", AFTER_THREE_STEPS if steps else 0)
    assert entry.http_status == (101 if steps else int(script[7:10]))
    assert entry.caller_left_at is None


def test_tail__usage_comes_so_much_later(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, f"{SCRIPT} tail=9", "a tail") as caller:
        caller.set_up()
        caller.ask()
        simulator.reached("a tail/1", "finished")
        caller.hear_until("modelTurn")
    entry = entry_of(simulator, "a tail")
    assert (entry.finished_how, entry.usd) == ("completed", IN_FULL)
    assert entry.caller_left_at is not None
