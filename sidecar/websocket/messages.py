"""One direction of a socket read in passing: frames joined to messages, unmasked, in bounded memory (RFC 6455 section 5.4)."""

from collections.abc import Callable

from sidecar.websocket.closing import close_code
from sidecar.websocket.frames import (
    CLOSE,
    CONTINUATION,
    MALFORMED,
    TEXT,
    FrameHead,
    read_head,
    unmasked,
    what_is_wrong,
)
from sidecar.websocket.kept import Kept, Shortening
from sidecar.websocket.message import Close, Message


class Messages:
    """Takes the bytes of one direction in pieces and gives its messages, and the close frame as its last word.

    Pings and pongs are passed over: they say nothing about calls. Text that is not UTF-8 is no error here: the endpoints fail
    such a socket (section 8.1), and until they do, it is what it is. Nothing here raises, whatever is fed.
    """

    __slots__ = (
        "_carry", "_control", "_head", "_is_masked", "_is_text", "_kept", "_message_bytes", "_missing", "closing_bytes",
        "gave_up", "is_closed", "largest_bytes", "messages",
    )  # fmt: skip

    def __init__(self, is_masked: bool, most_kept: int, shortening: Callable[[], Shortening] | None = None) -> None:
        """`is_masked` of what a caller sends, not of what a provider does.

        A message of more than `most_kept` bytes goes through a `shortening`, if it looks like JSON and there is one to make
        (`bodies.skeleton.Skeleton`); else its first `most_kept` bytes are kept.
        """
        self._is_masked = is_masked
        self._kept = Kept(most_kept, shortening)
        self._carry = b""
        """A head that is not whole yet: less than `MOST_HEAD` bytes."""
        self._head: FrameHead | None = None
        """Of the frame whose payload is coming."""
        self._missing = 0
        """Bytes of its payload that have not come."""
        self._control = b""
        """Its payload so far, where it is a control frame."""
        self._is_text: bool | None = None
        """Of the message under way; None between messages."""
        self._message_bytes = 0
        self.gave_up = ""
        """Why nothing is read any more, one word; empty while it is.

        `malformed`: these bytes are no WebSocket (a reserved opcode, a mask where there must be none or none where there must be
        one, a control frame in fragments or of more than 125 bytes, a length of 2^63 or more, a continuation of nothing, a
        message begun within another). `unknown_extension`: bits are set that only an extension gives a meaning. From there on it
        can't be told where messages begin and end or what they say, and it stays so to the end of the socket: what was read
        before is as good as ever, `feed` gives nothing more, and nothing of what is fed is kept. The bytes go on all the same:
        whether the socket fails is between the two ends.
        """
        self.is_closed = False
        """A close frame has passed: what its sender sends behind it means nothing and is not read (section 5.5.1)."""
        self.closing_bytes = 0
        """From the beginning of that frame to the end of the piece that held its last byte; 0 before. Whoever must not pass it on
        knows by it where it begins, which may be in a piece before."""
        self.messages = 0
        """Data messages that were whole, so far."""
        self.largest_bytes = 0
        """Payload of the largest message so far, by the lengths its frames declare: it counts before the payload has come."""

    @property
    def is_between_frames(self) -> bool:
        """All that was fed is whole frames, and one of ours may be put here, though a message may be under way.

        Not so behind a close frame, nor where it is not known any more where frames end.
        """
        return self._head is None and not self._carry and not self.is_closed and not self.gave_up

    @property
    def message_bytes(self) -> int:
        """Payload of the message that is under way, by the lengths its frames declare; 0 between messages."""
        return self._message_bytes

    def feed(self, data: bytes) -> list[Message | Close]:
        """The messages that these bytes complete, in order, and the close frame behind which nothing comes."""
        found: list[Message | Close] = []
        if self._carry:
            data, self._carry = self._carry + data, b""
        at = 0
        while not self.gave_up and not self.is_closed and at < len(data):
            if self._head is None:
                at = self._begin_frame(data, at)
            if self._head is not None:
                at = self._take_payload(data, at, self._head)
                if not self._missing:
                    self._end_frame(self._head, found, behind=len(data) - at)
        return found

    def _begin_frame(self, data: bytes, at: int) -> int:
        """Read a head; the position behind it, which is the end of the data when it is not whole."""
        head = read_head(data, at)
        if head is None:
            self._carry = data[at:]
            return len(data)
        self.gave_up = what_is_wrong(head, self._is_masked) or self._out_of_turn(head)
        if self.gave_up:
            self._kept.clear()
            return len(data)
        self._head, self._missing = head, head.length
        if not head.is_control:
            self._is_text = head.opcode == TEXT if self._is_text is None else self._is_text
            self._message_bytes += head.length
            self.largest_bytes = max(self.largest_bytes, self._message_bytes)
        return at + head.size

    def _out_of_turn(self, head: FrameHead) -> str:
        """A message is begun once and continued after that (section 5.4); control frames may come at any time."""
        is_continued = head.opcode == CONTINUATION
        is_under_way = self._is_text is not None
        return "" if head.is_control or is_continued is is_under_way else MALFORMED

    def _take_payload(self, data: bytes, at: int, head: FrameHead) -> int:
        """Take what there is of the frame's payload; the position behind it."""
        piece = data[at : at + self._missing]
        done = head.length - self._missing
        self._missing -= len(piece)
        if head.is_control:
            self._control += piece
        elif not self._kept.is_full:
            self._kept.add(unmasked(piece, head.mask, done))
        return at + len(piece)

    def _end_frame(self, head: FrameHead, found: list[Message | Close], behind: int) -> None:
        self._head = None
        if head.is_control:
            payload, self._control = self._control, b""
            if head.opcode == CLOSE:
                self.is_closed = True
                self.closing_bytes = head.size + head.length + behind
                self._kept.clear()
                found.append(Close(close_code(unmasked(payload, head.mask))))
        elif head.is_final:
            found.append(self._kept.take(bool(self._is_text)))
            self.messages += 1
            self._is_text, self._message_bytes = None, 0
