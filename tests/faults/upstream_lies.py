"""A provider that says what is not so: of the length of its answer, of its end, and of whose turn it is."""

import asyncio
import re
from collections.abc import Callable
from functools import partial
from typing import Final

from tests.faults.answers import Answer
from tests.faults.raw_provider import Turn
from tests.faults.scene import Scene
from tests.faults.together import Acted
from tests.faults.wire import Ending, Heard, Kind

SURPLUS_BODY: Final = b'{"this was": "nobody asked for it"}'
SURPLUS: Final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(SURPLUS_BODY), SURPLUS_BODY)
LENGTH: Final = re.compile(rb"(?i)(?<=content-length: )[0-9]+")
UPLOAD: Final = b'{"contents":[{"parts":[{"text":"' + b"x" * 8_000_000 + b'"}]}]}'
EARLY: Final = b'HTTP/1.1 413 Content Too Large\r\nContent-Length: 18\r\n\r\n{"error": "large"}'

Lie = Callable[[Answer], bytes]


def _said(answer: Answer, more: int) -> bytes:
    """The answer with another length in its head."""
    return LENGTH.sub(lambda found: b"%d" % (int(found[0]) + more), answer.head) + answer.framed


def _with_field(answer: Answer, line: bytes) -> bytes:
    return answer.head[:-2] + line + b"\r\n\r\n" + answer.framed


LIES: Final[dict[str, tuple[Kind, Lie]]] = {
    "longer than it is": (Kind.UNARY, lambda answer: _said(answer, 10)),
    "much longer than it is": (Kind.UNARY, lambda answer: _said(answer, 2**40)),
    "longer than any number": (Kind.UNARY, lambda answer: _said(answer, 2**70)),
    "compressed, and longer than it is": (Kind.GZIP, lambda answer: _said(answer, 10)),
    "two lengths": (Kind.UNARY, lambda answer: _with_field(answer, b"Content-Length: 7")),
    "a length and chunks": (Kind.STREAM, lambda answer: _with_field(answer, b"Content-Length: 7")),
    "chunks that are none": (Kind.UNARY, lambda answer: _with_field(answer, b"Transfer-Encoding: chunked")),
    "a length below zero": (Kind.UNARY, lambda answer: LENGTH.sub(b"-1", answer.head) + answer.framed),
    "chunk longer than it is": (Kind.STREAM, lambda answer: answer.raw.replace(b"\r\n0\r\n\r\n", b"\r\nff\r\n", 1)),
    "chunk shorter than it is": (
        Kind.STREAM,
        lambda answer: answer.head + b"5" + answer.framed[answer.framed.index(b"\r\n") :],
    ),
    "no chunk behind the last": (Kind.STREAM, lambda answer: answer.raw.replace(b"\r\n0\r\n\r\n", b"\r\n", 1)),
    "a head that is none": (Kind.UNARY, lambda answer: b"\x00" + answer.raw),
}


async def lies(scene: Scene) -> Acted:
    """What can't be true breaks the answer."""
    lost = await scene.each([partial(_lie, scene, name) for name in LIES])
    lost += await _shorter(scene)
    return Acted(len(LIES) + 1, lost, recovered_seconds=await scene.recovered("lies about its length: again"))


async def _lie(scene: Scene, which: str) -> list[str]:
    name, (kind, lie) = f"lies about its length: {which}", LIES[which]

    async def play(turn: Turn) -> None:
        await turn.whole()
        await turn.send(lie(scene.answers[kind]))
        await asyncio.sleep(0.1)
        turn.close()

    heard = await scene.ask(name, play, kind=kind)
    found = scene.untrue(name, heard)
    return (
        [*found, f"{name}: the caller takes it for whole"]
        if heard.ending is Ending.WHOLE and heard.status == 200
        else found
    )


async def _shorter(scene: Scene) -> list[str]:
    """A length below what is sent: that much is the answer, and the rest is given to nobody."""
    name, answer = "lies about its length: shorter than it is", scene.answers[Kind.UNARY]
    heard = await scene.ask(name, scene.sends(_said(answer, -10)))
    return [] if heard == Heard(Ending.WHOLE, 200, answer.body[:-10]) else [f"{name}: {heard.status}, {heard.ending}"]


async def surplus(scene: Scene) -> Acted:
    """An answer too many, at once or a little later, and the next call on that connection as soon as it was sent.

    One that is sent when the next request is out already can't be told from the answer to that, by nobody.
    """
    delays = scene.stage.some([0.0, 0.0, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02] * 25, 8)
    lost = [found for number, delay in enumerate(delays) for found in await _surplus(scene, number, delay)]
    return Acted(2 * len(delays), lost, recovered_seconds=await scene.recovered("sends an answer too many: again"))


async def _surplus(scene: Scene, number: int, delay_seconds: float) -> list[str]:
    answer, sent = scene.answers[Kind.UNARY], asyncio.Event()
    first, second = (f"sends an answer too many: {number} {which}" for which in ("first", "second"))

    async def play(turn: Turn) -> None:
        await turn.whole()
        await turn.send(answer.raw + (SURPLUS if not delay_seconds else b""))
        if delay_seconds:
            await asyncio.sleep(delay_seconds)
            await turn.send(SURPLUS)
        sent.set()

    found = scene.untrue(first, await scene.ask(first, play, upstream="alone"), is_whole=True)
    await sent.wait()
    heard = await scene.ask(second, scene.sends(answer.raw), upstream="alone")
    return found + scene.untrue(second, heard, is_whole=True)


async def answers_early(scene: Scene) -> Acted:
    """The answer comes amid a large upload: the caller that goes on sending gets it nevertheless."""
    answer = scene.answers[Kind.UNARY]
    played = [
        partial(_early, scene, f"{status} {'reads on' if reads_on else 'closes'}", raw, expected, reads_on)
        for status, raw, expected in (
            (413, EARLY, Heard(Ending.WHOLE, 413, EARLY.partition(b"\r\n\r\n")[2])),
            (200, answer.raw, Heard(Ending.WHOLE, 200, answer.body)),
        )
        for reads_on in (True, False)
    ]
    lost = await scene.each(played)
    return Acted(len(played), lost, recovered_seconds=await scene.recovered("answers before the request ended: again"))


async def _early(scene: Scene, case: str, raw: bytes, expected: Heard, reads_on: bool) -> list[str]:
    name = f"answers before the request ended: {case}"

    async def play(turn: Turn) -> None:
        await turn.send(raw)
        if reads_on:
            await turn.rest()  # the whole of it may have been under way already: then another request follows
        else:
            turn.close()

    heard = await scene.ask(name, play, body=UPLOAD)
    scene.provider.billed[name] = int(heard.status == 200)  # a request that was not read is billed to nobody
    # A connection that is closed with unread bytes is reset, which may overtake the answer: then that is all there is to see.
    is_right = heard == expected or (not reads_on and (heard.ending is Ending.BROKEN or heard.is_own_error(502)))
    return [] if is_right else [f"{name}: {heard.status}, {len(heard.body)} bytes, {heard.ending}"]
