"""The events of a Live session and of what it delegates (openai-python 3.54, `types/live`). Pure."""

from collections.abc import Sequence
from typing import Any

import msgspec

from sidecar.simulator.declined import Declined
from sidecar.simulator.live_connection import Closing, Word
from sidecar.simulator.media import sound
from sidecar.simulator.openai_responses import ResponseSpeech
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.realtime_speech import Events
from sidecar.simulator.refusals import openai_error
from sidecar.simulator.speech import Naming, json_line

BYTES_OF_A_SECOND = 48_000
"""Of sound: 24 kHz, 16 bits, one channel."""
LONGEST_SECONDS = 3_600
SPOKEN = "Here it is."
SPOKEN_BYTES = 24_000
"""Half a second of sound."""


class Session:
    """One session as it stands."""

    def __init__(self, wished: dict[str, Any]) -> None:
        self._wished = wished
        self._head: dict[str, Any] = {}
        self.events = Events()
        self.model = str(wished.get("model", ""))
        self.heard_bytes = 0
        """Of the caller's sound."""

    @property
    def delegate(self) -> str | None:
        """The model that it delegates to; None where it delegates to no model."""
        responses = (self._wished.get("delegation") or {}).get("responses") or {}
        model: str | None = responses.get("model")
        return model

    @property
    def seconds(self) -> float:
        """Of sound."""
        return self.heard_bytes / BYTES_OF_A_SECOND

    def begin(self, naming: Naming) -> None:
        """It has a name, and a moment at which it would end by itself."""
        self._head = {"id": f"live_simulated_{naming.number}", "expires_at": naming.created + LONGEST_SECONDS}

    def used(self) -> Used:
        """What it has used; a second that has begun counts."""
        return Used(audio_seconds=-(-self.heard_bytes // BYTES_OF_A_SECOND))

    def as_object(self) -> dict[str, Any]:
        """The session as its events show it; active, also in the last of them."""
        return {**self._wished, **self._head, "model": self.model, "status": "active"}

    def usage(self) -> dict[str, Any]:
        """The seconds up to now, not those since the last time."""
        return {"seconds": self.seconds}


class LiveSessionSpeech:
    """The session as a call."""

    def __init__(self, session: Session) -> None:
        self._session, self._events = session, session.events

    def piece(self, step: int) -> Sequence[Word]:
        """That it has started."""
        return (self._events.tell("session.started", session=self._session.as_object()),) if step == 0 else ()

    def closing(self) -> Sequence[Word]:
        """That it is closed, as was asked, with all that it has used; and the end of the socket."""
        return self._closed("close_requested")

    def interrupted(self, step: int | None) -> Sequence[Word]:
        """That it is closed; nobody interrupts it."""
        return self._closed("connection_lost")

    def failure(self) -> Sequence[Word]:
        """That it is closed, by somebody else than the caller."""
        return self._closed("remote_hangup")

    def refusal(self, declined: Declined) -> Sequence[Word]:
        """An error; there is no session."""
        return self._events.tell("error", **openai_error(declined)), Closing(reason=declined.message[:120])

    def _closed(self, reason: str) -> Sequence[Word]:
        told = {"reason": reason, "session": self._session.as_object(), "usage": self._session.usage()}
        return self._events.tell("session.closed", **told), Closing()


class DelegationSpeech:
    """A delegated response: its events, nested, and what is said of it aloud."""

    def __init__(self, plan: Plan, naming: Naming, session: Session, delegation: str) -> None:
        self._session, self._events, self._delegation = session, session.events, delegation
        self._response = f"resp_simulated_{naming.number}"
        self._speech = ResponseSpeech(plan, naming, lambda event: json_line(event) + b"\n")

    def piece(self, step: int) -> Sequence[Word]:
        """That it was delegated, and the events of a step."""
        told = [self._created()] if step == 0 else []
        return [*told, *self._nested(self._speech.piece(step))]

    def closing(self) -> Sequence[Word]:
        """The response with its usage; the session's; what is said."""
        at = round(self._session.seconds * 1000)
        words = self._events.tell("session.output_transcript.delta", delta=SPOKEN, start_ms=at, end_ms=at + 500)
        aloud = self._events.tell("session.output_audio.delta", delta=sound(SPOKEN_BYTES))
        used = self._events.tell("session.usage.updated", usage=self._session.usage())
        return words, aloud, used, *self._nested(self._speech.closing())

    def interrupted(self, step: int | None) -> Sequence[Word]:
        """The response, cancelled."""
        return self._nested(self._speech.cancelled(step))

    def failure(self) -> Sequence[Word]:
        """The response, failed."""
        return self._nested(self._speech.failure())

    def refusal(self, declined: Declined) -> Sequence[Word]:
        """An error; no response is created."""
        return (self._events.tell("error", **openai_error(declined)),)

    def _created(self) -> bytes:
        delegation = {
            "id": self._delegation,
            "type": "delegation",
            "target": "responses",
            "response_id": self._response,
        }
        at = round(self._session.seconds * 1000)
        return self._events.tell("session.delegation.created", delegation=delegation, offset_ms=at)

    def _nested(self, lines: bytes) -> Sequence[Word]:
        return [
            self._events.tell("response.event", delegation_id=self._delegation, event=msgspec.json.decode(line))
            for line in lines.splitlines()
        ]
