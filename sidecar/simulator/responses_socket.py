"""OpenAI's Responses over a WebSocket: the events of the stream, one a message (openai-python 3.54, `types/responses`). Pure.

A response may go on from an earlier one of the same socket, whose context it then reads. Responses of one `stream_id` come one
after the other, those of several side by side.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from sidecar.simulator.asked import Asked
from sidecar.simulator.conversation import Ask, Command, Planned, Say
from sidecar.simulator.declined import Declined
from sidecar.simulator.live_connection import Word
from sidecar.simulator.openai_responses import ResponseSpeech
from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import PLANNERS, decide
from sidecar.simulator.prices import Used
from sidecar.simulator.refusals import openai_error
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import Naming, json_line

METHOD = "responses"


class Said(msgspec.Struct, frozen=True):
    """An event of the caller; the fields of a request besides."""

    type: str = ""
    model: str = ""
    stream_id: str = ""
    previous_response_id: str | None = None
    background: bool | None = None


class ResponsesSocket:
    """One socket."""

    is_text = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: dict[str, int] = {}
        """By its id, the tokens that who goes on from a response reads: all that it had read, and said."""

    def opening(self) -> Sequence[Word]:
        """Nothing: the caller speaks first."""
        return ()

    def hear(self, message: bytes) -> Sequence[Command]:
        """What an event asks for."""
        try:
            said = msgspec.json.decode(message, type=Said)
        except msgspec.MsgspecError as error:
            return [Say((complaint(Declined(400, str(error))),))]
        if said.type != "response.create":
            return [Say((complaint(Declined(400, f"Invalid value: '{said.type}'."), said.stream_id),))]
        return [Ask(message, lane=said.stream_id)]

    def begin(self, ask: Ask, request: Request, naming: Naming) -> Planned:
        """The next response."""
        said = msgspec.json.decode(ask.body, type=Said)

        def plan(asked: Asked) -> Plan:
            if said.background:
                raise Declined(400, "background is not supported in WebSocket mode.")
            return self._going_on(said.previous_response_id, PLANNERS[METHOD](asked))

        route = Route(Dialect.OPENAI, METHOD, said.model, asks_stream=True)
        planned = decide(route, request, self._settings, plan)
        return Planned(planned, ResponseWords(planned, naming, said.stream_id))

    def ended(self, planned: Planned, used: Used) -> Sequence[Word]:
        """Nothing is said; who goes on from it reads it."""
        if isinstance(planned.speech, ResponseWords):
            self._read[planned.speech.response] = used.prompt_tokens + used.output_tokens
        return ()

    def _going_on(self, previous: str | None, plan: Plan) -> Plan:
        """The plan of a response that reads an earlier one too."""
        if previous is None:
            return plan
        if previous not in self._read:
            raise Declined(400, f"Previous response with id '{previous}' not found.")
        if plan.script.prompt is not None:
            return plan
        prompt = plan.used.prompt_tokens + self._read[previous]
        return msgspec.structs.replace(plan, used=msgspec.structs.replace(plan.used, prompt_tokens=prompt))


class ResponseWords:
    """The stream of a response, an event a message."""

    def __init__(self, plan: Plan, naming: Naming, stream_id: str) -> None:
        self._stream_id = stream_id
        self._speech = ResponseSpeech(plan, naming, _line_of)
        self.response = f"resp_simulated_{naming.number}"
        """Its id."""

    def piece(self, step: int) -> Sequence[Word]:
        """The events of a step."""
        return self._words(self._speech.piece(step))

    def closing(self) -> Sequence[Word]:
        """The response, with its usage."""
        return self._words(self._speech.closing())

    def interrupted(self, step: int | None) -> Sequence[Word]:
        """The response, cancelled."""
        return self._words(self._speech.cancelled(step))

    def failure(self) -> Sequence[Word]:
        """The response, failed."""
        return self._words(self._speech.failure())

    def refusal(self, declined: Declined) -> Sequence[Word]:
        """An error event; no response is created."""
        return (complaint(declined, self._stream_id),)

    def _words(self, lines: bytes) -> Sequence[Word]:
        events = lines.splitlines()
        if not self._stream_id:
            return events
        return [json_line({**msgspec.json.decode(event), "stream_id": self._stream_id}) for event in events]


def _line_of(event: dict[str, Any]) -> bytes:
    """An event as a line: JSON has no line ends of its own."""
    return json_line(event) + b"\n"


def complaint(declined: Declined, stream_id: str = "") -> bytes:
    """An error event, with the HTTP status that such an error has elsewhere."""
    event = {"type": "error", "status": declined.status, **openai_error(declined)}
    return json_line({**event, "stream_id": stream_id} if stream_id else event)
