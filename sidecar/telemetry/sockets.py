"""What is counted of sockets that carry many calls, of tunnels, and of TLS on the proxy port. None of them is a call.

Who owns a socket or a tunnel keeps the cells that it was given here, and adds to them once a read.
"""

from enum import StrEnum
from typing import Final

from sidecar.telemetry import metrics, program_metrics
from sidecar.telemetry.series import Branch, FrozenFamily, numbers


class Direction(StrEnum):
    """Which way bytes go."""

    TO_PROVIDER = "to_provider"
    """From the caller; through a tunnel to the host that was asked for, which need be no provider."""
    TO_CALLER = "to_caller"


class SocketEnd(StrEnum):
    """How a socket that carries calls ended."""

    CALLER = "caller"
    """Its caller ended it, in whatever way, and no answer was under way."""
    LEFT = "left"
    """Its caller left amid an answer."""
    PROVIDER = "provider"
    """The provider closed it in order, between answers."""
    BROKEN = "broken"
    """The provider closed it amid an answer, or it or the network to it broke it."""
    CUT = "cut"
    """We closed it: a limit, or a drain."""


class ConnectResult(StrEnum):
    """What became of a caller's CONNECT."""

    INTERCEPTED = "intercepted"
    """To an upstream's host: what is inside is read as if it had come to us."""
    TUNNELED = "tunneled"
    """Bytes pass between the caller and the host, and nothing is read."""
    GRPC = "grpc"
    """To an upstream's host, by a caller that insists on HTTP/2: bytes pass, nothing is read, and what it costs is not known."""
    REFUSED = "refused"
    """By the settings."""
    FAILED = "failed"
    """The host could not be reached."""


class Handshake(StrEnum):
    """How a TLS handshake with a caller ended."""

    MADE = "made"
    UNTRUSTED = "untrusted"
    """The caller does not know our authority, and said so."""
    FAILED = "failed"
    """Any other way."""


class LiveCells:
    """What the sockets of one provider are counted in. Shared by them; holds nothing of a single socket."""

    __slots__ = ("_ended", "bytes", "messages", "open")

    def __init__(self, families: "SocketFamilies", provider: str) -> None:
        self.open = families.live.of(provider)
        """Those that are open now."""
        self.messages = Branch(families.messages, (provider,), Direction)
        """Data messages, by direction."""
        self.bytes = Branch(families.bytes, (provider,), Direction)
        """Bytes behind the upgrade, frames and all, by direction."""
        self._ended = Branch(families.ended, (provider,), SocketEnd)

    def ended(self, how: str) -> None:
        """A socket has ended, by a word of `SocketEnd`; `open` is told apart from this."""
        self._ended[how].value += 1


class TunnelCells:
    """What CONNECT is counted in, and the tunnels that come of it."""

    __slots__ = ("_asked", "bytes", "open")

    def __init__(self, families: "SocketFamilies") -> None:
        self.open = families.tunnels.of()
        """Those that are open now."""
        self.bytes = Branch(families.tunnel_bytes, (), Direction)
        """Bytes that passed, by direction."""
        self._asked = Branch(families.connects, (), ConnectResult)

    def asked(self, result: str) -> None:
        """A CONNECT was answered, by a word of `ConnectResult`."""
        self._asked[result].value += 1

    def answered(self) -> dict[str, int]:
        """How many were so far, by that word."""
        return {result: int(number.value) for result, number in self._asked.items()}


class SocketFamilies:
    """Every family of this file. What has no provider stands at 0 from the start, the others from its first socket on."""

    def __init__(self) -> None:
        self.live = numbers(metrics.LIVE_SOCKETS)
        self.ended = numbers(metrics.LIVE_SOCKETS_ENDED)
        self.messages = numbers(metrics.LIVE_MESSAGES)
        self.bytes = numbers(metrics.LIVE_BYTES)
        self.tunnels = numbers(program_metrics.TUNNELS)
        self.tunnel_bytes = numbers(program_metrics.TUNNEL_BYTES)
        self.connects = numbers(program_metrics.CONNECTS)
        self.handshakes = numbers(program_metrics.TLS_HANDSHAKES)

    def frozen(self) -> list[FrozenFamily]:
        """All of them now, in the catalogue's order."""
        return [series.frozen() for series in vars(self).values()]


class SocketRecorder:
    """The entry through which the program reports what happens to sockets and tunnels. Belongs to the event loop's thread."""

    def __init__(self) -> None:
        self._families = SocketFamilies()
        self._live: dict[str, LiveCells] = {}
        self._handshakes = Branch(self._families.handshakes, (), Handshake)
        self.tunnels: Final = TunnelCells(self._families)

    def live(self, provider: str) -> LiveCells:
        """What the sockets of a provider are counted in; 10 series, born at 0 when it is first asked for."""
        cells = self._live.get(provider)
        if cells is None:
            cells = self._live[provider] = LiveCells(self._families, provider)
        return cells

    def open_live(self) -> dict[str, int]:
        """How many sockets are open now, by provider."""
        return {provider: int(cells.open.value) for provider, cells in self._live.items()}

    def handshake(self, result: str) -> None:
        """A TLS handshake with a caller has ended, by a word of `Handshake`."""
        self._handshakes[result].value += 1

    def handshakes(self) -> dict[str, int]:
        """How many have so far, by that word."""
        return {result: int(number.value) for result, number in self._handshakes.items()}

    def frozen(self) -> list[FrozenFamily]:
        """All families now."""
        return self._families.frozen()
