"""What becomes of a call whose caller stays, leaves, dies; and what it costs. Every figure is worked out by hand.

gemini-2.5-flash costs 0.30 USD for a million tokens of input and 2.50 for a million of output.
"""

from decimal import Decimal

import pytest

from sidecar.clock import MILLISECOND
from sidecar.simulator.bill import Entry
from sidecar.simulator.server import RunningSimulator
from tests.simulator.callers import FLASH, STREAM, UNARY, VERTEX, VanishingCaller, ask

SCRIPT = "seconds=0 prompt=1000 output=100 chunks=10"
IN_FULL = Decimal("0.00055")  # 1000 x 0.30 + 100 x 2.50, for a million
AFTER_THREE_STEPS = Decimal("0.000375")  # 1000 x 0.30 + 30 x 2.50


def entry_of(simulator: RunningSimulator, tag: str) -> Entry:
    simulator.reached(tag, "billed")
    (entry,) = simulator.bill.of(tag)
    return entry


def left_after_three_steps(
    simulator: RunningSimulator, path: str, script: str, tag: str, *, reset: bool = False
) -> None:
    """A caller that leaves while the work is held between its third and its fourth step."""
    with VanishingCaller(simulator, path, script=f"{SCRIPT} hold=3 {script}", tag=tag) as caller:
        if path == STREAM:
            caller.read_until(b'"candidatesTokenCount": 30')
        else:
            simulator.reached(tag, "held")
        if reset:
            caller.reset()
        else:
            caller.leave()
    simulator.reached(tag, "caller_left")


@pytest.mark.parametrize("path", [STREAM, UNARY])
def test_caller_stays__charged_in_full(simulator: RunningSimulator, path: str):
    ask(simulator, path, script=SCRIPT, tag=f"stays {path}")
    entry = entry_of(simulator, f"stays {path}")
    assert (entry.finished_how, entry.usd, entry.caller_left_at) == ("completed", IN_FULL, None)
    assert entry.usage == {"prompt_tokens": 1000, "output_tokens": 100}
    assert entry.first_byte_at is not None
    assert entry.received_at <= entry.first_byte_at
    assert entry.received_at <= entry.finished_at


def test_every_class_of_token__charged_at_its_price(simulator: RunningSimulator):
    ask(simulator, UNARY, script=f"{SCRIPT} thoughts=60 cached=200 audio=100 tool=50", tag="classes")
    # 750 at 0.30, 200 at 0.03, 100 at 1.00, 160 at 2.50
    assert entry_of(simulator, "classes").usd == Decimal("0.000731")


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("path", [STREAM, UNARY])
def test_caller_leaves__the_work_runs_on_and_is_charged_in_full(simulator: RunningSimulator, path: str, reset: bool):
    tag = f"runs on {path} {reset}"
    left_after_three_steps(simulator, path, "on_close=runs_on", tag, reset=reset)
    assert simulator.release(tag) == 1
    entry = entry_of(simulator, tag)
    assert (entry.finished_how, entry.usd) == ("completed", IN_FULL)
    assert entry.caller_left_at is not None
    assert entry.caller_left_at < entry.finished_at


def test_caller_leaves_a_stream__the_work_stops_and_is_charged_so_far(simulator: RunningSimulator):
    left_after_three_steps(simulator, STREAM, "on_close=stops", "stops")
    entry = entry_of(simulator, "stops")
    assert (entry.finished_how, entry.usd) == ("stopped", AFTER_THREE_STEPS)
    assert entry.caller_left_at is not None
    assert entry.finished_at - entry.caller_left_at < 500 * MILLISECOND


def test_caller_leaves_while_it_thinks__only_the_input_is_charged(simulator: RunningSimulator):
    script = "think=30 seconds=31 prompt=1000 output=100 thoughts=50 on_close=stops"
    with VanishingCaller(simulator, UNARY, script=script, tag="thinking"):
        simulator.reached("thinking", "received")
    entry = entry_of(simulator, "thinking")
    assert (entry.usd, entry.usage) == (Decimal("0.0003"), {"prompt_tokens": 1000})
    assert (entry.first_byte_at, entry.http_status, entry.reply_bytes) == (None, None, 0)


def test_caller_leaves_with_the_last_byte_of_its_request__the_input_is_charged(simulator: RunningSimulator):
    for number in range(50):
        with VanishingCaller(simulator, UNARY, script="seconds=30 prompt=1000 on_close=stops", tag=f"at once {number}"):
            pass
    assert {entry_of(simulator, f"at once {number}").usd for number in range(50)} == {Decimal("0.0003")}


