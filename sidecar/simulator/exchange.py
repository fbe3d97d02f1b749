"""One call from the request's last byte to its entry on the bill."""

import asyncio
from decimal import Decimal

from sidecar.clock import Clock, Moment
from sidecar.simulator.bill import Bill, Entry, Finished
from sidecar.simulator.delivery import Inbox, Signal, deliver, is_answered_500
from sidecar.simulator.milestones import Milestone, Milestones
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import usd
from sidecar.simulator.reply import Reply
from sidecar.simulator.request import Receive, Request
from sidecar.simulator.script import OnClose
from sidecar.simulator.speech import Naming
from sidecar.simulator.speeches import speech_of
from sidecar.simulator.work import Work


class Exchange:
    """The work on a call, its delivery, and a watch on the caller, each going its own way; and in the end what is charged."""

    def __init__(self, number: int, plan: Plan, request: Request, reply: Reply, clock: Clock, told: Milestones) -> None:
        self._number, self._plan, self._request, self._reply = number, plan, request, reply
        self._clock, self._told = clock, told
        self._inbox: Inbox = asyncio.Queue()
        self._work = Work(plan, clock, self._hear)
        self._left_at: Moment | None = None

    @property
    def tag(self) -> str:
        """What the caller calls this call."""
        return self._request.tag

    async def run(self, receive: Receive, bill: Bill) -> None:
        """Work, deliver, watch; return when the call is over for both sides and on the bill."""
        self._told.reach(self.tag, Milestone.RECEIVED)
        self._work.begin()
        watch = asyncio.create_task(self._watch(receive))
        if self._plan.script.gzip and self._request.takes_gzip and self._plan.declined is None:
            self._reply.compress()
        speech = speech_of(self._plan, Naming(self._number, self._request.received_at))
        await deliver(self._plan, speech, self._work, self._inbox, self._reply)
        await self._work.over()
        await watch
        bill.add(self._entry())
        self._told.reach(self.tag, Milestone.BILLED)

    def release(self) -> None:
        """Let work go on that is held."""
        self._work.release()

    def stop(self) -> None:
        """End the work now; what is made so far is charged."""
        self._work.stop()

    def _hear(self, step: int | None) -> None:
        """The work has made a step, or ended."""
        if step is None:
            self._told.reach(self.tag, Milestone.FINISHED)
            self._inbox.put_nowait(Signal.ENDED)
            return
        if step == self._plan.script.hold:
            self._told.reach(self.tag, Milestone.HELD)
        if self._plan.is_stream:  # nobody else has a use for steps
            self._inbox.put_nowait(step)

    async def _watch(self, receive: Receive) -> None:
        """Wait for the end of the connection, or of the reply: uvicorn reports both in the same words."""
        while (await receive())["type"] != "http.disconnect":
            pass
        if self._reply.is_over:
            return
        self._left_at = self._clock.now()
        self._told.reach(self.tag, Milestone.CALLER_LEFT)
        self._inbox.put_nowait(Signal.LEFT)
        if self._plan.script.on_close is OnClose.STOPS:
            asyncio.get_running_loop().call_later(self._plan.script.linger, self._work.stop)

    def _entry(self) -> Entry:
        plan, request, reply, work = self._plan, self._request, self._reply, self._work
        used = plan.used_after(work.made)
        is_billable = plan.is_billable and not is_answered_500(plan, work)
        return Entry(
            number=self._number,
            id=self.tag,
            dialect=plan.route.dialect,
            method=plan.route.method,
            model=plan.route.model,
            kind="stream" if plan.route.is_stream else "unary",
            received_at=request.received_at,
            first_byte_at=reply.first_byte_at,
            caller_left_at=self._left_at,
            finished_at=work.finished_at,
            finished_how=Finished.FAILED if plan.declined else work.finished_how,
            http_status=reply.http_status,
            is_billable=is_billable,
            usage=used.counts(),
            usd=usd(plan.model.price, used) if is_billable else Decimal(0),
            request_bytes=request.length,
            request_sha256=request.sha256,
            reply_bytes=reply.length,
            reply_sha256=reply.sha256,
        )
