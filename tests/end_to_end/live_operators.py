"""Programs of the live test that open operations, and what they do then."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tests.end_to_end.live_callers import PATIENCE_SECONDS, Caller

Told = TypeVar("Told")
POLL_SECONDS = 0.3
ONE_REQUEST = """
import json, sys
from http.client import HTTPConnection
place, target, body, headers = sys.argv[1:]
connection = HTTPConnection(place)
connection.request("POST", target, body, json.loads(headers))
connection.getresponse().read()
"""
"""A program that makes one request and ends."""
OPEN = ("queued", "in_progress", "validating_files", "running")
"""Words of providers for what has not ended."""


def opens_and_ends(caller: Caller) -> None:
    """A process that opens an operation and ends, which is seen at once where one may look at processes."""
    arguments = (caller.place, caller.target, json.dumps(caller.request.body), json.dumps(caller.headers))
    subprocess.run([sys.executable, "-S", "-c", ONE_REQUEST, *arguments], check=True)


def fetches(caller: Caller) -> None:
    """Opens an operation and asks for it until it has ended."""
    _poll(caller, caller.opened())


def fetches_after_settling(caller: Caller) -> None:
    """Opens an operation, and asks for it when it has been settled as one that nobody wanted."""
    id = caller.opened()
    caller.sidecar.logged("operation_settled", caller=caller.name)
    _poll(caller, id)


def fetches_when_orphaned(caller: Caller) -> None:
    """Opens an operation that nobody cancels, is thought gone, and fetches it after all."""
    id = caller.opened()
    caller.sidecar.logged("operation_orphaned", caller=caller.name)
    _poll(caller, id)


def cancels(caller: Caller) -> None:
    """Opens an operation and cancels it at the provider."""
    caller.asked("POST", caller.opened(), "/cancel")


def is_cancelled_by_a_person(caller: Caller) -> None:
    """Opens an operation, which somebody cancels through the sidecar's API."""
    caller.opened()
    api = f"{caller.sidecar.control}/api/operations"
    running = _until(lambda: _read(f"{api}?caller={caller.name}&state=running"), bool)
    wish = urllib.request.Request(
        f"{api}/{running[0]['id']}/cancel", method="POST", headers={"X-Sidecar-Control": "true"}
    )
    _read(wish)


def _read(address: str | urllib.request.Request) -> Any:
    with urllib.request.urlopen(address, timeout=PATIENCE_SECONDS) as reply:
        return json.load(reply)


def has_lost_its_key(caller: Caller) -> None:
    """Opens an operation with a key that is then revoked, so that only its caller can cancel it, which has another one later."""
    keyed = caller.having(x_goog_api_key=caller.name)
    id = keyed.opened()
    caller.simulator.revoke(caller.name)
    caller.sidecar.logged("operation_cancel_no_credential", caller=caller.name)
    caller.simulator.admit(caller.name)
    keyed.asked("POST", id, "/cancel")


def _poll(caller: Caller, id: str) -> None:
    _until(lambda: caller.asked("GET", id), lambda told: not _is_open(told))


def _until(ask: Callable[[], Told], is_it: Callable[[Told], bool]) -> Told:
    """The first answer that is it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_it(told := ask()):
        assert time.monotonic() < deadline, f"it never was: {told}"
        time.sleep(POLL_SECONDS)
    return told


def _is_open(told: Mapping[str, Any]) -> bool:
    return (told.get("status") or told.get("processing_status")) in OPEN
