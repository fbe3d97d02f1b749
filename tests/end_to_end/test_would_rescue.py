"""In `mode: observe` nothing is handed on. A retry is paid for as without the sidecar, and counted as one that could
have been saved."""

from collections.abc import Iterator

import openai
import pytest

from tests.end_to_end.asking import KEY, TURN
from tests.end_to_end.raw_calls import GEMINI, desk_at
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, sdk_road

MODEL = "gpt-5-mini"


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("observe")) as running:
        yield running


def test_retry_of_the_sdk__paid_for_twice_and_counted_once(road: SdkRoad) -> None:
    name = new_name()
    headers = headers_of(name, "seconds=0.8 on_close=runs_on")
    address = f"{road.through('openai')}/v1"
    client = openai.OpenAI(api_key=KEY, base_url=address, timeout=0.4, max_retries=1)
    with client, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model=MODEL, messages=TURN, extra_headers=headers)
    first, second = road.rows(name, 2)
    assert (first.outcome, second.outcome) == ("orphan_finished", "orphan_finished")
    assert (first.attempt_of, second.attempt_of) == (None, first.id)
    assert [entry.is_billable for entry in road.simulator.bill.of(name)] == [True, True]
    of_it = {"provider": first.provider, "model": MODEL, "kind": "unary"}
    assert road.sidecar.total("would_rescue_total", **of_it) == 1
    assert road.sidecar.total("rescued_total", **of_it) == 0


def test_equal_request_behind_one_that_left__has_an_answer_of_its_own(road: SdkRoad) -> None:
    desk = desk_at(road)
    desk.leave(GEMINI)
    answered = desk.ask(GEMINI)
    assert (answered.rescued, desk.posts()) == (None, 2)
    rows = road.rows(desk.name, 2)
    assert {row.outcome for row in rows} == {"orphan_finished", "delivered"}
    assert road.sidecar.total("would_rescue_total", provider=rows[0].provider, kind="unary") == 1


def test_requests_that_opted_out__not_counted(road: SdkRoad) -> None:
    desk = desk_at(road)
    request = GEMINI.having(X_Sidecar_Rescue="off")._replace(target=GEMINI.target.replace("flash", "pro"))
    desk.leave(request)
    assert desk.ask(request).rescued is None
    provider = road.rows(desk.name, 2)[0].provider
    assert road.sidecar.total("would_rescue_total", provider=provider, model="gemini-2.5-pro") == 0
