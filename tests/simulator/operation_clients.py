"""What the tests of operations share: tagged SDK clients, pictures of operations by tag, and waiting for an end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypeVar

import anthropic
import openai
from google.genai import Client

from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator
from tests.sdk_clients import Mode, sdk_client

FLASH, GPT, MINI, SONNET, VEO = (
    "gemini-2.5-flash",
    "gpt-5-mini",
    "gpt-4o-mini",
    "claude-sonnet-5",
    "veo-3.1-generate-preview",
)
ROW = "prompt=1000 output=100 thoughts=20"
ROW_USD = Decimal("0.0003")
"""Half of 1000 x 0.30 + 120 x 2.50, for a million: a row of gemini-2.5-flash."""
ANSWER = "prompt=1000 output=100 chunks=5"
Told = TypeVar("Told")


def headed(tag: str, script: str) -> dict[str, str]:
    return {"X-Simulator": script, "X-Simulator-Call": tag}


def google(simulator: RunningSimulator, mode: Mode, tag: str, script: str) -> Client:
    return sdk_client(mode, simulator.url, headed(tag, script))


@contextmanager
def gpt(simulator: RunningSimulator, tag: str, script: str, key: str = "k") -> Iterator[openai.OpenAI]:
    base = f"{simulator.url}/v1"
    with openai.OpenAI(api_key=key, base_url=base, max_retries=0, default_headers=headed(tag, script)) as client:
        yield client


@contextmanager
def claude(simulator: RunningSimulator, tag: str, script: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        api_key="k", base_url=simulator.url, max_retries=0, default_headers=headed(tag, script)
    ) as client:
        yield client


def until(ask: Callable[[], Told], is_enough: Callable[[Told], Any], seconds: float = 10.0) -> Told:
    """Poll as an application does; what was told when it was enough."""
    deadline = time.monotonic() + seconds
    while not is_enough(told := ask()):
        assert time.monotonic() < deadline, f"never came: {told!r}"
        time.sleep(0.01)
    return told


def seen(simulator: RunningSimulator, tag: str) -> Seen:
    """The one operation of that tag."""
    (one,) = [operation for operation in simulator.operations if operation.tag == tag]
    return one


def billed(simulator: RunningSimulator, tag: str) -> tuple[str, str, str, Decimal]:
    """Method, kind, end and money of the one entry of that tag, once it is there."""
    simulator.reached(tag, "billed")
    (entry,) = simulator.bill.of(tag)
    return entry.method, entry.kind, entry.finished_how, entry.usd