def test_linger__the_work_notices_late_that_nobody_is_there(simulator: RunningSimulator):
    left_after_three_steps(simulator, STREAM, "on_close=stops linger=0.1", "lingers")
    entry = entry_of(simulator, "lingers")
    assert entry.finished_how == "stopped"
    assert entry.caller_left_at is not None
    assert entry.finished_at - entry.caller_left_at >= 99 * MILLISECOND


def test_linger_longer_than_the_work__charged_in_full(simulator: RunningSimulator):
    left_after_three_steps(simulator, STREAM, "on_close=stops linger=60", "lingers long")
    simulator.release("lingers long")
    entry = entry_of(simulator, "lingers long")
    assert (entry.finished_how, entry.usd) == ("completed", IN_FULL)


def test_work_that_fails_in_a_stream__charged_so_far(simulator: RunningSimulator):
    ask(simulator, STREAM, script=f"{SCRIPT} fail_after=3 fail_with=end", tag="fails")
    entry = entry_of(simulator, "fails")
    assert (entry.finished_how, entry.usd, entry.caller_left_at) == ("failed", AFTER_THREE_STEPS, None)


@pytest.mark.parametrize(
    ("path", "script", "status"),
    [(UNARY, "status=503", 503), (STREAM, "bad script", 400), (f"{FLASH}:countTokens", "seconds=0", 200)],
)
def test_errors_and_counting__on_the_bill_for_nothing(simulator: RunningSimulator, path: str, script: str, status: int):
    ask(simulator, path, script=script, tag=f"free {status}")
    entry = entry_of(simulator, f"free {status}")
    assert (entry.usd, entry.is_billable, entry.http_status) == (Decimal(0), False, status)


@pytest.mark.parametrize(
    ("model", "script", "usd"),
    [
        ("imagen-4.0-generate-001", "images=2", "0.08"),
        ("imagen-4.0-ultra-generate-001", "images=3 filtered=1", "0.12"),
        ("gemini-embedding-001", "prompt=2000", "0.0003"),
        ("text-embedding-005", "prompt=8000", "0.0002"),
    ],
)
def test_predict__by_the_image_token_or_character(simulator: RunningSimulator, model: str, script: str, usd: str):
    body = b'{"instances": [{"prompt": "a cat", "content": "a cat"}]}'
    ask(simulator, f"{VERTEX}/{model}:predict", body, script=f"seconds=0 {script}", tag=model)
    entry = entry_of(simulator, model)
    assert (entry.usd, entry.dialect, entry.kind, entry.method) == (Decimal(usd), "vertex", "unary", "predict")


def test_caller_leaves_while_images_are_painted__those_painted_are_charged(simulator: RunningSimulator):
    path, script = f"{VERTEX}/imagen-4.0-generate-001:predict", "seconds=0 images=4 hold=1 on_close=stops"
    with VanishingCaller(simulator, path, script=script, tag="painting"):
        simulator.reached("painting", "held")
    entry = entry_of(simulator, "painting")
    assert (entry.finished_how, entry.usage["images"], entry.usd) == ("stopped", 1, Decimal("0.04"))


def test_caller_leaves_while_a_large_reply_is_on_its_way__has_left(simulator: RunningSimulator):
    path = f"{VERTEX}/imagen-4.0-generate-001:predict"
    with VanishingCaller(simulator, path, script="seconds=0 images=4 image_bytes=8000000", tag="large") as caller:
        caller.read_until(b"bytesBase64Encoded")
        caller.reset()
    entry = entry_of(simulator, "large")
    assert entry.caller_left_at is not None
    assert entry.caller_left_at >= entry.finished_at


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_caller_hangs_up_on_the_last_byte_of_a_large_reply__has_not_left(simulator: RunningSimulator, framing: str):
    path, tag = f"{VERTEX}/imagen-4.0-generate-001:predict", f"last byte {framing}"
    script = f"seconds=0 images=2 image_bytes=6000000 framing={framing}"
    with VanishingCaller(simulator, path, script=script, tag=tag) as caller:
        caller.read_to(b"]\n}\n" if framing == "length" else b"\r\n0\r\n\r\n")
    assert entry_of(simulator, tag).caller_left_at is None
