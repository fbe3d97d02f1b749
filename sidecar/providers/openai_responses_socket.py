"""Responses over WebSocket: `GET /v1/responses`, of OpenAI, Azure and xAI (openai-python 3.54, `ResponsesClientEvent`).

The caller sends `response.create` with the body that it would POST, and the events of the stream come back. There is no event
that cancels one: `response.steer` only adds to it.
"""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from sidecar.providers.contract import ReplyReader, RequestHead
from sidecar.providers.json_request import JsonRequest
from sidecar.providers.live import LiveEvent
from sidecar.providers.live_json import value_in
from sidecar.providers.live_turns import Turns
from sidecar.providers.names import name_of
from sidecar.providers.openai_extras import PLAIN, Extras
from sidecar.providers.openai_request import call_in
from sidecar.providers.openai_response_lanes import NOTHING_NEW, ResponseLanes
from sidecar.websocket.message import Message

PLAIN_HEAD = RequestHead()


class Laned(Struct, gc=False):
    """An event of either side, as far as it says what it is and where it belongs."""

    type: object = None
    stream_id: object = None


LANED = msgspec.json.Decoder(Laned)


class ResponsesSocket:
    """Reads one socket."""

    __slots__ = ("_lanes", "_turns")

    def __init__(self, extras: Extras = PLAIN) -> None:
        self._turns = Turns()
        self._lanes = ResponseLanes(self._turns, extras)

    def from_caller(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the caller."""
        laned = value_in(LANED, message.data)
        if laned is None or laned.type != "response.create":
            return NOTHING_NEW
        request = JsonRequest(call_in, PLAIN_HEAD)
        request.feed(message.data)
        request.finish()
        return self._lanes.ask(name_of(laned.stream_id), request.facts().model, request)

    def from_provider(self, message: Message) -> Sequence[LiveEvent]:
        """Look at a message of the provider."""
        laned = value_in(LANED, message.data)
        return self._lanes.note(name_of(laned.stream_id), message.data) if laned is not None else NOTHING_NEW

    def turn(self, turn: int) -> ReplyReader:
        """What is known of a turn."""
        return self._turns.take(turn)

    def closed(self) -> Sequence[LiveEvent]:
        """A response that was being given is not whole."""
        return NOTHING_NEW


def open_responses_socket(target: str, extras: Extras = PLAIN) -> ResponsesSocket:
    """The reader of a socket; each message names its own model."""
    return ResponsesSocket(extras)
