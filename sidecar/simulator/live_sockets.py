"""Sockets that carry many calls: the handshake, and what becomes of each (`conversation.py` says what its messages mean)."""

import asyncio
import hashlib
from typing import Any

import msgspec

from sidecar.clock import Clock
from sidecar.simulator.bill import Bill
from sidecar.simulator.conversation import Ask, Command, Conversation, Finish, Interrupt, Say
from sidecar.simulator.declined import Declined
from sidecar.simulator.keys import Keys
from sidecar.simulator.live_connection import Line
from sidecar.simulator.live_routes import LiveRoute, converse, live_route_of
from sidecar.simulator.live_turn import LiveTurn
from sidecar.simulator.milestones import Milestone, Milestones
from sidecar.simulator.refusals import refusal
from sidecar.simulator.request import Message, Receive, Request, Send, request_of
from sidecar.simulator.resumption import Sessions
from sidecar.simulator.routes import dialect_of
from sidecar.simulator.settings import Settings
from sidecar.simulator.speech import json_line
from sidecar.simulator.under_way import UnderWay


class LiveSockets:
    """Serves every socket of one simulator."""

    def __init__(
        self, settings: Settings, clock: Clock, bill: Bill, told: Milestones, keys: Keys, under_way: UnderWay
    ) -> None:
        self._settings, self._clock, self._keys = settings, clock, keys
        self.bill, self.told, self.under_way = bill, told, under_way
        self._sessions = Sessions()

    async def serve(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one socket; return when it is over for both sides, and its calls too."""
        handshake = request_of(scope, "", 0, None, self._clock.now())
        line = Line(scope, receive, send)
        try:
            route = self._route(handshake)
        except Declined as declined:
            dialect = dialect_of(handshake.path)
            await line.refuse(declined, json_line(refusal(dialect, declined)))
            return
        conversation = converse(route, self._settings, self._sessions)
        line.is_text = conversation.is_text
        self.told.reach(handshake.tag, Milestone.RECEIVED)
        await LiveSession(await line.accept(), conversation, handshake, self._clock, self).run()
        self.told.reach(handshake.tag, Milestone.BILLED)

    def _route(self, handshake: Request) -> LiveRoute:
        self._keys.check(handshake)
        route = live_route_of(handshake.path, handshake.query)
        if route is None:
            raise Declined(404, f"{handshake.path} was not found.")
        return route


class LiveSession:
    """One socket that was accepted."""

    def __init__(
        self, line: Line, conversation: Conversation, handshake: Request, clock: Clock, house: LiveSockets
    ) -> None:
        self._line, self._conversation, self._handshake = line, conversation, handshake
        self._clock, self._house = clock, house
        self._scripts = handshake.headers.get("x-simulator", "").split(";")
        self._turns: list[LiveTurn] = []
        self._newest: dict[str, tuple[LiveTurn, asyncio.Task[None]]] = {}
        """The last turn of each lane."""
        self._length, self._digest = 0, hashlib.sha256()

    async def run(self) -> None:
        """Listen until the socket ends, and wait for what is still being worked on."""
        for word in self._conversation.opening():
            await self._line.say(word)
        while (message := await self._line.hear()) is not None:
            self._length += len(message)
            self._digest.update(message)
            for command in self._conversation.hear(message):
                await self._do(command)
        if not self._line.was_ended_by_us:
            self._house.told.reach(self._handshake.tag, Milestone.CALLER_LEFT)
        for turn in self._turns:
            turn.left()
        await asyncio.gather(*(task for _, task in self._newest.values()))

    async def _do(self, command: Command) -> None:
        match command:
            case Say(words):
                for word in words:
                    await self._line.say(word)
            case Interrupt(lane) if lane in self._newest:
                self._newest[lane][0].interrupt()
            case Finish(lane) if lane in self._newest:
                self._newest[lane][0].release()
            case Ask():
                self._begin(command)

    def _begin(self, ask: Ask) -> None:
        turn = LiveTurn(
            self._house.under_way.number(),
            ask,
            self._request(ask),
            self._conversation,
            self._line,
            self._clock,
            self._house.told,
        )
        self._turns.append(turn)
        _, before = self._newest.get(ask.lane, (None, None))
        if before is None or before.done():
            turn.begin()  # at once: a caller that asks and leaves in one breath has asked
        self._house.under_way.add(turn)
        self._newest[ask.lane] = turn, asyncio.create_task(self._run(turn, before))

    async def _run(self, turn: LiveTurn, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait((before,))
            turn.begin()
            await turn.run(self._house.bill)
        finally:
            self._house.under_way.discard(turn)

    def _request(self, ask: Ask) -> Request:
        """The handshake with what was said since the turn before, and with the script of this one."""
        nth = len(self._turns)
        script = self._scripts[min(nth, len(self._scripts) - 1)]
        tag = f"{self._handshake.tag}/{nth + 1}" if self._handshake.tag else ""
        said: dict[str, Any] = {"length": self._length, "sha256": self._digest.hexdigest()}
        self._length, self._digest = 0, hashlib.sha256()
        headers = {**self._handshake.headers, "x-simulator": script, "x-simulator-call": tag}
        return msgspec.structs.replace(
            self._handshake, **said, headers=headers, held=ask.body, received_at=self._clock.now()
        )
