"""`python -m tests.bench.sizing`: what a sidecar in a pod takes, for its requests and limits. Asserts nothing.

Real sidecars, each before a provider behind TLS as every real one is. Memory is what is resident; a container is charged that and
the pages of its ledger, which the kernel takes back when it needs them. Prints a Markdown table; deploy/README.md holds one run.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from sidecar.simulator.server import running_simulator
from tests.bench.processes import free_port
from tests.bench.sizing_load import AT_ONCE_CALLERS, QUIET_SECONDS, abandon_large_answers, call, memory_with_streams
from tests.bench.sizing_provider import WORK_SECONDS
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.proxy.certificates import Authority

MIB = 1 << 20
PATIENCE_SECONDS = 60.0
ENFORCE = {"MODE": "enforce"}
QUICK = {"OPERATIONS__LEASE_SECONDS": "1", "OPERATIONS__GRACE_SECONDS": "0"}


class Line(NamedTuple):
    """A row of the table."""

    what: str
    value: str


class Place(NamedTuple):
    """Where the provider is, and where sidecars may write."""

    folder: Path
    url: str
    ca_file: Path

    @contextmanager
    def sidecar(self, name: str, settings: Mapping[str, str]) -> Iterator[RunningSidecar]:
        """A sidecar of its own, in a folder of its own."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        way = {"UPSTREAMS__GEMINI__CA_FILE": str(self.ca_file), **settings}
        with running_sidecar(folder, self.url, way) as sidecar:
            yield sidecar


@contextmanager
def provider(folder: Path) -> Iterator[Place]:
    """The provider, listening."""
    authority, port = Authority(folder), free_port()
    certificate, key = authority.pair()
    command = [sys.executable, "-m", "tests.bench.sizing_provider", str(port), str(certificate), str(key)]
    with subprocess.Popen(command) as process:
        try:
            asyncio.run(_listening(port))
            yield Place(folder, f"https://127.0.0.1:{port}", authority.ca_file)
        finally:
            process.kill()


async def _listening(port: int) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)


def in_mib(size: float) -> str:
    """Bytes, to be read."""
    return f"{size / MIB:,.0f} MiB"


def cpu_seconds(sidecar: RunningSidecar) -> float:
    """CPU time of its process so far."""
    return time.clock_gettime_ns((~sidecar.process.pid << 3) | 2) / 1e9


def files_bytes(sidecar: RunningSidecar) -> int:
    """What the ledger's files occupy now, its log included."""
    return sum(path.stat().st_blocks * 512 for path in sidecar.ledger.parent.glob(f"{sidecar.ledger.name}*"))


def at_rest(place: Place, calls: int) -> Iterator[Line]:
    """After the start, and after calls."""
    with place.sidecar("rest", {}) as sidecar:
        yield Line("CPU time to start", f"{cpu_seconds(sidecar):.2f} s")
        time.sleep(QUIET_SECONDS)
        yield Line("memory after the start", in_mib(sidecar.resident_bytes()))
        call(sidecar, AT_ONCE_CALLERS)
        before = cpu_seconds(sidecar)
        call(sidecar, calls)
        cpu = (cpu_seconds(sidecar) - before) / calls
        _read_pages(sidecar)
        time.sleep(QUIET_SECONDS)
        yield Line(f"memory after {calls:,} calls and a scrape", in_mib(sidecar.resident_bytes()))
        call(sidecar, 9 * calls)
        time.sleep(QUIET_SECONDS)
        yield Line(f"memory after {10 * calls:,} calls", in_mib(sidecar.resident_bytes()))
        yield Line(f"CPU of a call, {AT_ONCE_CALLERS} at once, TLS to the provider", f"{1e6 * cpu:,.0f} us")


def with_streams(place: Place, count: int) -> Iterator[Line]:
    """Open streams, in both modes."""
    for mode in ("observe", "enforce"):
        with place.sidecar(f"streams-{mode}", {"MODE": mode}) as sidecar:
            call(sidecar, AT_ONCE_CALLERS)
            before = sidecar.resident_bytes()
            after = memory_with_streams(sidecar, count)
            each = f"{(after - before) / count / 1024:.0f} KiB each"
            yield Line(f"memory with {count:,} open streams, `mode: {mode}`", f"{in_mib(after)} ({each})")


