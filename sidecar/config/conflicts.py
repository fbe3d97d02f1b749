"""Settings that are each well formed and can't be used together; and those that can, but deserve a word."""

from collections.abc import Iterator

from sidecar import __version__
from sidecar.config.addresses import Address
from sidecar.config.groups import Mode
from sidecar.config.problems import did_you_mean
from sidecar.config.schema import Path
from sidecar.config.settings import Settings

Conflict = tuple[Path, str, str]
"""The key to blame, the problem, the advice."""


def conflicts(settings: Settings) -> Iterator[Conflict]:
    """What keeps these settings from working."""
    yield from _sockets(settings)
    yield from _overrides_of_nothing(settings)


def notes(settings: Settings) -> Iterator[str]:
    """What is allowed, and worth knowing before it surprises."""
    if settings.mode is Mode.ENFORCE:
        yield (
            f"mode is enforce, but version {__version__} has nothing to enforce yet: it behaves as observe, "
            "records and meters, and never cancels anything at a provider"
        )
    if not settings.proxy.listen.is_loopback:
        yield (
            f"the proxy listens on {settings.proxy.listen}, beyond this machine: whoever reaches it can send calls "
            "on, with credentials of their own"
        )
    for name, upstream in settings.upstreams.items():
        if not upstream.url.is_secure and not Address(upstream.url.host, upstream.url.port).is_loopback:
            yield f"upstream {name} is reached without TLS at {upstream.url}: credentials and prompts travel in the clear"


def _sockets(settings: Settings) -> Iterator[Conflict]:
    taken: list[tuple[str, Address]] = []
    for name in ("proxy", "control", "observe"):
        listen: Address = getattr(settings, name).listen
        for other, address in taken:
            if listen.collides(address):
                yield (name, "listen"), f"'{listen}' is taken by {other}.listen", "give each socket a port of its own"
        taken.append((name, listen))


def _overrides_of_nothing(settings: Settings) -> Iterator[Conflict]:
    """A price for an upstream that does not exist is a slip, and would leave calls with the wrong price."""
    for place, override in enumerate(settings.prices.book()):
        named = override.upstream
        if named is not None and not any(
            override.matches(name, (override.model.lower(),)) for name in settings.upstreams
        ):
            names = ", ".join(settings.upstreams)
            path = ("prices", "overrides", place, "upstream")
            yield (
                path,
                f"'{named}' matches no upstream",
                did_you_mean(named, settings.upstreams) or f"there are: {names}",
            )
