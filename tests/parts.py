"""The real programs that some tests need: which, why, and how they come to a machine.

`python tests/parts.py install` installs what is missing, as root on Debian; elsewhere it says what is missing, and tests
marked `@pytest.mark.part("name")` are skipped and listed (`conftest.py`). With CI=true they fail instead: a part that is
not there must not look like a test that passed. Imports the standard library only.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Part(NamedTuple):
    """A program that is not ours."""

    name: str
    """As tests name it."""
    executable: str
    package: str | None
    """Debian's package that has it; None where no package does, and the machine brings it or not."""
    needed_for: str

    @property
    def origin(self) -> str:
        """Where it comes from, for people."""
        return f"Debian package {self.package}" if self.package else "no Debian package has it"

    def path(self) -> str | None:
        """Where the program is, or None; servers stand in sbin, which is not on everybody's PATH, or further away."""
        places = [os.environ.get("PATH", os.defpath), *SBIN, *postgresql_directories()]
        return shutil.which(self.executable, path=os.pathsep.join(places))


SBIN = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def postgresql_directories(root: Path = Path("/usr/lib/postgresql")) -> list[str]:
    """Where Debian puts PostgreSQL's servers, the newest version first: each has a directory of its own, on nobody's PATH."""
    versions = [path for path in root.glob("*/bin") if path.parent.name.isdecimal()]
    return [str(path) for path in sorted(versions, key=lambda path: int(path.parent.name), reverse=True)]


PARTS = (
    Part("prometheus", "prometheus", "prometheus", "scraping a sidecar and asking for increase()"),
    Part("promtool", "promtool", "prometheus", "its opinion on our exposition and rules"),
    Part("alertmanager", "prometheus-alertmanager", "prometheus-alertmanager", "bringing an alert to a webhook"),
    Part("nginx", "nginx", "nginx-light", "the measure that the proxy is compared with"),
    Part("wrk", "wrk", "wrk", "load for the benchmarks"),
    Part("postgresql", "postgres", "postgresql", "the ledger that many sidecars share"),
    Part("pgbouncer", "pgbouncer", "pgbouncer", "a shared ledger behind a pooler"),
    Part("kubectl", "kubectl", None, "building what deploy/kubernetes holds, with the Kustomize that is in it"),
    Part("docker-compose", "docker-compose", "docker-compose", "reading deploy/compose as Compose does"),
    Part("systemd-analyze", "systemd-analyze", "systemd", "its opinion on the unit for virtual machines"),
    Part("node", "node", "nodejs", "the live page's pure modules, by node's own test runner"),
    Part("chromium", "chromium", "chromium", "the live page as a browser shows it"),
    Part("curl", "curl", "curl", "its opinion on certificates, and calls through HTTPS_PROXY"),
    Part("strace", "strace", "strace", "errors, delays and SIGKILL at the n-th system call of a sidecar"),
    Part("faketime", "faketime", "faketime", "moving one process' wall clock"),
    Part("fish", "fish", "fish", "completion as it is in a real shell"),
    Part("zsh", "zsh", "zsh", "its opinion on the script of completion"),
    Part("openssl", "openssl", "openssl", "its opinion on the local authority and its leaves"),
)

NO_SERVICES = """#!/bin/sh
# A package that brings a server must not start it: the tests start their own.
exit 101
"""


def part(name: str) -> Part:
    """The part of this name.

    Raises:
        LookupError: no part is called so.
    """
    for known in PARTS:
        if known.name == name:
            return known
    raise LookupError(f"no part is called {name!r}; tests/parts.py knows {', '.join(known.name for known in PARTS)}")


def missing() -> list[Part]:
    """The parts that are not on this machine."""
    return [known for known in PARTS if known.path() is None]


def missing_of(names: Iterable[str]) -> list[Part]:
    """Of these parts, the ones that are not on this machine."""
    return [wanted for wanted in map(part, names) if wanted.path() is None]


def is_ci() -> bool:
    """Whether a missing part is a failure."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def can_install() -> bool:
    """Whether this is root on Debian or a system made from it."""
    return os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get") is not None


def install(lacking: list[Part]) -> None:
    """Install the packages of these parts from Debian, without starting any server.

    Raises:
        subprocess.CalledProcessError: apt-get failed; its output is in `output`.
    """
    packages = sorted({wanted.package for wanted in lacking if wanted.package})
    if not packages:
        return
    with _services_stay_off():
        _apt_get("update")
        _apt_get("install", "--yes", "--no-install-recommends", *packages)


def _apt_get(*arguments: str) -> None:
    subprocess.run(
        ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120", *arguments],
        check=True,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def _services_stay_off(policy: Path = Path("/usr/sbin/policy-rc.d")) -> Iterator[None]:
    """Debian asks this file before a package starts its server (policy-rc.d.txt of init-system-helpers)."""
    if policy.exists():
        yield
        return
    policy.write_text(NO_SERVICES)
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def _told_missing(lacking: list[Part]) -> str:
    lines = [f"  {wanted.name} ({wanted.origin}): {wanted.needed_for}" for wanted in lacking]
    return "\n".join(["missing; the tests that need them will " + ("FAIL:" if is_ci() else "be skipped:"), *lines])


def main(arguments: list[str]) -> int:
    """`install`: bring what is missing, and say what still is. The judgement is left to the tests."""
    if arguments != ["install"]:
        print("usage: python tests/parts.py install", file=sys.stderr)
        return 2
    lacking = missing()
    if lacking and can_install():
        print("installing", *sorted({wanted.package for wanted in lacking if wanted.package}), flush=True)
        try:
            install(lacking)
        except subprocess.CalledProcessError as failure:
            print(failure.output, f"apt-get failed: {failure}", sep="\n", file=sys.stderr)
        lacking = missing()
    if lacking:
        print(_told_missing(lacking), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
