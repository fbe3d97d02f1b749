"""Callers with sockets, many at once, that ask, listen and leave as a dice says. They know frames, and no SDK."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.end_to_end.live_sdks import IN_TEXT, ITEM, LIVE_MODEL, QUESTION, REALTIME_MODEL, RESPONSES_MODEL, SOUND
from tests.end_to_end.sdk_road import headers_of

Event = dict[str, Any]
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
PATIENCE_SECONDS = 20.0
FEWEST = 10
"""Pieces, one each 10 ms: a reset that follows an answer in less than 50 ms is taken for its loss too."""
CREDENTIAL = {"x-goog-api-key": "a-key"}
"""A session is gone on with by who has the same."""


class Manner(NamedTuple):
    """How a socket of one dialect is spoken on. The marks are pieces of JSON by which a message is known."""

    path: str
    opening: Sequence[Event]
    opened: str
    asking: Sequence[Event]
    piece: str
    end: str
    interrupting: Sequence[Event] = ()
    """Ends the answer that is being given."""


def _google(path: str, model: str, *, tells_handles: bool) -> Manner:
    config: Event = {"model": model, "generationConfig": {"responseModalities": ["TEXT"]}}
    setup = {"setup": {**config, "sessionResumption": {}} if tells_handles else config}
    turn = {"turns": [{"role": "user", "parts": [{"text": QUESTION}]}], "turnComplete": True}
    opened = '"newHandle"' if tells_handles else '"setupComplete"'
    return Manner(path, [setup], opened, [{"clientContent": turn}], '"modelTurn"', '"usageMetadata"')


def _openai(path: str, opening: Sequence[Event], opened: str, asking: Sequence[Event], **more: Any) -> Manner:
    return Manner(path, opening, opened, asking, '"response.output_text.delta"', '"response.completed"', **more)


GEMINI = "/gemini/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
VERTEX = "/vertex/ws/google.cloud.aiplatform.v1beta1.LlmBidiService/BidiGenerateContent"
PROJECT = "projects/a-project/locations/us-central1/publishers/google/models"
DELEGATION = {"type": "responses", "responses": {"model": RESPONSES_MODEL}}
CREATE = {"type": "response.create"}
CREATE_ITEM: Event = {"type": "conversation.item.create", "item": ITEM}
START: Event = {"type": "session.start", "session": {"model": "gpt-live-1", "delegation": DELEGATION}}
DELEGATED: Sequence[Event] = (
    {"type": "session.input_audio.append", "audio": SOUND},
    {"type": "response.item.create", "item": ITEM},
    CREATE,
)
MANNERS: Mapping[str, Manner] = {
    "gemini": _google(GEMINI, f"models/{LIVE_MODEL}", tells_handles=False),
    "gemini resumable": _google(GEMINI, f"models/{LIVE_MODEL}", tells_handles=True),
    "vertex": _google(VERTEX, f"{PROJECT}/{LIVE_MODEL}", tells_handles=False),
    "realtime": _openai(
        f"/openai/v1/realtime?model={REALTIME_MODEL}",
        [{"type": "session.update", "session": IN_TEXT}],
        '"session.updated"',
        [CREATE_ITEM, CREATE],
        interrupting=[{"type": "response.cancel"}],
    )._replace(end='"response.done"'),
    "responses": _openai("/openai/v1/responses", [], "", [{**CREATE, "model": RESPONSES_MODEL, "input": QUESTION}]),
    "live session": _openai("/openai/v1/live/sessions", [START], '"session.started"', DELEGATED),
}


class Visit(NamedTuple):
    """What one caller is going to do."""

    name: str
    manner: str
    scripts: Sequence[str]
    """One for each of its turns."""
    ending: str
    """`stays`, or leaves in its last turn: `closes`, `fin` or `rst`; `interrupts` ends that turn, and stays."""
    pieces: int
    """That it takes of its last turn before."""
    comes_back: bool = False
    """It has left, and goes on with its session at once."""

    @property
    def leaves(self) -> bool:
        """It leaves in the middle of an answer."""
        return self.ending in ("closes", "fin", "rst")

    @property
    def tags(self) -> list[str]:
        """What the provider calls its calls."""
        return [f"{self.name}/{nth}" for nth in range(1, len(self.scripts) + 1)]


def visits(dice: Random, count: int) -> list[Visit]:
    """So many, as the dice says."""
    return [_visit(dice, f"visit-{nth}") for nth in range(count)]


def _visit(dice: Random, name: str) -> Visit:
    manner = dice.choice(list(MANNERS))
    endings = ["stays", "closes", "fin", "rst", *(["interrupts"] if MANNERS[manner].interrupting else [])]
    ending, pieces = dice.choice(endings), dice.randint(FEWEST, 25)
    scripts = [_script(dice, manner) for _ in range(dice.randint(1, 4))]
    if ending != "stays":  # it stands behind all that is taken of it, so that leaving is leaving in its middle
        scripts[-1] = f"seconds=0.6 output=60 chunks=60 hold=30 on_close={dice.choice(['stops', 'runs_on'])}"
    of_session = ["seconds=0"] if manner == "live session" else []  # it is the socket's first call
    visit = Visit(name, manner, [*of_session, *scripts], ending, pieces)
    return visit._replace(comes_back=visit.leaves and manner == "gemini resumable" and dice.random() < 0.6)


def _script(dice: Random, manner: str) -> str:
    output = dice.randint(1, 40)
    late = " usage=late tail=0.02" if manner.startswith(("gemini", "vertex")) and dice.random() < 0.3 else ""
    thoughts = f" thoughts={dice.randint(0, 30)}" if manner != "realtime" else ""
    return f"seconds={dice.uniform(0, 0.2):.3f} output={output} chunks={dice.randint(1, output)}{thoughts}{late}"


async def make(proxy: str, visit: Visit) -> None:
    """Do it."""
    handle = await _visited(proxy, visit)
    if visit.comes_back:
        await _go_on(proxy, visit, handle)


async def _visited(proxy: str, visit: Visit) -> str:
    """The visit itself; the newest handle by which its session may be gone on with, empty for none."""
    manner = MANNERS[visit.manner]
    headers = {**headers_of(visit.name, ";".join(visit.scripts)), **CREDENTIAL}
    caller = await connect(f"ws{proxy.removeprefix('http')}{manner.path}", additional_headers=headers, proxy=None)
    talk = Talk(caller, manner)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await talk.say(manner.opening)
        await talk.listen(manner.opened)
        turns = len(visit.scripts) - (visit.manner == "live session")
        for nth in range(turns):
            await talk.say(manner.asking)
            if nth == turns - 1 and visit.ending != "stays":
                await talk.listen(manner.piece, visit.pieces)
                await _end(caller, talk, visit.ending)
            else:
                await talk.listen(manner.end)
        if visit.ending in ("stays", "interrupts"):
            await _part(caller, talk, visit)
    return talk.handle


async def _go_on(proxy: str, visit: Visit, handle: str) -> None:
    """Come back with a handle; ask for nothing."""
    manner = MANNERS[visit.manner]
    setup = {"setup": {**manner.opening[0]["setup"], "sessionResumption": {"handle": handle}}}
    headers = {**headers_of(f"{visit.name}-again"), **CREDENTIAL}
    url = f"ws{proxy.removeprefix('http')}{manner.path}"
    async with connect(url, additional_headers=headers, proxy=None) as caller:
        talk = Talk(caller, manner)
        await talk.say([setup])
        await talk.listen(manner.opened)


class Talk:
    """What is said and heard on one socket."""

    def __init__(self, caller: ClientConnection, manner: Manner) -> None:
        self._caller, self._manner = caller, manner
        self.handle = ""

    async def say(self, events: Sequence[Event]) -> None:
        """Send some messages."""
        for event in events:
            await self._caller.send(json.dumps(event))

    async def listen(self, mark: str, times: int = 1) -> None:
        """Hear messages up to the one with which a mark has come so often."""
        while mark and times:
            heard = str(await self._caller.recv(decode=True))
            times -= mark in heard
            if '"newHandle"' in heard:
                self.handle = json.loads(heard)["sessionResumptionUpdate"]["newHandle"]


async def _end(caller: ClientConnection, talk: Talk, ending: str) -> None:
    match ending:
        case "interrupts":
            await talk.say(MANNERS["realtime"].interrupting)
            await talk.listen(MANNERS["realtime"].end)
        case "closes":
            await caller.close()
        case _:
            if ending == "rst":
                line = caller.transport.get_extra_info("socket")
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            caller.transport.abort()
            with suppress(ConnectionClosed):
                await talk.listen("nothing more")


async def _part(caller: ClientConnection, talk: Talk, visit: Visit) -> None:
    """Leave in order, with nothing under way."""
    if visit.manner == "live session":
        await talk.say([{"type": "session.close"}])
        await talk.listen('"session.closed"')
    await caller.close()
