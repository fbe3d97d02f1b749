"""What people run with `sidecar run`: scripts with google-genai, and smaller ones that need no SDK. Each call has a name.

python run_scripts.py WHAT NAME SCRIPT
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

MODEL, PROMPT = "gemini-2.5-pro", "Tell me about the sea."


def ask(name: str, script: str, timeout_milliseconds: int | None = None) -> None:
    """One call, as anybody writes it; the headers are for the simulated provider."""
    from google import genai
    from google.genai.types import GenerateContentConfig, HttpOptions

    headers = {"X-Simulator-Call": name, "X-Simulator": script}
    options = HttpOptions(headers=headers, timeout=timeout_milliseconds)
    with genai.Client(api_key="a-secret-key") as client:
        answer: Any = client.models.generate_content(
            model=MODEL, contents=PROMPT, config=GenerateContentConfig(http_options=options)
        )
    print("answered", len(answer.text), flush=True)


def times_out(name: str, script: str) -> None:
    """It waits for a while, and gives up."""
    ask(name, script, timeout_milliseconds=500)


def forks(name: str, script: str) -> None:
    """A worker asks; its parent waits for it."""
    import google.genai  # noqa: F401  once, and not in the worker

    worker = os.fork()
    if worker == 0:
        ask(name, script)
        os._exit(0)
    os.waitpid(worker, 0)


def detaches(name: str, script: str) -> None:
    """The program ends, and what it has put into the background asks."""
    import google.genai  # noqa: F401

    if os.fork():
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if os.fork():
        os._exit(0)
    ask(name, script)


def is_killed(name: str, script: str) -> None:
    """Somebody is going to kill it."""
    print(f"pid {os.getpid()}.", flush=True)
    ask(name, script)


WHAT: dict[str, Callable[[str, str], None]] = {
    "asks": ask, "times_out": times_out, "forks": forks, "detaches": detaches, "is_killed": is_killed,
}  # fmt: skip

if __name__ == "__main__":
    WHAT[sys.argv[1]](sys.argv[2], sys.argv[3])
