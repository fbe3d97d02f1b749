"""A pod without any network: a namespace with nothing but loopback, no route, no name server."""

import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import redirect_stdout
from pathlib import Path

import msgspec

from tests.end_to_end.other_namespace import ROOT, UNSHARE
from tests.end_to_end.pod import Started, running_pod
from tests.end_to_end.pod_end import Deletion

PROGRAM = "import sys; from tests.end_to_end.pod_alone import main; main(sys.argv[1])"
SECONDS = 60.0


class Alone(msgspec.Struct, frozen=True):
    """What became of it."""

    routes: str
    """As `ip route` says: empty."""
    start_seconds: float
    probes: dict[str, int | None]
    call_status: int
    """Of a call to a provider that can't be reached."""
    end_seconds: float
    status: int | None


def played(directory: Path) -> Alone:
    """Play it in a process that has the namespace."""
    command = [*UNSHARE, sys.executable, "-c", PROGRAM, str(directory)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, timeout=SECONDS, check=True)
    return msgspec.json.decode(done.stdout, type=Alone)


def main(directory: str) -> None:
    """Play it here, and write what became of it to standard output."""
    with redirect_stdout(sys.stderr):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        routes = subprocess.run(["ip", "route"], check=True, capture_output=True, text=True).stdout
        with running_pod(Path(directory), Started("mode: enforce\n")) as pod:
            seconds = (pod.up_at - pod.started_at[-1]) / 1e6
            probes, status = pod.probes(), _call(f"{pod.proxy}/openai/v1/chat/completions")
            ending = Deletion(pod, None).run()
    told = Alone(routes, seconds, probes, status, ending.all_seconds, ending.status)
    sys.stdout.buffer.write(msgspec.json.encode(told))


def _call(url: str) -> int:
    body = b'{"model":"gpt-5-mini","messages":[]}'
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=30) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as declined:
        declined.close()
        return declined.code
