"""A provider that is not where it should be: nobody listens, nobody accepts, its name has no address for a while."""

import ctypes
import os
import socket
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from tests.faults.scene import Scene
from tests.faults.together import Acted
from tests.faults.wire import Kind

HOST: Final = "provider.test"
CLONE_NEWNS: Final = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
CALLS: Final = 4
LIBC: Final = ctypes.CDLL(None, use_errno=True)


class Places:
    """The sidecar's own list of hosts, and ports that lead nowhere."""

    def __init__(self) -> None:
        self.hosts: Path | None = None
        """None where it is not ours to change: that takes root's rights."""

    def settings(self, directory: Path, port: int, stack: ExitStack) -> dict[str, str]:
        """Make the places; the settings of the upstreams that lead there. The sidecar has to be started by this thread."""
        refusing = stack.enter_context(socket.socket())
        refusing.bind(("127.0.0.1", 0))  # bound, and never listens: nobody else can
        self.hosts = _own_hosts(directory) if os.geteuid() == 0 else None
        ports = {"refusing": f"127.0.0.1:{refusing.getsockname()[1]}", "stuck": f"127.0.0.1:{_stuck(stack)}"}
        ports |= {"named": f"{HOST}:{port}", "alone": f"127.0.0.1:{port}"}
        said = {
            name: {"DIALECT": "gemini", "PROVIDER": "gemini", "URL": f"http://{where}"} for name, where in ports.items()
        }
        return {
            f"UPSTREAMS__{name.upper()}__{key}": value for name, keys in said.items() for key, value in keys.items()
        }

    def resolve(self, *, is_known: bool) -> None:
        """From now on the name has an address, or none."""
        assert self.hosts is not None
        self.hosts.write_text(f"127.0.0.1 localhost{f' {HOST}' if is_known else ''}\n")


PLACES: Final = Places()


def _own_hosts(directory: Path) -> Path:
    """Give this thread, and what it starts, a view of the file system in which names come from a file of ours alone."""
    if LIBC.unshare(CLONE_NEWNS) or LIBC.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None):
        raise OSError(ctypes.get_errno(), "no mount namespace")
    files = {"/etc/hosts": f"127.0.0.1 localhost {HOST}\n", "/etc/nsswitch.conf": "hosts: files\n"}
    for place, text in files.items():
        own = directory / Path(place).name
        own.write_text(text)
        if LIBC.mount(str(own).encode(), place.encode(), None, MS_BIND, None):
            raise OSError(ctypes.get_errno(), f"{place} can't be covered")
    return directory / "hosts"


def _stuck(stack: ExitStack) -> int:
    """A port whose queue is full: connections to it are never completed."""
    listening = stack.enter_context(socket.socket())
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    for _ in range(4):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listening.getsockname())
    return int(listening.getsockname()[1])


async def nobody_listens(scene: Scene) -> Acted:
    """502 at once."""
    names = [f"refuses connections: {number}" for number in range(CALLS)]
    return Acted(CALLS, await scene.each([partial(_refused, scene, name, "refusing") for name in names]))


async def nobody_accepts(scene: Scene) -> Acted:
    """502 after `limits.connect_seconds`."""
    names = [f"is a black hole: {number}" for number in range(CALLS)]
    return Acted(CALLS, await scene.each([partial(_refused, scene, name, "stuck") for name in names]))


async def vanishes(scene: Scene) -> Acted:
    """502 while the name has no address; calls go through again with the first after it has one."""
    act = "vanishes from DNS"
    if PLACES.hosts is None:
        names = [f"{act}: {number}" for number in range(CALLS)]
        lost = await scene.each([partial(_refused, scene, name, "named") for name in names])
        return Acted(CALLS, lost, remark="without root's rights: a name that never has an address")
    await scene.recovered(f"{act}: before", "named")
    PLACES.resolve(is_known=False)
    lost = await scene.each([partial(_kept_or_refused, scene, f"{act}: {number}") for number in range(CALLS)])
    PLACES.resolve(is_known=True)
    recovered = await scene.recovered(f"{act}: again", "named", since=time.monotonic())
    return Acted(CALLS, lost, recovered_seconds=recovered)


async def _refused(scene: Scene, name: str, upstream: str) -> list[str]:
    heard = await scene.ask(name, upstream=upstream)
    return [] if heard.is_own_error(502) else [f"{name}: {heard.status}, {heard.ending}, {heard.body[:80]!r}"]


async def _kept_or_refused(scene: Scene, name: str) -> list[str]:
    """A connection that is there needs no name."""
    heard = await scene.ask(name, scene.sends(scene.answers[Kind.UNARY].raw), upstream="named")
    is_right = heard.is_own_error(502) or not scene.untrue(name, heard, is_whole=True)
    return [] if is_right else [f"{name}: {heard.status}, {heard.ending}"]
