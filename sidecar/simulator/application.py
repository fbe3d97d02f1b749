"""What happens to each request: a call, something about an operation, a question about models, one at the desk, or 404.

A socket is served elsewhere (`live_sockets.py`). A raw ASGI application.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from sidecar.clock import Clock
from sidecar.simulator.bill import Bill
from sidecar.simulator.catalog import LISTED, models_listed
from sidecar.simulator.connection import transport_of
from sidecar.simulator.declined import Declined, pretty
from sidecar.simulator.desk import PREFIX, Desk
from sidecar.simulator.exchange import Exchange
from sidecar.simulator.keys import Keys, credential_of, digest_of
from sidecar.simulator.live_sockets import LiveSockets
from sidecar.simulator.milestones import Milestone, Milestones
from sidecar.simulator.operation_exchange import OperationExchange
from sidecar.simulator.operation_routes import Asking, Verb, asking_of
from sidecar.simulator.operations import Kept, Operations
from sidecar.simulator.plan import Plan
from sidecar.simulator.planning import declining, plan_call
from sidecar.simulator.refusals import refusal
from sidecar.simulator.reply import Reply
from sidecar.simulator.request import Message, Receive, Request, Send, read_request
from sidecar.simulator.routes import Route, listed_model, lister_of, route_of
from sidecar.simulator.script import Script
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import JSON
from sidecar.simulator.under_way import UnderWay
from sidecar.simulator.undertaking import Undertaking


class Application:
    """The provider without its socket."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._under_way = UnderWay()
        self.bill = Bill()
        self.told = Milestones()
        self.keys = Keys(settings.keys)
        self.operations = Operations(clock, self.bill, self.told)
        self.desk = Desk(self.bill, self.told, self.operations, self._under_way)
        self._sockets = LiveSockets(settings, clock, self.bill, self.told, self.keys, self._under_way)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one socket; return when it is over for both sides."""
        if scope["type"] == "websocket":
            await self._sockets.serve(scope, receive, send)
            return
        request = await read_request(scope, receive, self._clock)
        if request is None:
            return  # it was never whole: nothing was asked of us
        reply = Reply(
            request, send, transport_of(scope), self._clock, lambda: self.told.reach(request.tag, Milestone.FIRST_BYTE)
        )
        if (asking := asking_of(request)) is not None:
            await self._operation(asking, request, receive, reply)
        elif (route := route_of(request.method, request.path)) is not None:
            await self._exchange(self._planned(route, request), request, receive, reply)
        else:
            await self._question(request, receive, reply)

    async def settled(self) -> None:
        """Return when no call is under way: every request read whole so far has its entry on the bill. Operations may be."""
        await self._under_way.settled()

    def stop_work(self) -> None:
        """End all work now; what is made so far is charged."""
        self._under_way.stop()
        self.operations.stop_work()

    def _planned(self, route: Route, request: Request) -> Plan:
        try:
            self.keys.check(request)
        except Declined as declined:
            return declining(route, Script(), declined)
        return plan_call(route, request, self._settings)

    async def _exchange(self, plan: Plan, request: Request, receive: Receive, reply: Reply) -> None:
        exchange = Exchange(self._under_way.number(), plan, request, reply, self._clock, self.told)
        self._under_way.add(exchange)
        try:
            await exchange.run(receive, self.bill)
        finally:
            self._under_way.discard(exchange)

    async def _operation(self, asking: Asking, request: Request, receive: Receive, reply: Reply) -> None:
        exchange = OperationExchange(asking, request, reply, self.operations)
        if asking.verb is Verb.CREATE:
            undertaking = self._undertaken(asking, request)
            if undertaking.plan.declined is not None:
                await self._exchange(undertaking.plan, request, receive, reply)
                self.operations.declined(request, digest_of(credential_of(request)), reply.http_status)
                return
            await self._create(exchange, exchange.begin(self._under_way.number(), undertaking), receive, reply)
            return
        try:
            self.keys.check(request)
        except Declined as declined:
            await exchange.decline(declined)
            return
        await _unless_left(exchange.answer(), receive)

    def _undertaken(self, asking: Asking, request: Request) -> Undertaking:
        try:
            self.keys.check(request)
        except Declined as declined:
            return Undertaking(kind=asking.family.kind, plan=declining(asking.route, Script(), declined))
        return asking.family.plan(asking.route, request, self._settings)

    async def _create(self, exchange: OperationExchange, kept: Kept, receive: Receive, reply: Reply) -> None:
        await _unless_left(exchange.answer_create(kept), receive)
        if not reply.is_over:
            kept.caller_left_at = self._clock.now()
            self.told.reach(kept.opening.request.tag, Milestone.CALLER_LEFT)
        self.operations.answered(kept)

    async def _question(self, request: Request, receive: Receive, reply: Reply) -> None:
        async def answered() -> None:
            status, answer = await self._answer(request)
            await reply.whole(status, JSON, pretty(answer), with_length=True)

        await _unless_left(answered(), receive)  # whoever waited for a milestone may do so no longer

    async def _answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        try:
            if request.path.startswith(PREFIX):
                return 200, await self.desk.answer(request)
            self.keys.check(request)
            return 200, self._models(request)
        except Declined as declined:
            return declined.status, refusal(lister_of(request.path, request.headers), declined)

    def _models(self, request: Request) -> dict[str, Any]:
        name = listed_model(request.method, request.path)
        catalog = self._settings.catalog
        dialect = lister_of(request.path, request.headers)
        if name == "":
            return models_listed(dialect, catalog)
        if name is None or name not in catalog:
            raise Declined(404, f"{request.method} {request.path} was not found.")
        _, describe = LISTED[dialect]
        return describe(catalog[name])


async def _unless_left(answer: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Answer, or stop answering when the caller leaves."""
    answering = asyncio.create_task(answer)
    gone = asyncio.ensure_future(receive())
    await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
    if answering.cancel():
        with contextlib.suppress(asyncio.CancelledError):
            await answering
        return
    answering.result()
    await gone
