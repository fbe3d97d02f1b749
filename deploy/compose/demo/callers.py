"""Programs that call a model, a few of which lose patience: so that the dashboards have something to show.

`python callers.py http://sidecar:8780/demo` calls until it is stopped, with nothing but the standard library. What the simulated
provider makes of a call is in its header `X-Simulator` (`sidecar/simulator/script.py` has the grammar); it bills nobody.
"""

import json
import random
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

CALLERS = 6
PAUSE_SECONDS = 6.0
"""Of each caller between two calls, at most."""
LOSES_PATIENCE = 0.2
"""So many of the calls are given up before they are answered."""
FORGETS = 0.05
"""So many are opened in the background and never asked for again."""
MODELS = {"gemini-2.5-pro": (12_000, 1_500), "gemini-2.5-flash": (6_000, 600), "gemini-2.5-flash-lite": (3_000, 300)}
"""Tokens of the prompt and of the answer, about."""
TOKENS_PER_SECOND = 200
QUESTION = "Sum up the attached report."


class Call(NamedTuple):
    """One request, and for how long its caller waits."""

    path: str
    body: dict[str, Any]
    script: str
    patience_seconds: float


def calls(dice: random.Random) -> Iterator[Call]:
    """What a caller asks, one after the other, without end."""
    while True:
        model = dice.choice(list(MODELS))
        prompt, output = (round(size * dice.uniform(0.5, 1.5)) for size in MODELS[model])
        amounts = f"prompt={prompt} output={output}"
        if dice.random() < FORGETS:
            yield _forgotten(model, amounts)
        else:
            yield _asked(dice, model, amounts, output / TOKENS_PER_SECOND)


def _forgotten(model: str, amounts: str) -> Call:
    body = {"model": model, "input": QUESTION, "background": True}
    return Call("/v1beta/interactions", body, f"seconds=90 {amounts}", 30)


def _asked(dice: random.Random, model: str, amounts: str, seconds: float) -> Call:
    method = dice.choice(["generateContent", "streamGenerateContent?alt=sse"])
    body = {"contents": [{"parts": [{"text": QUESTION}]}]}
    patience = seconds * dice.uniform(0.2, 0.8) if dice.random() < LOSES_PATIENCE else seconds + 30
    return Call(f"/v1beta/models/{model}:{method}", body, f"seconds={seconds:.1f} chunks=20 {amounts}", patience)


def make(call: Call, base_url: str) -> None:
    """Ask, and read the answer until it ends or patience does; then the connection is closed, as a program that gives up does."""
    place = urlsplit(base_url)
    until = time.monotonic() + call.patience_seconds
    headers = {"Content-Type": "application/json", "x-goog-api-key": "demo", "X-Simulator": call.script}
    with closing(HTTPConnection(place.hostname or "", place.port, timeout=call.patience_seconds)) as connection:
        connection.request("POST", place.path + call.path, json.dumps(call.body), headers)
        reply = connection.getresponse()
        while reply.read1(65_536) and time.monotonic() < until:
            pass


def live(base_url: str, dice: random.Random) -> None:
    """One caller: calls, and waits a little in between, for as long as the program runs."""
    for call in calls(dice):
        with suppress(OSError, HTTPException):  # out of patience, or nobody is there: later again
            make(call, base_url)
        time.sleep(dice.uniform(0, PAUSE_SECONDS))


def main(base_url: str) -> None:
    """Let the callers live side by side."""
    callers = [
        threading.Thread(target=live, args=(base_url, random.Random(number)), daemon=True)  # noqa: S311  a demo's dice
        for number in range(CALLERS)
    ]
    for caller in callers:
        caller.start()
    callers[0].join()


if __name__ == "__main__":
    main(*sys.argv[1:])
