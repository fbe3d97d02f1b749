"""How Google's replies are framed."""

import json

from sidecar.simulator.declined import Declined
from tests.simulator.spoken import Spoken, spoken

PATH = "/v1/models/gemini-2.5-flash:streamGenerateContent"
BODY = {"contents": [{"parts": [{"text": "hi"}]}]}


def streamed(script: str = "output=4 chunks=2") -> Spoken:
    return spoken(PATH, BODY, script)


def test_an_array__grows_element_by_element():
    first, second, third, end = streamed().pieces
    assert (first, second[:1], third[:3], end) == (b"", b"[", b",\r\n", b"]\n")
    assert len(json.loads(streamed().stream)) == 2


def test_an_array_without_elements__is_one():
    assert streamed().speech.trailer() == b"[]\n"


def test_late_usage__is_an_element_too():
    assert "candidates" not in json.loads(streamed("output=4 chunks=2 usage=late").stream)[-1]


def test_trouble__in_the_shape_of_google():
    speech = streamed().speech
    assert b'"INTERNAL"' in speech.failure()
    assert json.loads(speech.refusal(Declined(429, "slower")))["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert speech.headers() == []
