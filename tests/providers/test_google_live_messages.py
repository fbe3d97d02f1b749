import json

import pytest

from sidecar.providers.google_live_messages import heard_in, said_in
from tests.providers.live_wire import (
    SOUND,
    TOOL_RESPONSE,
    client_content,
    model_says,
    model_speaks,
    server_content,
    setup,
    sound_in,
)


def coded(document: object) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (client_content("x" * 40), 44),
        (sound_in(), 0),
        ({"realtime_input": {"text": "y" * 9}}, 9),
        (setup(systemInstruction={"parts": [{"text": "z" * 100}]}), 127),
        (TOOL_RESPONSE, 11),
    ],
    ids=lambda value: str(value)[:40],
)
def test_text_of_the_caller_is_counted_and_sound_is_not(document, text):
    said = said_in(coded(document))
    assert said is not None
    assert said.text_bytes(coded(document)) == text


@pytest.mark.parametrize(
    ("document", "size", "has_sound"),
    [
        (model_says("Hello"), 5, False),
        (model_speaks(), 0, True),
        (server_content(outputTranscription={"text": "Hello"}), 5, False),
        (server_content(modelTurn={"parts": [{"inlineData": {"mimeType": "image/png", "data": SOUND}}]}), 0, False),
        (server_content(modelTurn={"parts": [{"inlineData": {}}, {"text": "é"}]}), 2, False),
        (server_content(modelTurn={}), 0, False),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_an_answer_brings_is_text_or_sound(document, size, has_sound):
    heard = heard_in(coded(document))
    assert heard is not None
    assert heard.server_content is not None
    assert (heard.server_content.said_bytes(), heard.server_content.has_sound()) == (size, has_sound)


def test_members_that_can_be_read_are_read():
    said = said_in(b'{"setup":{"model":5},"realtime_input":{"text":"Hi"}}')
    assert said is not None
    assert said.setup is None
    assert said.asks()
    heard = heard_in(b'{"serverContent":[],"sessionResumptionUpdate":{"newHandle":"h"},"toolCall":{}}')
    assert heard is not None
    assert heard.server_content is None
    assert heard.session_resumption_update is not None


def test_an_answer_whose_pieces_cannot_be_read_still_stands_somewhere():
    heard = heard_in(b'{"serverContent":{"modelTurn":7,"turnComplete":true,"generationComplete":"yes"}}')
    assert heard is not None
    assert heard.server_content is not None
    content = heard.server_content
    assert (content.model_turn is None, content.turn_complete, content.generation_complete) == (False, True, False)


@pytest.mark.parametrize("document", [b"", b"[]", b"{", b"\x00\x01"])
def test_what_is_no_object_is_nothing(document):
    assert said_in(document) is None
    assert heard_in(document) is None
