"""Who is compared: how each is started and where its calls go. `gateways.py` has those that are a class slower.

Everything of ours is switched on: metering, ledger, metrics, a log line a call. nginx, haproxy and Envoy write a JSON
access log with the same facts. Each runs as one worker on one CPU, and buffers nothing.
"""

import shutil
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.bench.certificates import make_certificate
from tests.bench.figures import DIRECT, ENFORCING, SIDECAR
from tests.bench.peers import ENVOY, program
from tests.bench.places import NOTHING, NotAnswering, Place, Start, Upstream, Way, written
from tests.bench.processes import CONTENDER_CPU, Running, free_port, running
from tests.bench.transcript import ANSWER, AT_ONCE, HEADERS, Dialect, gemini


class Contender(NamedTuple):
    """A program that passes calls on."""

    name: str
    needs: tuple[str | Path, ...]
    """Programs, by name or by path."""
    start: Callable[[Place], Start]
    """Writes its settings."""
    dialect: Dialect = gemini("/v1beta")
    headers: Callable[[Upstream], dict[str, str]] = lambda _upstream: {}
    """What it wants to be told with each request."""
    is_heavy: bool = False
    """It needs a millisecond or more for a call, so it is given fewer."""
    way: Way = Way.OPEN

    def lacking(self) -> list[str]:
        """What it needs that is not on this machine."""
        return [str(need) for need in self.needs if program(need) is None]


class Up(NamedTuple):
    """A contender that answers calls; or the provider itself, which has no process to be charged."""

    name: str
    port: int
    dialect: Dialect
    headers: Mapping[str, str]
    process: Running | None = None
    is_heavy: bool = False
    variables: Mapping[str, str] = NOTHING
    ca_file: Path | None = None
    """The authority of the certificate that it shows, where callers speak TLS."""
    tunnel_to: str = ""
    """The host and port that it is asked for a tunnel to; empty where it is no such proxy."""


def direct(upstream: Upstream) -> Up:
    """The provider without anybody in between."""
    return Up(DIRECT, upstream.port, gemini("/v1beta"), {})


def nginx(place: Place) -> Start:
    """nginx."""
    return Start(["nginx", "-c", str(written(place, "nginx.conf.in"))])


def _haproxy(place: Place) -> Start:
    return Start(["haproxy", "-db", "-f", str(written(place, "haproxy.cfg.in"))])


def _envoy(place: Place) -> Start:
    settings = str(written(place, "envoy.yaml.in"))
    flags = ["--concurrency", "1", "--use-dynamic-base-id", "--log-level", "error"]
    return Start([str(ENVOY), "-c", settings, *flags])


def sidecar(place: Place) -> Start:
    """The sidecar as it is by default."""
    variables = {
        "PROXY__LISTEN": f"127.0.0.1:{place.port}",
        "CONTROL__LISTEN": f"127.0.0.1:{free_port()}",
        "OBSERVE__LISTEN": f"127.0.0.1:{free_port()}",
        "LEDGER__URL": f"sqlite:///{place.folder}/ledger.db",
        "UPSTREAMS__GEMINI__URL": place.upstream.url,
        # 10,000 streams are meant to be open, and the default is that many connections, idle ones included
        "LIMITS__MAX_CONNECTIONS": "20000",
        "LIMITS__MAX_CALLS": "20000",
    }
    if place.upstream.ca_file:
        variables["UPSTREAMS__GEMINI__CA_FILE"] = str(place.upstream.ca_file)
    environment = {f"SIDECAR_{name}": value for name, value in variables.items()}
    return Start([sys.executable, "-m", "sidecar", "serve"], environment)


def _enforcing(place: Place) -> Start:
    """The same in `mode: enforce`: replies are kept while they pass, for retries that never come here."""
    command, variables = sidecar(place)
    return Start(command, {**variables, "SIDECAR_MODE": "enforce"})


FAST = (
    Contender("nginx", ("nginx",), nginx),
    Contender("haproxy", ("haproxy",), _haproxy),
    Contender("envoy", (ENVOY,), _envoy),
    Contender(ENFORCING, (), _enforcing, dialect=gemini("/gemini/v1beta")),
    Contender(SIDECAR, (), sidecar, dialect=gemini("/gemini/v1beta")),
)


@contextmanager
def up(contender: Contender, folder: Path, upstream: Upstream) -> Iterator[Up]:
    """A contender that has answered its first call."""
    place = Place(folder / contender.name, free_port(), upstream, contender.way)
    shutil.rmtree(place.folder, ignore_errors=True)
    place.folder.mkdir(parents=True)
    if contender.way is Way.SECURE:
        make_certificate(place.folder / "own.pem", place.folder / "own.key")
    start = contender.start(place)
    log = place.folder / "output"
    with running(start.command, CONTENDER_CPU, log, start.variables) as process:
        answering = Up(
            contender.name,
            place.port,
            contender.dialect,
            contender.headers(upstream),
            process,
            contender.is_heavy,
            start.variables,
            contender.way.ca_file(place.folder),
            f"127.0.0.1:{upstream.port}" if contender.way is Way.CONNECT else "",
        )
        _wait_until_it_answers(answering, log)
        yield answering


@contextmanager
def all_up(contenders: list[Contender], folder: Path, upstream: Upstream) -> Iterator[list[Up]]:
    """The provider itself and all contenders, stopped until it is their turn; one that does not answer is left out."""
    with ExitStack() as stack:
        answering = [direct(upstream)]
        for contender in contenders:
            try:
                answering.append(stack.enter_context(up(contender, folder, upstream)))
            except NotAnswering as problem:
                print(f"*** {contender.name} IS LEFT OUT: {problem}", file=sys.stderr)
            _stop(answering[-1])
        yield answering


@contextmanager
def alone(one: Up) -> Iterator[None]:
    """Let one contender run while the others, which are stopped, do not disturb it."""
    if one.process:
        one.process.go_on()
        call(one)
    try:
        yield
    finally:
        _stop(one)


def _stop(one: Up) -> None:
    if one.process:
        one.process.stop()


def call(one: Up) -> None:
    """Make one unary call.

    Raises:
        OSError: no connection, or a status that is not 200.
        NotAnswering: the reply is not the provider's.
    """
    scheme, place = "https" if one.ca_file else "http", one.tunnel_to or f"127.0.0.1:{one.port}"
    url, body = f"{scheme}://{place}{one.dialect.unary}", one.dialect.prompt(AT_ONCE)
    request = urllib.request.Request(url, body, {**HEADERS, **one.headers}, method="POST")
    proxies = {"https": f"http://127.0.0.1:{one.port}"} if one.tunnel_to else {}
    secure = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=one.ca_file))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler(proxies), secure)
    with opener.open(request, timeout=30) as reply:
        if ANSWER not in reply.read().decode():
            raise NotAnswering(f"{one.name} does not give the provider's reply")


def _wait_until_it_answers(one: Up, log: Path, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call(one)
        except (urllib.error.URLError, OSError) as problem:
            if time.monotonic() > deadline or (one.process and one.process.has_ended()):
                raise NotAnswering(f"{one.name} does not answer: {problem}\n{log.read_text()[-2000:]}") from problem
            time.sleep(0.002)
