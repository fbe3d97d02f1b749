import pytest

from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.google_live import model_in, open_live
from sidecar.providers.live import Asked, Began, Ended, Resumable, Resumed
from sidecar.providers.names import mark_of
from tests.providers.live_listener import Listener, numbers
from tests.providers.live_wire import (
    GENERATION_COMPLETE,
    SOUND,
    TOOL_CALL,
    TOOL_RESPONSE,
    TURN_COMPLETE,
    client_content,
    model_says,
    model_speaks,
    server_content,
    setup,
    sound_in,
    usage_metadata,
)

MODEL = "gemini-3.8-live"


@pytest.fixture
def live() -> Listener:
    listener = Listener(open_live("/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"))
    assert not listener.says(setup())
    assert not listener.hears({"setupComplete": {}})
    return listener


# === turns ===


def test_a_turn_that_is_asked_for_begins_with_its_first_word_and_ends_when_it_is_complete(live):
    assert live.says(client_content()) == [Asked(1, MODEL)]
    assert live.hears(model_says("Hello"), model_speaks()) == [Began(1, MODEL)]
    assert live.hears(server_content(turnComplete=True) | usage_metadata(300, 20)) == [Ended(1)]
    assert live.reported() == Reported(Usage(input=300, output=20))


@pytest.mark.parametrize(
    "asked",
    [
        client_content(),
        {"clientContent": {"turns": [], "turnComplete": True}},
        {"client_content": {"turn_complete": True}},
        {"realtime_input": {"text": "Hello"}},
        {"realtimeInput": {"text": "Hello"}},
        {"realtime_input": {"activityEnd": {}}},
        {"realtime_input": {"activity_end": {}}},
        TOOL_RESPONSE,
        {"toolResponse": {"functionResponses": []}},
    ],
    ids=str,
)
def test_what_is_answered_asks(live, asked):
    assert live.says(asked) == [Asked(1, MODEL)]


@pytest.mark.parametrize(
    "said",
    [
        client_content(is_complete=False),
        {"client_content": {"turns": []}},
        {"client_content": {}},
        sound_in(),
        {"realtime_input": {"activityStart": {}}},
        {"realtime_input": {"audioStreamEnd": True}},
        {"realtime_input": {"mediaChunks": [{"data": SOUND, "mimeType": "image/jpeg"}]}},
    ],
    ids=lambda said: str(said)[:60],
)
def test_what_need_not_be_answered_asks_nothing(live, said):
    assert not live.says(said)


def test_sound_is_answered_by_a_turn_that_nobody_asked_for(live):
    live.says(sound_in(), sound_in())
    assert live.hears(model_speaks()) == [Began(1, MODEL)]
    assert live.hears(TURN_COMPLETE) == [Ended(1, awaits_usage=True)]


def test_what_is_said_while_an_answer_is_given_interrupts_it_and_opens_no_other(live):
    live.says(client_content())
    assert not live.says(client_content())
    assert numbers(live.hears(model_speaks(), server_content(interrupted=True), TURN_COMPLETE)) == [
        ("Began", 1),
        ("Ended", 1),
    ]
    assert live.hears(model_speaks()) == [Began(2, MODEL)]


def test_a_transcript_is_no_word_of_an_answer__it_may_come_behind_it(live):
    late = server_content(outputTranscription={"text": "Hello"})
    assert not live.hears(late, server_content(inputTranscription={"text": "Hi"}), server_content(waitingForInput=True))


def test_a_call_of_tools_is_a_word_of_an_answer_that_goes_on_when_they_have_returned(live):
    live.says(client_content())
    assert live.hears(TOOL_CALL | usage_metadata(300, 20)) == [Began(1, MODEL)]
    assert not live.says(TOOL_RESPONSE)
    assert live.hears(model_says("It is nine"), TURN_COMPLETE | usage_metadata(350, 10)) == [Ended(1)]
    assert live.reported() == Reported(Usage(input=650, output=30))


def test_an_answer_is_whole_when_it_has_been_said__although_its_turn_goes_on_while_it_is_played(live):
    live.says(client_content())
    live.hears(model_speaks() | usage_metadata(300, 20))
    assert not live.turns[1].is_terminal
    assert not live.hears(GENERATION_COMPLETE)
    assert live.turns[1].is_terminal
    assert live.reported() == Reported(Usage(input=300, output=20))


def test_a_turn_that_is_complete_and_was_not_open_is_none(live):
    assert not live.hears(TURN_COMPLETE, GENERATION_COMPLETE)


def test_a_turn_without_a_word_ends_too(live):
    live.says(client_content())
    assert numbers(live.hears(TURN_COMPLETE)) == [("Began", 1), ("Ended", 1)]
    assert live.reported() is None


# === the session ===


@pytest.mark.parametrize("name", ["sessionResumption", "session_resumption"])
def test_a_session_that_is_gone_on_with_names_the_earlier_one_by_a_digest(name):
    live = Listener(open_live(""))
    assert live.says({"setup": {name: {"handle": "h1"}}}) == [Resumed(mark_of("h1"))]


def test_a_new_session_is_no_earlier_one():
    live = Listener(open_live(""))
    assert not live.says(setup(sessionResumption={}), setup(sessionResumption={"transparent": True}))


def test_the_newest_handle_counts_and_is_told_by_its_digest(live):
    update = {"sessionResumptionUpdate": {"newHandle": "h1", "resumable": True}}
    assert live.hears(update) == [Resumable(mark_of("h1"))]
    assert "h1" not in repr(live.hears(update))
    assert live.hears({"sessionResumptionUpdate": {}}) == [Resumable("")]
    assert not live.hears({"sessionResumptionUpdate": {"newHandle": "", "resumable": False}})


def test_the_announcement_that_the_socket_will_be_closed_means_nothing_yet(live):
    assert not live.hears({"goAway": {"timeLeft": "50s"}})


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("models/gemini-3.8-live", MODEL),
        ("gemini-3.8-live", MODEL),
        ("publishers/google/models/gemini-3.8-live", MODEL),
        ("projects/p/locations/us-central1/publishers/google/models/gemini-3.8-live", MODEL),
        ("projects/p/locations/us-central1/endpoints/123", "123"),
        ("", ""),
        (None, ""),
        ("models/" + "x" * 200, ""),
    ],
)
def test_a_model_is_named_by_the_end_of_its_resource_name(name, model):
    assert model_in(name) == model


def test_a_token_that_its_model_is_bound_to_leaves_it_unnamed():
    live = Listener(open_live(""))
    live.says({"setup": {}})
    assert live.says(client_content()) == [Asked(1)]


# === odd messages ===


def test_a_message_with_an_odd_member_is_read_without_it(live):
    live.says({"setup": 5, "client_content": {"turnComplete": True}})
    odd = {"serverContent": {"modelTurn": {"parts": [{"text": 5}]}, "turnComplete": True}} | usage_metadata(300, 20)
    assert numbers(live.hears(odd)) == [("Began", 1), ("Ended", 1)]
    assert live.reported() == Reported(Usage(input=300, output=20))


def test_half_a_surrogate_pair_hides_nothing(live):
    live.says(client_content())
    said = b'{"modelTurn":{"parts":[{"text":"\\ud83d"}]},"turnComplete":true}'
    half = b'{"serverContent":' + said + b',"usageMetadata":{"promptTokenCount":7}}'
    assert numbers(live.hears(half)) == [("Began", 1), ("Ended", 1)]
    assert live.reported() == Reported(Usage(input=7))
