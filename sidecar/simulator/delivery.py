"""How an answer reaches its caller: whole when the work is done, or step by step while it goes on.

Both ways listen to one inbox, into which the work puts its end and, for a stream, each step it makes, and the watch on the
connection puts that the caller has left. What is written is the dialect's affair (`speech.py`).
"""

import asyncio
from enum import Enum, auto

from sidecar.simulator.bill import Finished
from sidecar.simulator.declined import FAILED
from sidecar.simulator.plan import Plan
from sidecar.simulator.reply import Reply
from sidecar.simulator.script import Failing, Framing
from sidecar.simulator.speech import Speech
from sidecar.simulator.work import Work


class Signal(Enum):
    """What can be in the inbox besides the number of a step."""

    ENDED = auto()
    """The work has ended; `Work.finished_how` says how."""
    LEFT = auto()
    """The caller has left; there is nobody to write to."""


Inbox = asyncio.Queue[int | Signal]


async def deliver(plan: Plan, speech: Speech, work: Work, inbox: Inbox, reply: Reply) -> None:
    """Write the reply as the work makes it; return when it is written, broken off, or the caller has left."""
    if plan.is_stream:
        await StreamDelivery(plan, speech, work, inbox, reply).run()
    else:
        await _deliver_whole(plan, speech, work, inbox, reply)


async def _deliver_whole(plan: Plan, speech: Speech, work: Work, inbox: Inbox, reply: Reply) -> None:
    if await inbox.get() is Signal.LEFT:
        return
    declined = plan.declined or (FAILED if is_answered_500(plan, work) else None)
    if declined is not None:
        reply.add(speech.headers())
        await reply.whole(declined.status, speech.document_type, speech.refusal(declined))
    elif work.finished_how is Finished.COMPLETED:
        reply.add(speech.headers())
        with_length = plan.script.framing is Framing.LENGTH
        await reply.whole(200, speech.document_type, speech.whole(), with_length=with_length)
    else:
        reply.break_off()


def is_answered_500(plan: Plan, work: Work) -> bool:
    """The failure is told in a status, which costs the caller nothing, and not in the middle of an answer."""
    failed = work.finished_how is Finished.FAILED
    return failed and not plan.is_stream and plan.script.fail_with is Failing.ERROR


class StreamDelivery:
    """Writes what the dialect has to say of each step, as it is made."""

    def __init__(self, plan: Plan, speech: Speech, work: Work, inbox: Inbox, reply: Reply) -> None:
        self._plan, self._speech, self._work, self._inbox, self._reply = plan, speech, work, inbox, reply
        self._has_begun = False

    async def run(self) -> None:
        """Write pieces until the work has ended, and then the end that belongs to how it ended."""
        while (event := await self._inbox.get()) is not Signal.ENDED:
            if event is Signal.LEFT:
                return
            await self._write(self._speech.piece(event))
        if self._work.finished_how is Finished.COMPLETED:
            await self._finish()
        else:
            await self._fail()

    async def _finish(self) -> None:
        if await self._caller_leaves_within(self._plan.script.tail):
            return
        await self._end(self._speech.closing())

    async def _fail(self) -> None:
        how = self._plan.script.fail_with
        if self._work.finished_how is Finished.STOPPED or how is Failing.ABORT:
            self._reply.break_off()
            return
        await self._end(self._speech.failure() if how is Failing.ERROR else b"")

    async def _caller_leaves_within(self, seconds: float) -> bool:
        """Wait; the only thing that can still come in is that the caller has left."""
        if not seconds:
            return False
        try:
            await asyncio.wait_for(self._inbox.get(), seconds)
        except TimeoutError:
            return False
        return True

    async def _write(self, piece: bytes) -> None:
        if piece:
            await self._begin()
            await self._reply.write(piece)

    async def _end(self, piece: bytes) -> None:
        await self._write(piece)
        await self._begin()
        await self._reply.end(self._speech.trailer())

    async def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            self._reply.add(self._speech.headers())
            await self._reply.start(200, self._speech.stream_type)
