"""The groups of our own sockets: where callers, people and scrapers reach us, and what is spoken there."""

from enum import StrEnum

from sidecar.config.addresses import Address
from sidecar.config.group import Group
from sidecar.config.token_source import Token
from sidecar.config.values import ExistingFile, HostName, Listen, LocalListen, Port, Pseudonym, Text


class Tls(Group):
    """TLS where callers reach us, beside plain HTTP on the same port: the first byte of a connection tells which it is."""

    cert: ExistingFile | None = None
    """PEM file of a certificate and those behind it. None: one that the local authority makes, if `local` says so."""
    key: ExistingFile | None = None
    """PEM file of its private key, without a password."""
    local: bool = False
    """Show a certificate for `names` that the local authority signs (`sidecar ca create`, `proxy.ca_directory`)."""
    names: tuple[HostName, ...] = ("localhost", "127.0.0.1", "::1")
    """Host names and addresses by which callers reach us, for `local`."""

    @property
    def is_on(self) -> bool:
        """Callers may speak TLS to us."""
        return self.cert is not None or self.local


class Others(StrEnum):
    """What is done with a tunnel to a host that no upstream has."""

    TUNNEL = "tunnel"
    """It is made, and its bytes are counted and not looked at."""
    REFUSE = "refuse"
    """It is refused with 403."""


class Connect(Group):
    """Explicit proxy: what is done with CONNECT, as clients send it that are told `HTTPS_PROXY`."""

    intercept: bool = False
    """Take tunnels to hosts of upstreams as calls to those, with a certificate of the local authority (`sidecar ca create`). Off,
    and CONNECT is refused: who trusts that authority lets us read what is meant for these hosts alone."""
    others: Others = Others.TUNNEL
    """Tunnels to hosts that no upstream has. Made, because one variable leads all of a program's calls here."""
    ports: tuple[Port, ...] = (443,)
    """Ports to which such tunnels are made. One alone: a proxy that connects to any port is a way around firewalls."""


class Proxy(Group):
    """The socket that takes calls."""

    listen: Listen = Address("127.0.0.1", 8780)
    """`host:port`; port 0 picks a free one. Loopback, because whoever reaches it can send calls on."""
    via: Pseudonym | None = None
    """Our name in a `Via` field added to requests and replies (RFC 9110 section 7.6.3); None adds none: bytes pass unchanged."""
    tls: Tls = Tls()
    connect: Connect = Connect()
    ca_directory: Text | None = None
    """Where the local authority is kept (`sidecar ca create`), for `tls.local` and `connect.intercept`. None: `ca` in
    `$XDG_CONFIG_HOME/inference-sidecar`, or in `~/.config/inference-sidecar`."""


class Control(Group):
    """The socket with the live page and the API."""

    listen: LocalListen = Address("127.0.0.1", 8782)
    """`host:port`, or `unix:/path` for a socket that only the sidecar's own user reaches. Beyond loopback only with a `token`:
    without one, nothing outside the pod may reach it."""
    token: Token = None
    """`{env: NAME}` or `{file: path}`: what every request to the API must bring. None asks for none."""
    allow_quit: bool = False
    """`POST /quitquitquit` and `sidecar shutdown` end the sidecar as SIGTERM does. For Jobs in which it is an ordinary container
    and nobody else would end it; off, because an application's bug could end it too."""


class Observe(Group):
    """The socket with metrics and probes; read-only."""

    listen: Listen = Address("127.0.0.1", 8781)
    """`host:port`. Loopback; in Kubernetes `0.0.0.0:8781`, or neither kubelet nor Prometheus can reach it."""