def with_answers(place: Place) -> Iterator[Line]:
    """Everything that is kept for retries."""
    with place.sidecar("answers", ENFORCE) as sidecar:
        sidecar.resident_bytes()
        abandon_large_answers(sidecar)
        kept = once_it_stays(lambda: sidecar.total("rescue_kept_bytes"))
        yield Line(f"memory with {in_mib(kept)} of answers kept (`rescue.max_bytes`)", in_mib(sidecar.resident_bytes()))
        yield Line("the most meanwhile", in_mib(sidecar.peak_resident_bytes()))


def once_it_stays(figure: Callable[[], float]) -> float:
    """The figure, when it grows no more."""
    before, now = -1.0, 0.0
    while now > before:
        time.sleep(WORK_SECONDS)
        before, now = now, figure()
    return now


def with_libraries(place: Place) -> Iterator[Line]:
    """What some settings and works load, which stays."""
    folder = place.folder / "cancels"
    folder.mkdir()
    with running_simulator() as simulator, running_sidecar(folder, simulator, {**ENFORCE, **QUICK}) as sidecar:
        before = sidecar.resident_bytes()
        _open_operation(sidecar)
        sidecar.logged("operation_cancel_sent")
        more = once_it_stays(sidecar.resident_bytes) - before
        yield Line("more memory from the first operation at Google on (its SDK)", in_mib(more))
    with place.sidecar("otel", {"OTEL__ENABLED": "true", "OTEL__ENDPOINT": place.url}) as sidecar:
        time.sleep(QUIET_SECONDS)
        yield Line("memory after the start, `otel.enabled`", in_mib(sidecar.resident_bytes()))


def on_disk(place: Place, calls: int) -> Iterator[Line]:
    """How the ledger grows: between two ends, when its log has been written into it."""
    sizes, most = list[int](), 0
    for count in (calls, 10 * calls):
        with place.sidecar("disk", {}) as sidecar:
            call(sidecar, count)
            time.sleep(QUIET_SECONDS)
            most = max(most, files_bytes(sidecar))
            sidecar.end()
            sizes.append(files_bytes(sidecar))
    growth = (sizes[1] - sizes[0]) / 10 / calls
    yield Line("the ledger's growth (SQLite) per 1,000 calls", f"{growth * 1000 / 1024:,.0f} KiB")
    yield Line("days to 512 MiB at 1 call a second", f"{512 * MIB / growth / 86_400:.0f}")
    yield Line(f"its files with {11 * calls:,} calls, the log included", in_mib(most))


def _read_pages(sidecar: RunningSidecar) -> None:
    for url in (f"{sidecar.observe}/metrics", f"{sidecar.control}/"):
        urllib.request.urlopen(url, timeout=10).read()


def _open_operation(sidecar: RunningSidecar) -> None:
    """A background interaction whose caller never asks for it."""
    asked = {"model": "gemini-2.5-flash", "input": "hi", "background": True}
    headers = {"Content-Type": "application/json", "x-goog-api-key": "a-key", "X-Simulator": "never_ending=1"}
    url = f"{sidecar.proxy}/gemini/v1beta/interactions"
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(asked).encode(), headers), timeout=30).read()


def measured(place: Place, calls: int, streams: int) -> Iterator[Line]:
    """All of it."""
    parts: tuple[Callable[[], Iterator[Line]], ...] = (
        lambda: at_rest(place, calls),
        lambda: with_streams(place, streams),
        lambda: with_answers(place),
        lambda: with_libraries(place),
        lambda: on_disk(place, calls),
    )
    for part in parts:
        yield from part()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.sizing")
    parser.add_argument("--calls", type=int, default=1_000)
    parser.add_argument("--streams", type=int, default=1_000)
    flags = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder, provider(Path(folder)) as place:
        lines = []
        for line in measured(place, flags.calls, flags.streams):
            print(f"{line.what}: {line.value}", file=sys.stderr, flush=True)
            lines.append(line)
    print("| what | measured |", "| --- | --- |", *(f"| {what} | {value} |" for what, value in lines), sep="\n")


if __name__ == "__main__":
    main()
