"""What is done to the contenders, scenario by scenario, and what was found."""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.bench import departures, figures, secure, startup, streams, unary, uploads, upstreams
from tests.bench.contenders import Contender, Up, all_up, up
from tests.bench.figures import SIDECAR, Measured
from tests.bench.places import SPARE_DESCRIPTORS, NotAnswering, Upstream
from tests.bench.transcript import Pace

CONCURRENCY = 64
SSE_STREAMS, SSE_PACE = 200, Pace(chunks=100, every_ms=20)
WARM_UP_STREAMS, WARM_UP_PACE = 20, Pace(chunks=5, every_ms=20)
FEW_OPEN, MANY_OPEN = 2_000, 10_000
WARM_UP_SECONDS = 1
DELAYED = Pace(every_ms=200)
UPLOADS = 5


class Bench:
    """One run: who takes part, for how long, and what was found so far."""

    def __init__(self, contenders: list[Contender], rounds: int, seconds: int, descriptors: int, folder: Path) -> None:
        self.contenders, self.rounds, self.seconds, self.folder = contenders, rounds, seconds, folder
        self.most_streams = (descriptors - SPARE_DESCRIPTORS) // 2
        """A proxy has two connections for each."""
        self.results: dict[str, dict[str, list[Measured]]] = {}

    def interleaved(self, everybody: list[Up], measures: Mapping[str, Callable[[Up], Measured]]) -> None:
        """Measure everybody once a round, by each measure."""
        for number in range(self.rounds):
            for scenario, measure in measures.items():
                for one in everybody:
                    self.note(scenario, one.name, measure(one), number)

    def note(self, scenario: str, name: str, measured: Measured, number: int = 0) -> None:
        """Add what a round found."""
        self.results.setdefault(scenario, {}).setdefault(name, []).append(measured)
        found = ", ".join(f"{key} {value:.4g}" for key, value in measured.items())
        print(f"{scenario}, round {number + 1}: {name}: {found}", file=sys.stderr, flush=True)


def unary_calls(bench: Bench) -> None:
    """Calls that are answered at once, over kept connections."""
    with upstreams.replying(bench.folder) as upstream, all_up(bench.contenders, bench.folder, upstream) as everybody:
        unary.warm_up(everybody, CONCURRENCY)
        bench.interleaved(everybody, {
            figures.MANY: partial(unary.load, concurrency=CONCURRENCY, seconds=bench.seconds),
            figures.ONE: partial(unary.load, concurrency=1, seconds=bench.seconds),
        })  # fmt: skip


def delayed_calls(bench: Bench) -> None:
    """Calls that the provider takes 200 ms for: between two of them a proxy goes to sleep."""
    with upstreams.pacing(bench.folder) as upstream, all_up(bench.contenders, bench.folder, upstream) as everybody:
        unary.warm_up(everybody, CONCURRENCY, DELAYED)
        load = partial(unary.load, concurrency=CONCURRENCY, seconds=bench.seconds, pace=DELAYED)
        bench.interleaved(everybody, {figures.DELAYED: load})


def calls_over_tls(bench: Bench) -> None:
    """Calls to a provider that speaks TLS and is verified, over kept connections."""
    with (
        upstreams.replying(bench.folder, is_tls=True) as upstream,
        all_up(bench.contenders, bench.folder, upstream) as everybody,
    ):
        proxies = [one for one in everybody if one.process]  # the load speaks no TLS
        unary.warm_up(proxies, CONCURRENCY)
        load = partial(unary.load, concurrency=CONCURRENCY, seconds=bench.seconds)
        bench.interleaved(proxies, {figures.TLS: load})


def calls_from_tls(bench: Bench) -> None:
    """Calls of callers that speak TLS, by a base URL and by CONNECT: on connections that are kept, and on a new one each."""
    _calls_from_tls(bench, False, figures.SECURE_KEPT, figures.SECURE_NEW)
    _calls_from_tls(bench, True, figures.BOTH_KEPT, figures.BOTH_NEW)


def _calls_from_tls(bench: Bench, is_tls: bool, kept: str, new: str) -> None:
    names = {contender.name for contender in bench.contenders}
    with (
        upstreams.replying(bench.folder, is_tls=is_tls) as upstream,
        all_up(list(secure.contenders(names, upstream)), bench.folder, upstream) as everybody,
    ):
        proxies = [one for one in everybody if one.process]
        for one in proxies:
            secure.load(one, WARM_UP_SECONDS, is_kept=True)
        bench.interleaved(proxies, {
            kept: partial(secure.load, seconds=bench.seconds, is_kept=True),
            new: partial(secure.load, seconds=bench.seconds, is_kept=False),
        })  # fmt: skip


def sse_streams(bench: Bench) -> None:
    """Streams at the pace of a fast model."""
    with upstreams.pacing(bench.folder) as upstream, all_up(bench.contenders, bench.folder, upstream) as everybody:
        for one in everybody:
            streams.read(one, WARM_UP_STREAMS, WARM_UP_PACE)
        bench.interleaved(everybody, {figures.SSE: partial(streams.read, count=SSE_STREAMS, pace=SSE_PACE)})


def open_streams(bench: Bench) -> None:
    """Thousands of streams that are open; each contender is started for it, since memory is seldom given back."""
    for scenario, wanted in ((figures.FEW_OPEN, FEW_OPEN), (figures.MANY_OPEN, MANY_OPEN)):
        count = min(wanted, bench.most_streams)
        if count < wanted:
            print(f"{scenario}: {count:,} it is, for lack of file descriptors", file=sys.stderr)
        for contender in bench.contenders:
            if contender.is_heavy and wanted == MANY_OPEN:
                continue  # it would take minutes to open them
            with upstreams.pacing(bench.folder) as upstream:
                _alone(bench, scenario, contender, partial(_hold, contender, bench.folder, upstream, count))


def _hold(contender: Contender, folder: Path, upstream: Upstream, count: int) -> Measured:
    with up(contender, folder, upstream) as one:
        return streams.hold(one, count)


def _alone(bench: Bench, scenario: str, contender: Contender, measure: Callable[[], Measured], number: int = 0) -> None:
    """Measure a contender that is started for this alone; one that does not answer is told of and left out."""
    try:
        bench.note(scenario, contender.name, measure(), number)
    except NotAnswering as problem:
        print(problem, file=sys.stderr)


def upload_bodies(bench: Bench) -> None:
    """Bodies of 20 MB."""
    with upstreams.pacing(bench.folder) as upstream, all_up(bench.contenders, bench.folder, upstream) as everybody:
        bench.interleaved(everybody, {figures.UPLOAD: partial(uploads.upload, count=UPLOADS)})


def starts(bench: Bench) -> None:
    """From the start of the process to ready, and the memory it then needs."""
    with upstreams.pacing(bench.folder) as upstream:
        for number in range(bench.rounds):
            for contender in bench.contenders:
                begin = partial(startup.start, contender, bench.folder, upstream)
                _alone(bench, figures.STARTUP, contender, begin, number)


def callers_leave(bench: Bench) -> None:
    """How soon a departure is recorded; nobody else records any."""
    for number in range(bench.rounds):
        bench.note(figures.DEPARTURES, SIDECAR, departures.measure(), number)


SCENARIOS: Mapping[str, Callable[[Bench], None]] = {
    "unary": unary_calls,
    "delayed": delayed_calls,
    "tls": calls_over_tls,
    "secure": calls_from_tls,
    "sse": sse_streams,
    "streams": open_streams,
    "upload": upload_bodies,
    "startup": starts,
    "departures": callers_leave,
}
"""By the names that `--only` takes."""
