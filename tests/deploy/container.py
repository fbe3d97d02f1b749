"""Starts what was built as a container runtime would start the image, without one: namespaces, a root of its own, no rights.

The root is made anew of what the image has: the system's programs and libraries, Python, our environment; all of it read-only.
The ledger's folder alone can be written to. There is no network but loopback, no HOME, and no entry for the user in /etc/passwd.
Takes root: the right to mount, and to become somebody else.
"""

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60.0
UNSHARE = ("unshare", "--mount", "--net", "--propagation", "private")
PROGRAM = "import sys; from tests.deploy.container import main; main(sys.argv[1])"
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/ssl",
    "/etc/ld.so.cache",
    "/dev/null",
    "/dev/urandom",
)
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
INTERFACE = struct.Struct("16sh22x")
"""A `struct ifreq` with flags in it (netdevice(7))."""
PROBE = """
import json, pathlib, sys
def can(folder):
    try:
        (pathlib.Path(folder) / "probe").open("x").close()
        (pathlib.Path(folder) / "probe").unlink()
    except OSError:
        return False
    return True
print(json.dumps([folder for folder in sys.argv[1:] if can(folder)]))
"""


class Container(msgspec.Struct, frozen=True):
    """What is started, and how."""

    root: str
    """An empty folder, which becomes the container's `/`."""
    state: str
    """A folder of this machine, which is the ledger's `state_at`."""
    state_at: str
    readable: list[str]
    """Folders that are there under their own names."""
    user: str
    """`uid:gid`."""
    workdir: str
    environment: dict[str, str]
    command: list[str]
    health: list[str]
    """Asked until it ends with 0; then the command is asked to end."""


class Told(msgspec.Struct, frozen=True):
    """How it went."""

    health: int
    """Exit code of the last time that it was asked how it is."""
    ended: int
    """The command's exit code."""
    writable: list[str]
    """Of `/`, its folders and ours: those in which the user can make a file."""
    output: str


def is_possible() -> str:
    """Empty where such a container can be made; otherwise why not."""
    if os.geteuid() != 0:
        return "takes root"
    tried = subprocess.run([*UNSHARE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True)
    return tried.stderr.strip() if tried.returncode else ""


def run(container: Container) -> Told:
    """Start it, ask how it is until it is well, end it."""
    done = subprocess.run(
        [*UNSHARE, sys.executable, "-c", PROGRAM, msgspec.json.encode(container).decode()],
        cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=2 * PATIENCE_SECONDS,
    )  # fmt: skip
    return msgspec.json.decode(done.stdout, type=Told)


def main(order: str) -> None:
    """In the namespaces: do it, and print how it went."""
    container = msgspec.json.decode(order, type=Container)
    _loopback_up()
    _make_root(container)
    folders = ["/", "/usr", "/var", "/tmp", container.workdir, container.state_at, *container.readable]
    probed = subprocess.run(_inside(container, ["python", "-c", PROBE, *folders]), stdout=subprocess.PIPE, check=True)
    process = subprocess.Popen(_inside(container, container.command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    health = _health(container, process)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=PATIENCE_SECONDS)
    told = Told(health, process.returncode, json.loads(probed.stdout), output.decode(errors="replace"))
    sys.stdout.buffer.write(msgspec.json.encode(told))


def _inside(container: Container, command: list[str]) -> list[str]:
    """The command line that starts a command in there, as its user, with no right and no variable of ours."""
    user, group = container.user.split(":")
    return [
        "chroot", container.root,
        "setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups",
        "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all",
        "env", "-i", f"--chdir={container.workdir}", *(f"{name}={value}" for name, value in container.environment.items()),
        *command,
    ]  # fmt: skip


def _health(container: Container, process: subprocess.Popen[bytes]) -> int:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        code = subprocess.run(
            _inside(container, container.health), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ).returncode
        if code == 0 or process.poll() is not None or time.monotonic() > until:
            return code


def _make_root(container: Container) -> None:
    root = Path(container.root)
    _mount("-t", "tmpfs", "-o", "mode=755", "none", root)
    for place in (Path(place) for place in SYSTEM):
        if place.is_symlink():
            (root / place.name).symlink_to(place.readlink())
        elif place.exists():
            _bind(place, root / place.relative_to("/"))
    for place in map(Path, container.readable):
        _bind(place, root / place.relative_to("/"))
    (root / "proc").mkdir()
    _mount("--rbind", "/proc", root / "proc")
    for folder in ("tmp", "var", container.workdir.strip("/")):
        (root / folder).mkdir(parents=True, exist_ok=True)
    _bind(Path(container.state), root / container.state_at.strip("/"), "rw")
    _mount("-o", "remount,ro", root)


def _bind(source: Path, target: Path, how: str = "ro") -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    _mount("--bind", source, target)
    _mount("-o", f"remount,bind,{how}", target)


def _mount(*words: str | Path) -> None:
    subprocess.run(["mount", *words], check=True)


def _loopback_up() -> None:
    with socket.socket() as asking:
        name = b"lo"
        _, flags = INTERFACE.unpack(fcntl.ioctl(asking, SIOCGIFFLAGS, INTERFACE.pack(name, 0)))
        fcntl.ioctl(asking, SIOCSIFFLAGS, INTERFACE.pack(name, flags | IFF_UP))
