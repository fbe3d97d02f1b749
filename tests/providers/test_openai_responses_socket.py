import pytest

from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.live import Asked, Began, Ended
from sidecar.providers.openai_responses_socket import open_responses_socket
from sidecar.providers.xai import EXTRAS as XAI
from tests.providers.live_listener import Listener
from tests.providers.live_wire import Json, event, response, text_delta, tokens

MODEL = "gpt-5.6"


def create(**fields: object) -> Json:
    return {"type": "response.create", "model": MODEL, "input": "Hi"} | fields


@pytest.fixture
def live() -> Listener:
    return Listener(open_responses_socket("/v1/responses"))


def test_a_response_is_a_turn_of_the_model_that_its_request_names(live):
    assert live.says(create()) == [Asked(1, MODEL)]
    created = event("response.created", response=response("in_progress", model="gpt-5.6-2026-09-01"))
    assert live.hears(created, event("response.in_progress", response=response("in_progress")), text_delta()) == [
        Began(1, "gpt-5.6-2026-09-01")
    ]
    assert live.hears(event("response.completed", response=response("completed", tokens(100, 10)))) == [Ended(1)]
    assert live.reported() == Reported(Usage(input=100, output=10), MODEL)


def test_what_hosted_tools_used_is_counted(live):
    done = response("completed", tokens(100, 10)) | {"tool_usage": {"web_search": {"num_requests": 3}}}
    live.hears(event("response.completed", response=done))
    assert live.reported() == Reported(Usage(input=100, output=10, web_searches=3), MODEL)


def test_events_of_a_lane_belong_to_what_was_asked_for_in_it(live):
    live.says(create(stream_id="a"), create(stream_id="b", model="gpt-6-astra"))
    assert live.hears(event("response.created", response=response("in_progress"), stream_id="b")) == [Began(2, MODEL)]
    assert live.models == {1: MODEL, 2: MODEL}


@pytest.mark.parametrize(
    "said", [{"type": "response.steer", "previous_response_id": "r", "input": "x"}, {"type": "x"}, {"input": "x"}]
)
def test_nothing_else_asks_for_a_response(live, said):
    assert not live.says(said)


def test_xai_says_what_a_response_cost():
    live = Listener(open_responses_socket("/v1/responses", XAI))
    live.hears(
        event("response.completed", response=response("completed", tokens(100, 10) | {"cost_in_usd_ticks": 10**9}))
    )
    got = live.reported()
    assert got is not None
    assert str(got.cost_usd) == "0.1"
