"""What `sidecar serve` says once it listens: what to set in the application, where metrics and the ledger are."""

from collections.abc import Iterator, Mapping

from sidecar import __version__
from sidecar.config.addresses import parse_address
from sidecar.config.settings import Settings

VARIABLES = {"gemini": "GOOGLE_GEMINI_BASE_URL", "vertex": "GOOGLE_VERTEX_BASE_URL"}
"""The variable that google-genai reads for each built-in upstream."""


def greeting(addresses: Mapping[str, str], settings: Settings) -> str:
    """The start text, without an end of line.

    `addresses` are the URLs of the sockets as they were bound: `proxy`, `control`, `observe`.
    """
    return "\n".join(_lines(addresses, settings))


def _lines(addresses: Mapping[str, str], settings: Settings) -> Iterator[str]:
    proxy, control, observe = (_reachable(addresses[name]) for name in ("proxy", "control", "observe"))
    yield f"inference-sidecar {__version__} takes calls at {proxy}, mode {settings.mode}"
    yield ""
    yield "  google-genai comes through here with both of these set:"
    for name, variable in VARIABLES.items():
        yield f"    export {variable}={proxy}/{name}"
    yield "  (for Vertex pass project= and location= to genai.Client too: with both only in variables the SDK loses the path)"
    for name in settings.upstreams:
        if name not in VARIABLES:
            yield f"  upstream {name}: base URL {proxy}/{name}"
    yield ""
    yield f"  metrics   {observe}/metrics"
    yield f"  control   {control}/"
    yield f"  ledger    {settings.ledger.url.removeprefix('sqlite:///')}, {_kept(settings.ledger.retention_days)}"


def _reachable(url: str) -> str:
    """The URL as a program on this machine can use it: nobody connects to 0.0.0.0."""
    return f"http://{parse_address(url.removeprefix('http://')).reachable}"


def _kept(days: int | None) -> str:
    return "rows are kept for ever" if days is None else f"rows are kept {days} day{'s' if days > 1 else ''}"
