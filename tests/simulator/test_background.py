"""The real SDKs of Google and OpenAI poll the simulator for answers that are made in the background."""

from decimal import Decimal
from typing import Any, cast

import pytest

from sidecar.simulator.server import RunningSimulator
from tests.sdk_clients import Mode
from tests.simulator.operation_clients import ANSWER, FLASH, GPT, billed, google, gpt, until


@pytest.mark.parametrize("mode", Mode)
def test_interaction_in_background__polled_to_its_end(simulator: RunningSimulator, mode: Mode):
    tag = f"interaction {mode}"
    with google(simulator, mode, tag, "seconds=0.1 think=0.05 prompt=1000 output=100 cached=200") as client:
        begun: Any = client.interactions.create(model=FLASH, input="hi", background=True)
        assert (begun.status, begun.usage) == ("queued", None)
        assert begun.id is not None
        name = begun.id
        done: Any = until(lambda: cast(Any, client.interactions.get(id=name)), lambda told: told.status == "completed")
    assert done.usage is not None
    assert (done.usage.total_input_tokens, done.usage.total_output_tokens) == (1000, 100)
    assert done.output_text
    # 800 x 0.30 + 200 x 0.03 + 100 x 2.50, for a million
    assert billed(simulator, tag) == ("interactions", "background", "completed", Decimal("0.000496"))


@pytest.mark.parametrize("mode", Mode)
def test_interaction__cancelled_is_charged_for_what_it_made(simulator: RunningSimulator, mode: Mode):
    tag = f"cancelled interaction {mode}"
    with google(simulator, mode, tag, "seconds=0 hold=5 prompt=1000 output=100 thoughts=40") as client:
        begun: Any = client.interactions.create(agent="deep-research-pro-preview-12-2025", input="hi", background=True)
        assert begun.id is not None
        name = begun.id
        assert client.interactions.cancel(id=name).status in ("in_progress", "cancelled")
        done: Any = until(lambda: cast(Any, client.interactions.get(id=name)), lambda told: told.status == "cancelled")
    assert done.usage is not None
    assert done.usage.total_output_tokens == 50
    # an agent is gemini-2.5-pro here: 1000 x 1.25 + (50 + 40) x 10, for a million
    assert billed(simulator, tag) == ("interactions", "background", "cancelled", Decimal("0.00215"))


def test_interaction_streamed_in_background__can_be_left_and_taken_up_again(simulator: RunningSimulator):
    with google(simulator, Mode.GEMINI, "taken up", "seconds=0 hold=2 prompt=10 output=40 chunks=4") as client:
        stream = client.interactions.create(model=FLASH, input="hi", background=True, stream=True)
        first: Any = next(iter(stream))
        name, last = first.interaction.id, first.event_id
        getattr(stream, "close", lambda: None)()
        simulator.release("taken up")
        events: list[Any] = list(client.interactions.get(id=name, stream=True, last_event_id=last))
    assert events[0].event_type == "step.start"
    assert events[-1].event_type == "interaction.completed"
    assert events[-1].interaction.usage.total_tokens == 50
    assert billed(simulator, "taken up")[2] == "completed"


def test_interaction_in_the_foreground__is_a_call(simulator: RunningSimulator):
    with google(simulator, Mode.GEMINI, "foreground", "seconds=0 prompt=1000 output=100") as client:
        whole: Any = client.interactions.create(model=FLASH, input="hi")
        events: list[Any] = list(client.interactions.create(model=FLASH, input="hi", stream=True))
    assert whole.status == "completed"
    assert events[-1].interaction.usage.total_output_tokens == 100
    simulator.settled()
    assert [(entry.kind, entry.usd) for entry in simulator.bill.of("foreground")] == [
        ("unary", Decimal("0.00055")),
        ("stream", Decimal("0.00055")),
    ]
    assert not [operation for operation in simulator.operations if operation.tag == "foreground"]


def test_response_in_background__polled_to_its_end(simulator: RunningSimulator):
    with gpt(simulator, "response", f"seconds=0.2 think=0.1 cached=200 {ANSWER}") as client:
        begun = client.responses.create(model=GPT, input="hi", background=True)
        assert (begun.status, begun.background, begun.usage) == ("queued", True, None)
        done = until(lambda: client.responses.retrieve(begun.id), lambda told: told.status == "completed")
        assert client.responses.cancel(begun.id).status == "completed"
    assert done.usage is not None
    assert done.usage.total_tokens == 1100
    # 800 x 0.25 + 200 x 0.025 + 100 x 2, for a million
    assert billed(simulator, "response") == ("responses", "background", "completed", Decimal("0.000405"))


def test_response_in_background__cancelled_at_once_and_without_usage(simulator: RunningSimulator):
    with gpt(simulator, "cancelled response", f"seconds=0 hold=2 {ANSWER}") as client:
        begun = client.responses.create(model=GPT, input="hi", background=True)
        gone = client.responses.cancel(begun.id)
        assert client.responses.cancel(begun.id).status == "cancelled"
    assert (gone.status, gone.usage) == ("cancelled", None)
    # 1000 x 0.25 + 40 x 2, for a million
    assert billed(simulator, "cancelled response") == ("responses", "background", "cancelled", Decimal("0.00033"))


def test_response_streamed_in_background__left_taken_up_and_finished(simulator: RunningSimulator):
    with gpt(simulator, "left response", f"seconds=0 hold=2 {ANSWER}") as client:
        with client.responses.create(model=GPT, input="hi", background=True, stream=True) as stream:
            first: Any = next(stream)
        simulator.reached("left response", "caller_left")
        simulator.release("left response")
        events: list[Any] = list(client.responses.retrieve(first.response.id, stream=True, starting_after=1))
    assert (first.sequence_number, events[0].sequence_number) == (0, 2)
    assert events[-1].type == "response.completed"
    assert billed(simulator, "left response")[2:] == ("completed", Decimal("0.00045"))
