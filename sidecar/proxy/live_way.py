"""One direction of a socket: counted, and read from a copy where its messages are known here."""

from typing import TYPE_CHECKING, Final

from sidecar.bodies.skeleton import Skeleton
from sidecar.websocket.closing import close_frame
from sidecar.websocket.message import Close, Message
from sidecar.websocket.messages import Messages

if TYPE_CHECKING:
    from sidecar.telemetry.series import Number

MOST_KEPT: Final = 256 * 1024
"""Bytes of a message that are kept as they are; of a larger one its skeleton is, as of a reply's document."""


class Way:
    """What goes from one end to the other."""

    __slots__ = (
        "_bytes", "_goodbye_at", "_is_masked", "_most_bytes", "_said", "_whole", "came", "goodbye", "may_insert", "written",
    )  # fmt: skip

    def __init__(
        self, messages: "Number", size: "Number", *, is_masked: bool, is_read: bool, most_bytes: int | None
    ) -> None:
        """Two cells that count, whether the sender masks, whether anybody knows its messages, and how large these may be."""
        self._whole, self._bytes = messages, size
        self._is_masked, self._most_bytes = is_masked, most_bytes
        self._said = Messages(is_masked, MOST_KEPT, Skeleton) if is_read else None
        self.goodbye: Close | None = None
        """The close frame that has come."""
        self._goodbye_at = -1
        """How many bytes had come before it."""
        self.may_insert = is_read
        """What was passed on is whole frames, and one of ours may be put behind it."""
        self.came = 0
        """Bytes that came."""
        self.written = 0
        """Bytes that were passed on."""

    def look(self, data: bytes) -> list[Message]:
        """Look at bytes that have come and have not been passed on yet; the messages that they complete."""
        self._bytes.value += len(data)
        self.came += len(data)
        said = self._said
        if said is None:
            return []
        before, messages = said.messages, []
        for found in said.feed(data):
            if isinstance(found, Close):
                self.goodbye, self._goodbye_at = found, self.came - said.closing_bytes
            else:
                messages.append(found)
        self._whole.value += said.messages - before
        return messages

    def passed_on(self, size: int) -> None:
        """So many bytes of them were written."""
        self.written += size
        if self._said is not None:
            self.may_insert = self._said.is_between_frames or self.written == self._goodbye_at

    @property
    def is_too_large(self) -> bool:
        """A message was begun that is larger than is allowed."""
        return self._said is not None and self._most_bytes is not None and self._said.largest_bytes > self._most_bytes

    @property
    def gave_up(self) -> bool:
        """It can't be told any more where messages begin and end."""
        return self._said is not None and bool(self._said.gave_up)

    def closes_at(self, data: bytes) -> int:
        """Where in the piece that was looked at last the close frame begins; before it if it began in an earlier one."""
        assert self._said is not None
        return max(0, len(data) - self._said.closing_bytes)

    def farewell(self, code: int) -> bytes:
        """A close frame of ours, of the sender's kind; empty where none fits."""
        if not self.may_insert:
            return b""
        self.may_insert = False
        return close_frame(code, is_masked=self._is_masked)
