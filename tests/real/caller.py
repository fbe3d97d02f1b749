"""A caller: the openai SDK in a process of its own, so that it can be interrupted and killed.

`python -m tests.real.caller ORDER` makes one call as the order (JSON) says and tells on stdout, a JSON list a line:
`["calling"]`, `["chunk"]`, `["answer", usage]`, `["error", text]`.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sidecar.clock import Moment

PATIENCE_SECONDS = 60.0
ROOT = Path(__file__).parents[2]
MESSAGES: Any = [{"role": "user", "content": "Tell me about the sea."}]


class Order(NamedTuple):
    """What a caller is to do."""

    base_url: str
    name: str
    """Becomes its `X-Sidecar-Caller`."""
    max_tokens: int
    is_stream: bool = False
    asks_usage: bool = False
    timeout_seconds: float | None = None
    asks_too: Mapping[str, Any] = {}
    """More keys of the request, which this SDK does not know."""


class Caller:
    """The process, from outside. `heard` waits for what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said: list[list[Any]] = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._told:
                self._said.append(json.loads(line))
                self._told.notify_all()
        with self._told:
            self._said.append(["ended"])
            self._told.notify_all()

    def heard(self, word: str, times: int = 1) -> Any:
        """Wait until the caller has said this so many times; what it said with it, if anything."""

        def found() -> list[Any] | None:
            heard = [said for said in self._said if said[0] == word][times - 1 : times]
            return next(iter(heard + [said for said in self._said if said[0] in ("error", "ended")]), None)

        with self._told:
            said = self._told.wait_for(found, PATIENCE_SECONDS) or ["nothing"]
        assert said[0] == word, f"waited for {word}, heard {said}"
        return said[1] if len(said) > 1 else None

    def kill(self, number: int) -> Moment:
        """Send a signal; the moment it was sent."""
        at = time.time_ns() // 1000
        self._process.send_signal(number)
        return at

    def end(self) -> None:
        """Wait for the process, which is about to end."""
        self._process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)


@contextmanager
def calling(order: Order) -> Iterator[Caller]:
    """A caller that has begun; it has ended afterwards."""
    command = [sys.executable, "-m", "tests.real.caller", json.dumps(order._asdict())]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    caller = Caller(process)
    try:
        caller.heard("calling")
        yield caller
    finally:
        process.kill()
        caller.end()
        assert process.stdout is not None
        process.stdout.close()


def _say(*words: object) -> None:
    print(json.dumps(words), flush=True)


def _call(order: Order) -> None:
    import openai

    client = openai.OpenAI(
        base_url=order.base_url, api_key="a-key", max_retries=0, timeout=order.timeout_seconds or PATIENCE_SECONDS,
        default_headers={"X-Sidecar-Caller": order.name},
    )  # fmt: skip
    request: Any = {
        "model": "random", "messages": MESSAGES, "max_tokens": order.max_tokens, "stream": order.is_stream,
        "extra_body": order.asks_too,
    }  # fmt: skip
    if order.asks_usage:
        request["stream_options"] = {"include_usage": True}
    _say("calling")
    reply: Any = client.chat.completions.create(**request)
    usage = reply.usage if not order.is_stream else None
    for chunk in reply if order.is_stream else ():
        _say("chunk")
        usage = getattr(chunk, "usage", None) or usage
    _say("answer", usage and usage.model_dump(exclude_none=True))


def main(order: str) -> None:
    """Do it."""
    try:
        _call(Order(**json.loads(order)))
    except KeyboardInterrupt:
        os._exit(130)  # as an interrupted program does; its sockets are closed by the kernel
    except Exception as error:
        _say("error", f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main(sys.argv[1])
