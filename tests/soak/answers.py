"""Answers that the simulator has given once, and priced: to repeat them is cheap, and the bill is still the simulator's.

In every answer, and in every request that asks for it, stands the tag of its call, so that one which reaches the wrong caller is
seen. A tag has a fixed length, and so has an answer.
"""

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from http.client import HTTPConnection
from typing import Any, Final

import msgspec

from sidecar.simulator.server import running_simulator

TAG: Final = b"@tag@tag@tag"
"""Stands where a call's tag goes."""
NAMES: Final = re.compile(rb"simulated[-_][0-9]+")
EVENTS: Final = re.compile(rb"(?<=\r\n\r\n)|(?<=\n\n)")
LARGE_BYTES: Final = 200_000


def tag_of(number: int, letter: str = "c") -> bytes:
    """The tag of a call."""
    return b"%s%011d" % (letter.encode(), number)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer, and the request that it is given to."""

    upstream: str
    """The sidecar's name for where it is asked."""
    target: str
    asked: bytes
    """The request's body."""
    weight: float
    """Of a hundred calls so many."""
    status: int
    content_type: str
    pieces: list[bytes]
    """The events of a stream, or one body."""
    is_stream: bool
    stops: bool
    """The work, and the bill, ends with the connection. Otherwise it runs on."""
    usd: str
    """The bill of a call that was answered whole."""
    usage: dict[str, int]
    """By the simulator's names."""

    def body(self, tag: bytes) -> bytes:
        """What a caller must get."""
        return b"".join(self.pieces).replace(TAG, tag)


class Asked(msgspec.Struct, frozen=True):
    """What the simulator is asked, to learn an answer."""

    upstream: str
    target: str
    body: dict[str, Any]
    script: str
    weight: float
    stops: bool = False


def _gemini(
    script: str, weight: float, method: str = "generateContent", upstream: str = "soak-gemini", words: str = ""
) -> Asked:
    target = f"/v1beta/models/gemini-2.5-flash:{method}"
    body = {"contents": [{"parts": [{"text": f"{TAG.decode()} Tell me about the sea.{words}"}]}]}
    return Asked(upstream, target, body, script, weight)


def _openai(script: str, weight: float, *, is_stream: bool = False) -> Asked:
    turn = [{"role": "user", "content": f"{TAG.decode()} Tell me about the sea."}]
    streamed = {"stream": True, "stream_options": {"include_usage": True}} if is_stream else {}
    body = {"model": "gpt-5-mini", **streamed, "messages": turn}
    return Asked("soak-openai", "/v1/chat/completions", body, script, weight, stops=is_stream)


def _anthropic(script: str, weight: float, *, is_stream: bool = False) -> Asked:
    turn = [{"role": "user", "content": f"{TAG.decode()} Tell me about the sea."}]
    body = {"model": "claude-haiku-4-5", "max_tokens": 1000, "stream": is_stream, "messages": turn}
    return Asked("soak-anthropic", "/v1/messages", body, script, weight, stops=True)


STREAM: Final = "streamGenerateContent?alt=sse"
TARIFF: Final = "soak-tariff"
"""The upstream whose price changes while the soak runs."""
EMBED: Final = Asked(
    "soak-gemini", "/v1beta/models/gemini-embedding-001:embedContent",
    {"content": {"parts": [{"text": f"{TAG.decode()} some words"}]}}, "prompt=7", 3.0,
)  # fmt: skip
ASKED: Final[Sequence[Asked]] = (
    _gemini("prompt=120 output=80", 32.0),
    _gemini("prompt=4000 output=250 thoughts=100", 10.0),
    _gemini("prompt=900 output=40 cached=600", 8.0),
    EMBED,
    _gemini("prompt=300 output=60 chunks=3", 12.0, STREAM),
    _gemini("prompt=1500 output=200 chunks=8", 8.0, STREAM),
    _gemini("prompt=50 output=400 chunks=12", 3.0, STREAM),
    _openai("prompt=200 output=90", 8.0),
    _openai("prompt=200 output=40 chunks=5", 5.0, is_stream=True),
    _anthropic("prompt=700 output=120", 4.0),
    _anthropic("prompt=700 output=40 chunks=5", 2.0, is_stream=True),
    _gemini("prompt=130 output=70", 3.0, upstream=TARIFF),
    _gemini("status=429", 1.0),
    _gemini("prompt=9000 output=30", 0.5, words="x" * LARGE_BYTES),
    _gemini(f"prompt=40 output=10 images=1 image_bytes={LARGE_BYTES}", 0.5),
)


def learned() -> list[Answer]:
    """All of them, as the simulator gives them now."""
    with running_simulator() as simulator:
        connection = HTTPConnection(simulator.host, simulator.port)
        answers = []
        for number, asked in enumerate(ASKED):
            headers = {"X-Simulator": f"seconds=0 {asked.script}", "X-Simulator-Call": str(number)}
            body = json.dumps(asked.body).encode()
            connection.request("POST", asked.target, body, headers)
            reply = connection.getresponse()
            text = NAMES.sub(TAG, reply.read())
            simulator.settled()
            (entry,) = simulator.bill.of(str(number))
            content_type = reply.headers["content-type"]
            answers.append(_answer(asked, body, reply.status, content_type, text, entry.usd, entry.usage))
        connection.close()
    return answers


def _answer(
    asked: Asked, body: bytes, status: int, content_type: str, text: bytes, usd: Decimal, usage: dict[str, int]
) -> Answer:
    is_stream = content_type.startswith("text/event-stream")
    return Answer(
        upstream=asked.upstream, target=asked.target, asked=body, weight=asked.weight, status=status, content_type=content_type,
        pieces=[piece for piece in EVENTS.split(text) if piece] if is_stream else [text],
        is_stream=is_stream, stops=asked.stops, usd=f"{usd:f}", usage=usage,
    )  # fmt: skip
