"""How Google's two dialects write: streams as server-sent events, or as one array that grows; whole replies indented. Pure."""

from typing import Any

from sidecar.simulator.content import frame, late_usage
from sidecar.simulator.declined import FAILED, Declined, one_line, pretty
from sidecar.simulator.plan import Plan
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import EVENTS, Header, Naming
from sidecar.simulator.whole_replies import reply_of

DOCUMENT = "application/json; charset=UTF-8"


class GoogleSpeech:
    """A reply of the Gemini API or of Vertex."""

    document_type = DOCUMENT

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._plan, self._naming = plan, naming
        self._as_events = plan.wishes.as_events
        self._frames = 0
        self.stream_type = EVENTS if self._as_events else DOCUMENT

    def headers(self) -> list[Header]:
        """None."""
        return []

    def whole(self) -> bytes:
        """The reply of any method."""
        return pretty(reply_of(self._plan, self._naming))

    def piece(self, step: int) -> bytes:
        """A frame; nothing is shown of step 0."""
        return self._framed(frame(self._plan, self._naming, step)) if step else b""

    def closing(self) -> bytes:
        """The usage, where it comes late."""
        if self._plan.script.usage is not ReportsUsage.LATE:
            return b""
        return self._framed(late_usage(self._plan, self._naming))

    def trailer(self) -> bytes:
        """The end of the array."""
        if self._as_events:
            return b""
        return b"]\n" if self._frames else b"[]\n"

    def failure(self) -> bytes:
        """A frame with an error."""
        return self._framed(FAILED.as_object())

    def refusal(self, declined: Declined) -> bytes:
        """Google's error envelope."""
        return pretty(declined.as_object())

    def _framed(self, content: dict[str, Any]) -> bytes:
        self._frames += 1
        if self._as_events:
            return b"data: " + one_line(content) + b"\r\n\r\n"
        return (b",\r\n" if self._frames > 1 else b"[") + pretty(content)
