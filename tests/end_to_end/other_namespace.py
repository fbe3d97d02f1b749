"""Callers in another network namespace than the sidecar, as in two containers: its kernel can't be asked about their ends.

All of it, sidecar and provider too, is in namespaces that `unshare` makes, which takes no rights where users may make their own,
and leaves nothing behind.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from sidecar.simulator.server import running_simulator
from tests.end_to_end.leavers import BROKEN, Leavers, Way
from tests.end_to_end.leaving_scene import (
    FINISHING_FRAME,
    FIRST_EVENT,
    HELD,
    STREAM,
    TAIL,
    UNARY,
    Scene,
    eventually,
)
from tests.end_to_end.rig import running_sidecar
from tests.end_to_end.scripted_provider import scripted_provider
from tests.end_to_end.sdk_road import SdkRoad

ROOT = Path(__file__).parents[2]
UNSHARE = ("unshare", "--user", "--map-root-user", "--net")
NEAR, FAR = "10.9.8.1", "10.9.8.2"
PLAYING_SECONDS = 60.0
PROGRAM = "import sys; from tests.end_to_end.other_namespace import main; main(sys.argv[1])"
"""Not as a module by name: each of its callers would have to import that again."""


class Told(msgspec.Struct, frozen=True):
    """What became of a call."""

    outcome: str
    left_reason: str | None
    departures: float
    returns: float
    is_orphaned: bool
    """Some of its spend is."""
    got: str = ""
    """What one that only half-closed got after that: `whole`, `broken`, or another end."""


def is_possible() -> str:
    """Empty where namespaces can be made; otherwise why not."""
    try:
        tried = subprocess.run([*UNSHARE, "ip", "link", "add", "type", "veth"], capture_output=True, text=True)
    except OSError as missing:
        return str(missing)
    return tried.stderr.strip() if tried.returncode else ""


def played(directory: Path) -> dict[str, Told]:
    """What became of each scene, by the setting `calls.half_close` and its name: `left: close, unary`."""
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-c", PROGRAM, str(directory)],
        cwd=ROOT, stdout=subprocess.PIPE, timeout=PLAYING_SECONDS, check=True,
    )  # fmt: skip
    return msgspec.json.decode(done.stdout, type=dict[str, Told])


def _ip(*words: str, inside: tuple[str, ...] = ()) -> None:
    subprocess.run([*inside, "ip", *words], check=True)


@contextmanager
def _far_away() -> Iterator[str]:
    """Another network namespace, and a wire to it; the file by which it is entered."""
    ours = Path("/proc/self/ns/net").readlink()
    with subprocess.Popen(["unshare", "--net", "sleep", "600"]) as holder:
        try:
            place = Path(f"/proc/{holder.pid}/ns/net")
            eventually(lambda: place.readlink() != ours)
            _ip("link", "set", "lo", "up")
            _ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(holder.pid))
            inside = ("nsenter", f"--net={place}")
            for side, address, there in (("near", NEAR, ()), ("far", FAR, inside)):
                _ip("address", "add", f"{address}/24", "dev", side, inside=there)
                _ip("link", "set", side, "up", inside=there)
            yield str(place)
        finally:
            holder.kill()


class Play(NamedTuple):
    """A scene's name, and how it is played."""

    name: str
    way: Way
    method: str
    until: bytes = b""
    headers: Mapping[str, str] = {}

    def of(self, scene: Scene, *, takes_fin_as_leaving: bool) -> Told:
        """Play it; the provider goes on when the caller was found to have left, where it is to be."""
        returns = partial(scene.road.sidecar.total, "returns_total", via="half_close")
        before = returns()
        if self.until == FINISHING_FRAME:
            seen = scene.left_at_once(self.method, TAIL, self.until)
        else:
            seen = scene.left_while_held(
                self.method,
                f"{HELD}{1 if self.until else 0}",
                self.until,
                is_found=takes_fin_as_leaving or self.way.sign == "rst",
                more=self.headers,
            )
        row, end = seen.row, "broken" if seen.got == BROKEN else "whole" if seen.got and seen.has_all else ""
        return Told(
            row.outcome or "", row.left_reason, seen.departures, returns() - before, bool(row.orphaned_usd), end
        )


PLAYS = (
    Play("half close, unary", Way.HALF, UNARY),
    Play("half close, stream", Way.HALF, STREAM, FIRST_EVENT),
    Play("half close, cut", Way.HALF, UNARY, headers={"X_Sidecar_On_Departure": "cut"}),
    Play("close, unary", Way.CLOSE, UNARY),
    Play("killed, unary", Way.KILLED, UNARY),
    Play("killed, stream", Way.KILLED, STREAM, FIRST_EVENT),
    Play("killed, terminal", Way.KILLED, STREAM, FINISHING_FRAME),
    Play("reset, unary", Way.RESET, UNARY),
    Play("reset, stream", Way.RESET, STREAM, FIRST_EVENT),
)


def main(directory: str) -> None:
    """Play all scenes, and write what became of them to standard output."""
    with redirect_stdout(sys.stderr):
        told = _play_all(Path(directory), Leavers())
    sys.stdout.buffer.write(msgspec.json.encode(told))


def _play_all(directory: Path, leavers: Leavers) -> dict[str, Told]:
    told: dict[str, Told] = {}
    with _far_away() as namespace, running_simulator() as simulator, scripted_provider() as provider:
        for setting in ("left", "wait"):
            place = directory / setting
            place.mkdir()
            settings = {"PROXY__LISTEN": f"{NEAR}:0", "CALLS__HALF_CLOSE": setting}
            with running_sidecar(place, simulator, settings) as sidecar:
                road = SdkRoad(simulator, provider, sidecar)
                for play in PLAYS:
                    scene = Scene(road, leavers, play.way, namespace)
                    told[f"{setting}: {play.name}"] = play.of(scene, takes_fin_as_leaving=setting == "left")
    return told
