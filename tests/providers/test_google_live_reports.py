import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.google_live import open_live
from sidecar.providers.live import Asked, Began, Ended, Told
from tests.providers.live_listener import Listener
from tests.providers.live_wire import (
    TOOL_CALL,
    TURN_COMPLETE,
    client_content,
    model_says,
    model_speaks,
    server_content,
    setup,
    usage_metadata,
)

MODEL = "gemini-3.8-live"


@pytest.fixture
def live() -> Listener:
    listener = Listener(open_live("/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"))
    assert not listener.says(setup())
    assert not listener.hears({"setupComplete": {}})
    return listener


def test_usage_that_comes_behind_a_turn_is_that_turns(live):
    live.says(client_content())
    live.hears(model_says("Hello"), TURN_COMPLETE)
    assert live.says(client_content()) == [Asked(2, MODEL)]
    assert live.hears(usage_metadata(300, 20)) == [Told(1)]
    assert live.reported() == Reported(Usage(input=300, output=20))
    assert live.hears(usage_metadata(400, 20)) == [Began(2, MODEL)]


def test_usage_that_comes_when_the_next_answer_has_begun_is_the_next_ones(live):
    live.hears(model_says("Hello"), TURN_COMPLETE, model_says("More"))
    assert not live.hears(usage_metadata(300, 20))
    assert live.hears(TURN_COMPLETE) == [Ended(2)]
    assert live.reported(2) == Reported(Usage(input=300, output=20))


def test_usage_of_no_turn_is_a_turn_of_its_own(live):
    assert live.hears(usage_metadata(300, 20)) == [Began(1, MODEL), Ended(1)]
    assert live.hears(TURN_COMPLETE | usage_metadata(400, 30)) == [Began(2, MODEL), Ended(2)]
    assert live.told() == Usage(input=700, output=50)


def test_each_report_bills_the_conversation_again(live):
    for turn, (prompt, answer) in enumerate([(143, 19), (181, 24), (224, 24)], 1):
        live.says(client_content())
        live.hears(model_speaks(), TURN_COMPLETE | usage_metadata(prompt, answer))
        assert live.reported(turn) == Reported(Usage(input=prompt, output=answer))
    assert live.told() == Usage(input=548, output=67)


def test_an_unfinished_answer_is_estimated_from_what_was_said_and_what_came_before(live):
    live.says(client_content())
    detail = {"promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 100}]}
    live.hears(model_says("Hello"), TURN_COMPLETE | usage_metadata(300, 20, **detail))
    live.says({"realtime_input": {"text": "x" * 40}})
    live.hears(model_says("y" * 12))
    got = live.reported(2)
    assert got == Reported(Usage(input=330, output=3, audio_input=100), basis=Basis.ESTIMATED, reason="counted_deltas")
    live.hears(model_speaks(), server_content(outputTranscription={"text": "z" * 4}))
    got = live.reported(2)
    assert got == Reported(
        Usage(input=330, output=4, audio_input=100), basis=Basis.ESTIMATED, reason="unreported_sound"
    )


def test_an_unfinished_answer_of_which_some_was_reported_has_used_at_least_that(live):
    live.says(client_content())
    live.hears(TOOL_CALL | usage_metadata(300, 20))
    assert live.reported() == Reported(Usage(input=300, output=20), basis=Basis.AT_LEAST, reason="unfinished")


def test_a_search_counts_once_however_often_it_is_told(live):
    grounded = server_content(modelTurn={"parts": []}, groundingMetadata={"webSearchQueries": ["a", "b"]})
    live.hears(grounded, grounded, TURN_COMPLETE | usage_metadata(300, 20))
    assert live.reported() == Reported(Usage(input=300, output=20, web_searches=2))


def test_a_search_of_a_model_of_which_nobody_says_what_is_billed_makes_it_a_lower_bound():
    live = Listener(open_live(""))
    grounded = server_content(modelTurn={"parts": []}, groundingMetadata={"webSearchQueries": ["a", "b"]})
    live.hears(grounded, TURN_COMPLETE | usage_metadata(300, 20))
    want = Reported(Usage(input=300, output=20, web_searches=1), basis=Basis.AT_LEAST, reason="search_unit_unknown")
    assert live.reported() == want


def test_a_report_of_nothing_is_none(live):
    assert not live.hears({"usageMetadata": {}}, {"usageMetadata": {"trafficType": "ON_DEMAND"}})


def test_a_report_behind_a_turn_opens_no_other(live):
    live.hears(model_says("Hello"), TURN_COMPLETE, usage_metadata(300, 20))
    assert not live.hears(TURN_COMPLETE)
