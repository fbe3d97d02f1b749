"""How an answer reaches its caller: whole when the work is done, or step by step while it goes on.

Both ways listen to one inbox, into which the work puts its end and, for a stream, each step it makes, and the watch on the
connection puts that the caller has left.
"""

import asyncio
from enum import Enum, auto

from sidecar.simulator.bill import Finished
from sidecar.simulator.content import Naming, failure, frame, late_usage
from sidecar.simulator.declined import one_line, pretty
from sidecar.simulator.plan import Plan
from sidecar.simulator.reply import Reply
from sidecar.simulator.script import Failing, Framing, ReportsUsage
from sidecar.simulator.whole_replies import reply_of
from sidecar.simulator.work import Work

JSON = "application/json; charset=UTF-8"
EVENTS = "text/event-stream"


class Signal(Enum):
    """What can be in the inbox besides the number of a step."""

    ENDED = auto()
    """The work has ended; `Work.finished_how` says how."""
    LEFT = auto()
    """The caller has left; there is nobody to write to."""


Inbox = asyncio.Queue[int | Signal]


async def deliver(plan: Plan, naming: Naming, work: Work, inbox: Inbox, reply: Reply, *, as_events: bool) -> None:
    """Write the reply as the work makes it; return when it is written, broken off, or the caller has left."""
    if plan.is_stream:
        await StreamDelivery(plan, naming, work, inbox, reply, as_events=as_events).run()
    else:
        await _deliver_whole(plan, naming, work, inbox, reply)


async def _deliver_whole(plan: Plan, naming: Naming, work: Work, inbox: Inbox, reply: Reply) -> None:
    if await inbox.get() is Signal.LEFT:
        return
    if plan.declined is not None:
        await reply.whole(plan.declined.status, JSON, pretty(plan.declined.as_object()))
    elif work.finished_how is Finished.COMPLETED:
        with_length = plan.script.framing is Framing.LENGTH
        await reply.whole(200, JSON, pretty(reply_of(plan, naming)), with_length=with_length)
    elif is_answered_500(plan, work):
        await reply.whole(500, JSON, pretty(failure()))
    else:
        reply.break_off()


def is_answered_500(plan: Plan, work: Work) -> bool:
    """The failure is told in a status, which costs the caller nothing, and not in the middle of an answer."""
    failed = work.finished_how is Finished.FAILED
    return failed and not plan.is_stream and plan.script.fail_with is Failing.ERROR


class StreamDelivery:
    """Writes frames as server-sent events, or as the elements of one JSON array when the request lacks `alt=sse`."""

    def __init__(self, plan: Plan, naming: Naming, work: Work, inbox: Inbox, reply: Reply, *, as_events: bool) -> None:
        self._plan, self._naming, self._work, self._inbox, self._reply = plan, naming, work, inbox, reply
        self._as_events = as_events
        self._frames = 0

    async def run(self) -> None:
        """Write frames until the work has ended, and then the end that belongs to how it ended."""
        while (event := await self._inbox.get()) is not Signal.ENDED:
            if event is Signal.LEFT:
                return
            if event > 0:  # nothing is shown of step 0, the end of thinking
                await self._write(frame(self._plan, self._naming, event))
        if self._work.finished_how is Finished.COMPLETED:
            await self._finish()
        else:
            await self._fail()

    async def _finish(self) -> None:
        if await self._caller_leaves_within(self._plan.script.tail):
            return
        if self._plan.script.usage is ReportsUsage.LATE:
            await self._write(late_usage(self._plan, self._naming))
        await self._end()

    async def _fail(self) -> None:
        how = self._plan.script.fail_with
        if self._work.finished_how is Finished.STOPPED or how is Failing.ABORT:
            self._reply.break_off()
            return
        if how is Failing.ERROR:
            await self._write(failure())
        await self._end()

    async def _caller_leaves_within(self, seconds: float) -> bool:
        """Wait; the only thing that can still come in is that the caller has left."""
        if not seconds:
            return False
        try:
            await asyncio.wait_for(self._inbox.get(), seconds)
        except TimeoutError:
            return False
        return True

    async def _write(self, content: dict[str, object]) -> None:
        if not self._frames:
            await self._reply.start(200, EVENTS if self._as_events else JSON)
        await self._reply.write(self._framed(content))
        self._frames += 1

    def _framed(self, content: dict[str, object]) -> bytes:
        if self._as_events:
            return b"data: " + one_line(content) + b"\r\n\r\n"
        return (b",\r\n" if self._frames else b"[") + pretty(content)

    async def _end(self) -> None:
        if not self._frames:
            await self._reply.start(200, EVENTS if self._as_events else JSON)
        if self._as_events:
            await self._reply.end()
        else:
            await self._reply.end(b"]\n" if self._frames else b"[]\n")
