"""Gemini Live: what is asked of whom, and the context that grows."""

import base64

import pytest
from websockets.exceptions import ConnectionClosed

from sidecar.simulator.server import RunningSimulator
from tests.simulator.live_callers import GEMINI, VERTEX, Event, LiveCaller, live_caller

QUICK = "seconds=0 output=20 chunks=2"
A_SECOND = base64.b64encode(bytes(32_000)).decode()
PATH = "projects/a-project/locations/us-central1/publishers/google/models/gemini-live-2.5-flash"


def usage_of(events: list[Event]) -> Event:
    usage: Event = events[-1]["usageMetadata"]
    return usage


def turn(caller: LiveCaller, text: str = "Why is the sky blue?") -> Event:
    caller.ask(text)
    return usage_of(caller.hear_until("turnComplete"))


def test_setup__is_complete_and_each_turn_reads_those_before(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, QUICK) as caller:
        assert caller.set_up() == [{"setupComplete": {}}]
        assert [turn(caller)["promptTokenCount"] for _ in range(3)] == [5, 5 + 20 + 5, 30 + 20 + 5]


def test_system_instruction__is_read_with_every_turn(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, QUICK) as caller:
        caller.set_up(systemInstruction={"parts": [{"text": "Be brief in all you say."}]})
        assert turn(caller)["promptTokenCount"] == 6 + 5


def test_names_with_underscores__are_read_alike(simulator: RunningSimulator):
    with live_caller(simulator, VERTEX, QUICK) as caller:
        caller.set_up(PATH)
        content = {"turns": [{"parts": [{"text": "Why is the sky blue?"}]}], "turn_complete": True}
        caller.say({"client_content": content})
        assert usage_of(caller.hear_until("turnComplete"))["promptTokenCount"] == 5


def test_turn_that_is_not_complete__is_answered_with_the_one_that_is(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, QUICK) as caller:
        caller.set_up()
        caller.say({"clientContent": {"turns": [{"parts": [{"text": "One more thing here."}]}]}})
        assert turn(caller)["promptTokenCount"] == 5 + 5


@pytest.mark.parametrize(
    ("spoken", "tokens", "audio"),
    [
        ([{"text": "Why is the sky blue?"}], 5, 0),
        ([{"audio": {"data": A_SECOND, "mimeType": "audio/pcm"}}, {"audioStreamEnd": True}], 25, 25),
        ([{"activityStart": {}}, {"mediaChunks": [{"data": A_SECOND, "mimeType": "audio/pcm"}]}, {"activityEnd": {}}], 25, 25),
        ([{"video": {"data": "", "mimeType": "image/jpeg"}}, {"text": "What?"}], 259, 0),
    ],
)  # fmt: skip
def test_what_is_spoken__is_answered_when_it_ends(
    simulator: RunningSimulator, spoken: list[Event], tokens: int, audio: int
):
    with live_caller(simulator, GEMINI, QUICK) as caller:
        caller.set_up()
        for piece in spoken:
            caller.say({"realtimeInput": piece})
        usage = usage_of(caller.hear_until("turnComplete"))
    details = {piece["modality"]: piece["tokenCount"] for piece in usage["promptTokensDetails"]}
    assert (usage["promptTokenCount"], details.get("AUDIO", 0)) == (tokens, audio)


def test_results_of_tools__are_answered(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, f"{QUICK} tool=7") as caller:
        caller.set_up()
        caller.say({"toolResponse": {"functionResponses": [{"id": "1", "name": "f", "response": {}}]}})
        assert usage_of(caller.hear_until("turnComplete"))["toolUsePromptTokenCount"] == 7


def test_speech_is_what_is_answered_unless_text_is_wished_for(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, QUICK) as caller:
        caller.set_up(generationConfig={})
        caller.ask()
        events = caller.hear_until("turnComplete")
    assert usage_of(events)["responseTokensDetails"] == [{"modality": "AUDIO", "tokenCount": 20}]
    (part,) = events[0]["serverContent"]["modelTurn"]["parts"]
    assert part["inlineData"]["mimeType"] == "audio/pcm;rate=24000"


def test_bound__cuts_the_answer_short(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, "seconds=0") as caller:
        caller.set_up(generationConfig={"responseModalities": ["TEXT"], "maxOutputTokens": 3})
        assert turn(caller)["responseTokenCount"] == 3


def test_session__is_gone_on_with_by_its_newest_handle(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI, QUICK) as caller:
        *_, update = caller.set_up(sessionResumption={})
        assert update["sessionResumptionUpdate"]["resumable"] is True
        turn(caller)
        handle = caller.hear()["sessionResumptionUpdate"]["newHandle"]
        assert handle != update["sessionResumptionUpdate"]["newHandle"]
    with live_caller(simulator, GEMINI, QUICK) as caller:
        caller.set_up(sessionResumption={"handle": handle})
        assert turn(caller)["promptTokenCount"] == 5 + 20 + 5


def closed_with(caller: LiveCaller) -> int:
    with pytest.raises(ConnectionClosed) as caught:
        caller.hear()
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"setup": {"model": "models/no-such-model"}}, 1008),
        ({"setup": {"model": "models/gemini-2.5-flash"}}, 1008),
        ({"setup": {"model": "models/gemini-live-2.5-flash", "sessionResumption": {"handle": "nobody's"}}}, 1008),
        ({"clientContent": {"turns": []}}, 1007),
        ({"setup": "of another shape"}, 1007),
    ],
)
def test_beginning_that_is_none__ends_the_socket(simulator: RunningSimulator, message: Event, code: int):
    with live_caller(simulator, GEMINI) as caller:
        caller.say(message)
        assert closed_with(caller) == code


def test_second_setup__ends_the_socket(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI) as caller:
        caller.set_up()
        caller.say({"setup": {"model": "models/gemini-live-2.5-flash"}})
        assert closed_with(caller) == 1007


def test_what_is_no_json__ends_the_socket(simulator: RunningSimulator):
    with live_caller(simulator, GEMINI) as caller:
        caller.connection.send("no JSON")
        assert closed_with(caller) == 1007
