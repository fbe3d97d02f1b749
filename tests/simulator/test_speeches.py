"""Who writes the reply of which method."""

import pytest

from sidecar.simulator.catalog import ELSEWHERE, METHODS, OPENED
from sidecar.simulator.google_speech import GoogleSpeech
from sidecar.simulator.openai_chat import ChatSpeech
from sidecar.simulator.speeches import SPEECHES, speech_of
from tests.simulator.spoken import NAMING, TURN, spoken


def test_every_method_that_is_not_googles__has_its_writer():
    others = {method for methods in (*ELSEWHERE.values(), *OPENED.values()) for method in methods}
    assert others - set(SPEECHES) == {"batchGenerateContent", "batchPredictionJobs", "tuningJobs", "predictLongRunning"}
    assert set(SPEECHES) <= others
    assert not {method for methods in METHODS.values() for method in methods} & set(SPEECHES)


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/v1/models/gemini-2.5-flash:generateContent", {"contents": [{"parts": [{"text": "hi"}]}]}, GoogleSpeech),
        ("/v1beta/openai/chat/completions", {"model": "gemini-2.5-flash", "messages": TURN}, ChatSpeech),
    ],
)
def test_the_method__decides(path: str, body: object, kind: type):
    call = spoken(path, body)
    assert isinstance(speech_of(call.plan, NAMING), kind)
