"""The reader of replies in which nothing stands for us: sounds, images, files, subtitles, lists."""

from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts


class UnreadReply:
    """Looks at nothing in a body but whether it came."""

    __slots__ = ("_has_begun", "_known", "is_terminal")
    gave_up = ""

    def __init__(self, known: Reported | None = None) -> None:
        """`known` is what the call used if it is answered at all."""
        self.is_terminal = False
        self._has_begun = False
        self._known = known

    def feed(self, chunk: bytes) -> None:
        """Some of the body came."""
        self._has_begun = self._has_begun or bool(chunk)

    def finish(self) -> None:
        """The body has ended."""
        self.is_terminal = self._has_begun

    def reported(self) -> Reported | None:
        """What is known beforehand, once the answer has begun."""
        return self._known if self._has_begun else None


def open_unread(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a reply that reports nothing."""
    return UnreadReply()
