"""One call of a caller on the bare wire that leaves, seen from all sides: the caller's, the sidecar's and the provider's."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Entry
from sidecar.simulator.milestones import Milestone
from tests.end_to_end.leavers import Errand, Leavers, Way
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, sdk_road

PATIENCE_SECONDS = 10.0
WINDOW_SECONDS = 0.05
"""In `enforce` an abandoned call settles this much later."""
ZERO = Decimal(0)
MODES: Mapping[str, Mapping[str, Any]] = {
    "observe": {"mode": "observe"},
    "enforce": {"mode": "enforce", "rescue": {"window_seconds": WINDOW_SECONDS}},
}
UNARY, STREAM = "generateContent", "streamGenerateContent?alt=sse"
BODY = b'{"contents":[{"parts":[{"text":"hello"}]}]}'
WHOLE = "seconds=0 chunks=4 prompt=100 output=200"
HELD = f"{WHOLE} hold="
TAIL = f"{WHOLE} tail=0.15"
FIRST_EVENT, FINISHING_FRAME = rb"data: .*\r\n\r\n\r\n", rb'"finishReason": "STOP".*\r\n\r\n\r\n'
"""Each to the end of its chunk: what a caller has not read makes its leaving a reset."""
LAST_CHUNK = b"\r\n0\r\n\r\n"


NO_MORE: Mapping[str, str] = MappingProxyType({})


@contextmanager
def roads(directory: Path, **settings: Any) -> Iterator[Callable[[str], SdkRoad]]:
    """A road for each mode that is asked for, built when it is. `settings` are those of all of them."""
    with ExitStack() as stack:

        @cache
        def road_of(mode: str) -> SdkRoad:
            place = directory / mode
            place.mkdir()
            return stack.enter_context(sdk_road(place, {**MODES[mode], **settings}))

        yield road_of


def eventually(claim: Callable[[], bool]) -> None:
    """Wait until something comes true of which there is no signal."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Seen(NamedTuple):
    """What became of a call."""

    row: CallRecord
    billed: Entry
    departures: float
    """How many were counted meanwhile."""
    got: bytes = b""
    """What one that only half-closed has read after that."""

    @property
    def has_all(self) -> bool:
        """It has read its reply to the end."""
        _, _, body = self.got.partition(b"\r\n\r\n")
        return self.got.endswith(LAST_CHUNK) or len(body) == self.billed.reply_bytes


class Scene(NamedTuple):
    """A way to leave, and where."""

    road: SdkRoad
    leavers: Leavers
    way: Way
    namespace: str = ""

    def departures(self) -> float:
        """How many callers were seen to leave."""
        return self.road.sidecar.total("departures_total")

    def errand(
        self,
        name: str,
        method: str,
        script: str,
        until: bytes,
        *,
        lingers: bool = True,
        more: Mapping[str, str] = NO_MORE,
    ) -> Errand:
        """A call of Gemini's."""
        target = urlsplit(self.road.through("gemini"))
        headers = dict(headers_of(name, script, **more))
        headers |= {"Host": target.netloc, "Content-Length": str(len(BODY))}
        if self.way is Way.UNREAD and not until:
            headers["Expect"] = "100-continue"  # so that something comes which it does not read
        path = f"{target.path}/v1beta/models/gemini-2.5-flash:{method}"
        lines = [f"POST {path} HTTP/1.1", *(f"{field}: {value}" for field, value in headers.items()), "", ""]
        address = (target.hostname or "", target.port or 0)
        return Errand(address, "\r\n".join(lines).encode(), BODY, until, lingers, self.namespace)

    def left_while_held(
        self, method: str, script: str, until: bytes, *, is_found: bool = True, more: Mapping[str, str] = NO_MORE
    ) -> Seen:
        """It leaves while the provider's work is held, which goes on when it was found to have left, if it has to be."""
        name, before = new_name(), self.departures()
        with self.leavers.leaver(self.errand(name, method, script, until, more=more), self.way) as leaver:
            leaver.there()
            self.road.simulator.reached(name, Milestone.HELD)
            leaver.leave()
            if is_found:
                eventually(lambda: self.departures() > before)
            self.road.simulator.release(name)
            got = leaver.got() if self.way is Way.HALF else b""
            row = self.road.row(name)
        return Seen(row, self.billed(name), self.departures() - before, got)

    def left_at_once(self, method: str, script: str, until: bytes) -> Seen:
        """It leaves by itself at the moment at which it has read this."""
        name, before = new_name(), self.departures()
        with self.leavers.leaver(self.errand(name, method, script, until, lingers=False), self.way) as leaver:
            leaver.gone()
            row = self.road.row(name)
        return Seen(row, self.billed(name), self.departures() - before)

    def billed(self, name: str) -> Entry:
        """The provider's own entry."""
        self.road.simulator.reached(name, Milestone.BILLED)
        (entry,) = self.road.simulator.bill.of(name)
        return entry
