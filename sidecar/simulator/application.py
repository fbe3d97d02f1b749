"""What happens to each request: a call, a question about models, a question at the desk, or 404. A raw ASGI application."""

import asyncio
from typing import Any

from sidecar.clock import Clock
from sidecar.simulator.bill import Bill
from sidecar.simulator.catalog import LISTED, models_listed
from sidecar.simulator.connection import transport_of
from sidecar.simulator.declined import Declined, pretty
from sidecar.simulator.desk import PREFIX, Desk
from sidecar.simulator.exchange import Exchange
from sidecar.simulator.milestones import Milestone, Milestones
from sidecar.simulator.planning import plan_call
from sidecar.simulator.reply import Reply
from sidecar.simulator.request import Message, Receive, Request, Send, read_request
from sidecar.simulator.routes import Route, listed_model, lister_of, route_of
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import JSON


class Application:
    """The provider without its socket."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._received = 0
        self._under_way: set[Exchange] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self.bill = Bill()
        self.told = Milestones()
        self.desk = Desk(self.bill, self.told, self._under_way, self.settled)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; return when it is over for both sides."""
        request = await read_request(scope, receive, self._clock)
        if request is None:
            return  # it was never whole: nothing was asked of us
        route = route_of(request.method, request.path)
        transport = transport_of(scope)
        if route is not None:
            await self._call(route, request, receive, send, transport)
            return
        question = asyncio.create_task(self._question(request))
        gone = asyncio.ensure_future(receive())
        await asyncio.wait((question, gone), return_when=asyncio.FIRST_COMPLETED)
        if question.cancel():
            return  # whoever waited for a milestone does so no longer
        status, answer = question.result()
        await Reply(request, send, transport, self._clock).whole(status, JSON, pretty(answer), with_length=True)
        await gone

    async def settled(self) -> None:
        """Return when no call is under way: every request read whole so far has its entry on the bill."""
        await self._idle.wait()

    def stop_work(self) -> None:
        """End all work now; what is made so far is charged."""
        for exchange in self._under_way:
            exchange.stop()

    async def _call(
        self, route: Route, request: Request, receive: Receive, send: Send, transport: asyncio.Transport
    ) -> None:
        self._received += 1
        plan = plan_call(route, request, self._settings)
        reply = Reply(request, send, transport, self._clock, lambda: self.told.reach(request.tag, Milestone.FIRST_BYTE))
        exchange = Exchange(self._received, plan, request, reply, self._clock, self.told)
        self._under_way.add(exchange)
        self._idle.clear()
        try:
            await exchange.run(receive, self.bill)
        finally:
            self._under_way.discard(exchange)
            if not self._under_way:
                self._idle.set()

    async def _question(self, request: Request) -> tuple[int, dict[str, Any]]:
        try:
            if request.path.startswith(PREFIX):
                return 200, await self.desk.answer(request)
            return 200, self._models(request)
        except Declined as declined:
            return declined.status, declined.as_object()

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
