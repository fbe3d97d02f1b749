"""What visitors on the bare wire are going to do, each drawn by a dice: what is asked for, and what becomes of who asks."""

import random
from enum import StrEnum
from typing import NamedTuple

MODELS = "/gemini/v1beta/models"
FLASH = f"{MODELS}/gemini-2.5-flash"
PROMPT = b'{"contents":[{"parts":[{"text":"%d: Tell me about the sea."}]}]}'
EMBED = b'{"content":{"parts":[{"text":"%d words"}]}}'
"""Each has a number: who asked in the same words could be given another's abandoned answer."""
UPLOAD_BYTES = 1_000_000


class Doing(StrEnum):
    """What is asked for."""

    UNARY = "unary"
    STREAM = "stream"
    EMBED = "embed"
    UPLOAD = "upload"
    LIST = "list"
    DECLINED = "declined"
    FAILING = "failing"
    BROKEN = "broken"


class Ending(StrEnum):
    """What becomes of the caller."""

    STAYS = "stays"
    ASKS_AGAIN = "asks again"
    READS_SLOWLY = "reads slowly"
    HALF_CLOSES = "half-closes"
    CLOSES = "closes"
    RESETS = "resets"
    HALF_CLOSES_AND_LEAVES = "half-closes and leaves"
    STOPS_SENDING = "stops sending"


REMAINING = {Ending.STAYS, Ending.ASKS_AGAIN, Ending.READS_SLOWLY, Ending.HALF_CLOSES}
DOINGS = [*Doing, Doing.UNARY, Doing.UNARY, Doing.STREAM, Doing.STREAM, Doing.STREAM]
ENDINGS = [*Ending, Ending.STAYS, Ending.STAYS, Ending.STAYS, Ending.ASKS_AGAIN]


class Plan(NamedTuple):
    """One caller, drawn."""

    doing: Doing
    ending: Ending
    request: bytes
    statuses: frozenset[int]
    """What it may be answered, if it stays."""
    leaves_after: float
    """Seconds."""


def drawn(dice: random.Random) -> Plan:
    """A caller that has not been yet."""
    number = dice.getrandbits(63)
    doing, seconds = dice.choice(DOINGS), dice.uniform(0.0, 0.6)
    work = f"seconds={seconds:.3f} prompt={dice.randint(50, 5000)} output={dice.randint(1, 2000)}"
    target, body, script, statuses = (
        f"{FLASH}:generateContent",
        PROMPT % number,
        f"{work} gzip={dice.randint(0, 1)}",
        {200},
    )
    if doing is Doing.STREAM:
        target, script = f"{FLASH}:streamGenerateContent?alt=sse", f"{work} chunks={dice.randint(1, 20)}"
    elif doing is Doing.EMBED:
        target, body, script = f"{MODELS}/gemini-embedding-001:embedContent", EMBED % number, "seconds=0.01"
    elif doing is Doing.UPLOAD:
        body = PROMPT % number + b" " * UPLOAD_BYTES
        script = f"{work} images=1 image_bytes=200000"
    elif doing is Doing.LIST:
        target, body, script = MODELS, b"", ""
    elif doing is Doing.DECLINED:
        script, statuses = f"status={dice.choice([400, 429, 500, 503])} seconds={seconds:.3f}", {400, 429, 500, 503}
    elif doing is Doing.FAILING:
        target, script = f"{FLASH}:streamGenerateContent?alt=sse", f"{work} fail_after=2 fail_with=error"
    elif doing is Doing.BROKEN:
        target, statuses = f"{FLASH} :generateContent", {400}
    request = _request(target, body, script)
    return Plan(doing, dice.choice(ENDINGS), request, frozenset(statuses), dice.uniform(0.0, 0.6))


def _request(target: str, body: bytes, script: str) -> bytes:
    method = "POST" if body else "GET"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\nX-Simulator: {script}\r\n{length}\r\n".encode() + body
