"""One answer in a socket, from the message that asks for it to its entry on the bill: what `exchange.py` is to a request."""

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from decimal import Decimal

from sidecar.clock import Clock, Moment
from sidecar.simulator.bill import Bill, Entry, Finished
from sidecar.simulator.conversation import Ask, Conversation, Planned
from sidecar.simulator.delivery import Inbox, Signal
from sidecar.simulator.live_connection import Closing, Line, Word
from sidecar.simulator.milestones import Milestone, Milestones
from sidecar.simulator.prices import Used, usd
from sidecar.simulator.request import Request
from sidecar.simulator.script import Failing, OnClose
from sidecar.simulator.speech import Naming
from sidecar.simulator.work import Work

SWITCHED = 101
"""HTTP status of every answer that was not declined: that of the handshake."""


class LiveTurn:
    """The work on an answer and its delivery, each going its own way; whoever has the socket says when the caller has left."""

    def __init__(
        self,
        number: int,
        ask: Ask,
        request: Request,
        conversation: Conversation,
        line: Line,
        clock: Clock,
        told: Milestones,
    ) -> None:
        self._number, self._ask, self._request = number, ask, request
        self._conversation, self._line, self._clock, self._told = conversation, line, clock, told
        self._inbox: Inbox = asyncio.Queue()
        self._planned: Planned | None = None
        self._work: Work | None = None
        self._has_left = asyncio.Event()
        self._left_at: Moment | None = None
        self._first_byte_at: Moment | None = None
        self._is_over = self._is_interrupted = False
        self._length, self._digest = 0, hashlib.sha256()
        told.reach(self.tag, Milestone.RECEIVED)

    @property
    def tag(self) -> str:
        """What the caller calls this answer."""
        return self._request.tag

    def begin(self) -> None:
        """Begin to work on it, unless the caller has left before its turn came."""
        if self._planned is not None or self._has_left.is_set():
            return
        naming = Naming(self._number, self._request.received_at)
        self._planned = self._conversation.begin(self._ask, self._request, naming)
        self._work = Work(self._planned.plan, self._clock, self._hear)
        self._work.begin()

    async def run(self, bill: Bill) -> None:
        """Deliver; return when it is over for both sides and on the bill. What has not begun is not billed."""
        planned, work = self._planned, self._work
        if planned is None or work is None:
            return
        await self._deliver(planned, work)
        await work.over()
        if not self._is_over:
            await self._has_left.wait()
        bill.add(self._entry(planned, work, planned.used_after(work.made)))
        self._told.reach(self.tag, Milestone.BILLED)

    def left(self) -> None:
        """The caller has closed its socket, or lost it."""
        self._has_left.set()
        if self._is_over or self._work is None:
            return
        self._left_at = self._clock.now()
        self._told.reach(self.tag, Milestone.CALLER_LEFT)
        self._inbox.put_nowait(Signal.LEFT)
        script = self._work.plan.script
        if script.on_close is OnClose.STOPS:
            asyncio.get_running_loop().call_later(script.linger, self._work.stop)

    def interrupt(self) -> None:
        """Say no more of it; what is made so far is charged."""
        self._is_interrupted = True
        self.stop()

    def release(self) -> None:
        """Let work go on that is held."""
        if self._work is not None:
            self._work.release()

    def stop(self) -> None:
        """End the work now; what is made so far is charged."""
        if self._work is not None:
            self._work.stop()

    def _hear(self, step: int | None) -> None:
        """The work has made a step, or ended."""
        assert self._work is not None
        if step is None:
            self._told.reach(self.tag, Milestone.FINISHED)
            self._inbox.put_nowait(Signal.ENDED)
            return
        if step == self._work.plan.script.hold:
            self._told.reach(self.tag, Milestone.HELD)
        self._inbox.put_nowait(step)

    async def _deliver(self, planned: Planned, work: Work) -> None:
        plan, speech = planned.plan, planned.speech
        while (event := await self._inbox.get()) is not Signal.ENDED:
            if event is Signal.LEFT:
                return
            if plan.declined is None:
                await self._say(speech.piece(event))
        if plan.declined is not None:
            await self._end(planned, work, speech.refusal(plan.declined))
        elif self._is_interrupted:
            await self._end(planned, work, speech.interrupted(work.made))
        elif work.finished_how is not Finished.COMPLETED:
            await self._fail(planned, work)
        elif not await self._leaves_within(plan.script.tail):
            await self._end(planned, work, speech.closing())

    async def _fail(self, planned: Planned, work: Work) -> None:
        how = planned.plan.script.fail_with
        if work.finished_how is Finished.STOPPED or how is Failing.ABORT:
            self._is_over = True
            self._line.break_off()
        else:
            await self._end(planned, work, planned.speech.failure() if how is Failing.ERROR else [Closing()])

    async def _leaves_within(self, seconds: float) -> bool:
        if not seconds:
            return False
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._has_left.wait(), seconds)
        return self._has_left.is_set()

    async def _say(self, words: Sequence[Word]) -> None:
        for word in words:
            if await self._line.say(word):
                self._said(word)

    async def _end(self, planned: Planned, work: Work, words: Sequence[Word]) -> None:
        """Say the last words of it, and what is said behind them. Who has the last one may ask again: it has ended by then."""
        *before, last = words
        await self._say(before)
        after = self._conversation.ended(planned, planned.used_after(work.made))
        self._is_over = await self._line.say_last(last)
        if self._is_over:
            self._said(last)
        for word in after:
            await self._line.say(word)

    def _said(self, word: Word) -> None:
        if self._first_byte_at is None:
            self._first_byte_at = self._clock.now()
            self._told.reach(self.tag, Milestone.FIRST_BYTE)
        if isinstance(word, bytes):
            self._length += len(word)
            self._digest.update(word)

    def _entry(self, planned: Planned, work: Work, used: Used) -> Entry:
        plan, request = planned.plan, self._request
        how = Finished.CANCELLED if self._is_interrupted else work.finished_how
        return Entry(
            number=self._number,
            id=self.tag,
            dialect=plan.route.dialect,
            method=plan.route.method,
            model=plan.route.model,
            kind="live",
            received_at=request.received_at,
            first_byte_at=self._first_byte_at,
            caller_left_at=self._left_at,
            finished_at=work.finished_at,
            finished_how=Finished.FAILED if plan.declined else how,
            http_status=plan.declined.status if plan.declined else SWITCHED,
            is_billable=plan.is_billable,
            usage=used.counts(),
            usd=usd(plan.model.price, used) if plan.is_billable else Decimal(0),
            request_bytes=request.length,
            request_sha256=request.sha256,
            reply_bytes=self._length,
            reply_sha256=self._digest.hexdigest(),
        )
