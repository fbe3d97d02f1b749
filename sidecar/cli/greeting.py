"""What `sidecar serve` says once it listens: what to set in the application, where metrics and the ledger are."""

from collections.abc import Iterator, Mapping
from textwrap import wrap

from sidecar import __version__
from sidecar.config.addresses import UNIX, parse_local_address
from sidecar.config.problems import masked
from sidecar.config.settings import Settings
from sidecar.injection.variables import OFFICIAL, SDK_VARIABLES

WIDTH = 120
"""Columns."""


def greeting(addresses: Mapping[str, str], settings: Settings) -> str:
    """The start text, without an end of line.

    `addresses` are the URLs of the sockets as they were bound: `proxy`, `control`, `observe`.
    """
    return "\n".join(_lines(addresses, settings))


def _lines(addresses: Mapping[str, str], settings: Settings) -> Iterator[str]:
    proxy, control, observe = (_reachable(addresses[name]) for name in ("proxy", "control", "observe"))
    yield f"inference-sidecar {__version__} takes calls at {proxy}, mode {settings.mode}"
    yield ""
    yield "  SDKs come through here with these set:"
    for variable in OFFICIAL:
        yield f"    export {variable}={proxy}/{SDK_VARIABLES[variable]}"
    yield "  (google-genai wants both of its own; for Vertex pass project= and location= to genai.Client too)"
    named = {SDK_VARIABLES[variable].partition("/")[0] for variable in OFFICIAL}
    others = [name for name in settings.upstreams if name not in named]
    yield from wrap(
        f"other upstreams, each by the base URL {proxy}/<name>: {', '.join(others)}",
        WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
    )
    if settings.proxy.tls.is_on:
        yield "  the same with https:// and wss://, for clients that trust the certificate"
    if settings.proxy.connect.intercept:
        yield f"  programs that take no base URL: HTTPS_PROXY={proxy}, and what `sidecar ca show` names"
    yield ""
    yield f"  metrics   {observe}/metrics"
    yield f"  control   {control if control.startswith(UNIX) else f'{control}/'}"
    yield f"  ledger    {masked(settings.ledger.url.removeprefix('sqlite:///'))}, {_kept(settings.ledger.retention_days)}"


def _reachable(url: str) -> str:
    """The URL as a program on this machine can use it: nobody connects to 0.0.0.0."""
    return parse_local_address(url.removeprefix("http://")).reachable.url


def _kept(days: int | None) -> str:
    return "rows are kept for ever" if days is None else f"rows are kept {days} day{'s' if days > 1 else ''}"
