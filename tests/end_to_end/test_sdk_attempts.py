"""What an SDK sends again by itself is a call of its own, whose row names the first one of the chain."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from openai import InternalServerError

from tests.end_to_end import dialect_clients, documented_wire as wire, stainless_clients
from tests.end_to_end.asking import Asking, Client
from tests.end_to_end.dialect_wire import SSE, error, unary, whole
from tests.end_to_end.scripted_provider import Answer
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, sdk_road

HURRY = ("Retry-After-Ms: 5", "Retry-After: 0")


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("attempts")) as running:
        yield running


class Retrier(NamedTuple):
    """A client that tries again."""

    client: Client
    upstream: str
    answer: bytes
    """Of the attempt that succeeds."""


RETRIERS = {
    "openai": Retrier(stainless_clients.openai_chat, "scripted-openai", unary("openai")),
    "openai async": Retrier(stainless_clients.openai_chat_async, "scripted-openai", unary("openai")),
    "anthropic": Retrier(stainless_clients.anthropic_messages, "scripted-anthropic", unary("anthropic")),
    "groq": Retrier(stainless_clients.groq_chat, "scripted-groq", unary("openai")),
    "cohere": Retrier(dialect_clients.cohere_chat, "scripted-cohere", wire.line(wire.COHERE.document)),
    "google-genai": Retrier(dialect_clients.genai_content, "scripted-gemini", unary("genai")),
}


def asked(road: SdkRoad, retrier: Retrier, name: str, retries: int = 1) -> Asking:
    """A question that nobody else asks: the model has the call's name."""
    return Asking(road.through(retrier.upstream), f"a-model-{name}", headers_of(name), retries=retries)


@pytest.mark.parametrize("status", [429, 500])
@pytest.mark.parametrize("retrier", RETRIERS.values(), ids=RETRIERS.keys())
def test_second_attempt_names_the_first(road: SdkRoad, retrier: Retrier, status: int) -> None:
    name = new_name()
    road.provider.script(name, error("openai", status, *HURRY), whole(retrier.answer))
    list(retrier.client(asked(road, retrier, name)))
    first, second = road.rows(name, 2)
    assert (first.outcome, first.http_status, first.attempt_of) == ("rejected", status, None)
    assert (second.outcome, second.http_status, second.attempt_of) == ("delivered", 200, first.id)


def test_third_attempt_names_the_first_too(road: SdkRoad) -> None:
    name, declined = new_name(), error("openai", 429, *HURRY)
    road.provider.script(name, declined, declined, whole(unary("openai")))
    list(stainless_clients.openai_chat(asked(road, RETRIERS["openai"], name, retries=2)))
    first, *others = road.rows(name, 3)
    assert [row.attempt_of for row in others] == [first.id, first.id]


def test_question_that_its_caller_asks_again__is_no_attempt_where_the_sdk_says_so(road: SdkRoad) -> None:
    """`x-stainless-retry-count: 0`."""
    name, retrier = new_name(), RETRIERS["openai"]
    road.provider.script(name, error("openai", 500), whole(retrier.answer))
    with pytest.raises(InternalServerError):
        list(retrier.client(asked(road, retrier, name, retries=0)))
    list(retrier.client(asked(road, retrier, name, retries=0)))
    assert [row.attempt_of for row in road.rows(name, 2)] == [None, None]


def test_question_that_was_answered_at_last_and_is_asked_again__is_a_call_of_its_own(road: SdkRoad) -> None:
    name, retrier = new_name(), RETRIERS["google-genai"]
    road.provider.script(name, error("openai", 500), whole(retrier.answer))
    list(retrier.client(asked(road, retrier, name)))
    first, _ = road.rows(name, 2)
    list(retrier.client(asked(road, retrier, name)))
    assert [row.attempt_of for row in road.rows(name, 3)] == [None, first.id, None]


def hop(text: str, output: int, **more: object) -> dict[str, Any]:
    """A reply of `generateContent`."""
    return {
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0, **more}],
        "usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": output, "totalTokenCount": 40 + output},
        "modelVersion": "gemini-2.5-flash",
    }


def as_document(reply: dict[str, Any]) -> Answer:
    """In one piece."""
    return whole(wire.line(reply))


def as_stream(reply: dict[str, Any]) -> Answer:
    """As a stream of one event."""
    return whole(wire.data(reply), content_type=SSE)


@pytest.mark.parametrize(("is_stream", "written"), [(False, as_document), (True, as_stream)], ids=["unary", "stream"])
def test_rest_of_an_answer_that_google_genai_asks_for__names_the_call_that_began_it(
    road: SdkRoad, is_stream: bool, written: Callable[[dict[str, Any]], Answer]
) -> None:
    """Each hop reads the prompt again, and is billed for it (google-wire 6)."""
    name = new_name()
    token = b64encode(name.encode()).decode()
    begun = hop(wire.SAID[0], 3, finishReason="CONTINUATION", continuationToken=token)
    road.provider.script(name, written(begun), written(hop(wire.SAID[1], 6, finishReason="STOP")))
    through = road.through("scripted-gemini")
    told = list(dialect_clients.genai_content(Asking(through, "gemini-2.5-flash", headers_of(name), is_stream)))
    first, second = road.rows(name, 2)
    assert token.encode() in road.provider.asked(name)[1].body
    assert [text for item in told for text in texts_of(item)] == list(wire.SAID)
    assert (first.attempt_of, second.attempt_of) == (None, first.id)
    assert [row.usage for row in (first, second)] == [{"input": 40, "output": 3}, {"input": 40, "output": 6}]


def texts_of(item: dict[str, Any]) -> list[str]:
    """The texts of an answer, or of a piece of one."""
    return [part["text"] for part in item["candidates"][0]["content"]["parts"]]
