"""What keeps our own sockets from being what the settings say: addresses, TLS, and CONNECT; and what deserves a word."""

from collections.abc import Iterator

from sidecar.config.addresses import Address
from sidecar.config.certificate_files import problem_of_pair
from sidecar.config.schema import Path
from sidecar.config.settings import Settings
from sidecar.config.sockets import Others, Tls

Conflict = tuple[Path, str, str]
"""The key to blame, the problem, the advice."""

TLS: Path = ("proxy", "tls")


def socket_conflicts(settings: Settings) -> Iterator[Conflict]:
    """Addresses that collide, certificates without keys, doors that stand open."""
    yield from _addresses(settings)
    yield from _tls(settings.proxy.tls)
    yield from _open_proxy(settings)


def socket_notes(settings: Settings) -> Iterator[str]:
    """Who can reach us, and who trusts us with what."""
    proxy, control = settings.proxy, settings.control
    if proxy.connect.intercept:
        yield (
            "proxy.connect.intercept is on: programs that trust the local authority (`sidecar ca show`) let this sidecar read "
            f"what they send to hosts of upstreams; tunnels to other hosts are {_others(settings)}"
        )
    if not proxy.listen.is_loopback:
        encrypted = "" if proxy.tls.is_on else ", in the clear unless proxy.tls is set"
        yield (
            f"the proxy listens on {proxy.listen}, beyond this machine: whoever reaches it can send calls "
            f"on, with credentials of their own{encrypted}"
        )
    if not control.listen.is_loopback:
        yield (
            f"the control socket listens on {control.listen}, beyond this machine: what stands between everybody and "
            "it is control.token, which travels in the clear"
        )


def _others(settings: Settings) -> str:
    connect = settings.proxy.connect
    if connect.others is Others.REFUSE or not connect.ports:
        return "refused, so that a program whose HTTPS_PROXY leads here reaches no other"
    return f"made unread, to port {' and '.join(map(str, connect.ports))}"


def _addresses(settings: Settings) -> Iterator[Conflict]:
    taken: list[tuple[str, Address]] = []
    for name in ("proxy", "control", "observe"):
        listen: Address = getattr(settings, name).listen
        for other, address in taken:
            if listen.collides(address):
                yield (name, "listen"), f"'{listen}' is taken by {other}.listen", "give each socket a port of its own"
        taken.append((name, listen))
    if not settings.control.listen.is_loopback and settings.control.token is None:
        problem = f"'{settings.control.listen}' is not a loopback address, and there is no control.token"
        yield ("control", "listen"), problem, "write 127.0.0.1, which nobody else reaches, or set control.token"


def _tls(tls: Tls) -> Iterator[Conflict]:
    if tls.local and (tls.cert or tls.key):
        yield (
            (*TLS, "local"),
            "there is a certificate of your own too",
            "keep cert and key, or local, and remove the other",
        )
    if tls.local and not tls.names:
        yield (*TLS, "names"), "names no host that a certificate could be for", "write those by which callers reach us"
    if tls.cert is not None and tls.key is None:
        yield (*TLS, "cert"), "has no key", "set proxy.tls.key too"
    elif tls.key is not None and tls.cert is None:
        yield (*TLS, "key"), "has no certificate", "set proxy.tls.cert too"
    elif (
        tls.cert is not None
        and tls.key is not None
        and (problem := problem_of_pair(tls.cert, tls.key, "proxy.tls.cert"))
    ):
        yield (*TLS, "key"), f"'{tls.key}' {problem}", "give both halves of one pair"


def _open_proxy(settings: Settings) -> Iterator[Conflict]:
    """CONNECT asks for no password: who reaches us may have a tunnel to any host, in our name."""
    proxy = settings.proxy
    if proxy.connect.intercept and proxy.connect.others is Others.TUNNEL and not proxy.listen.is_loopback:
        problem = f"everybody who reaches {proxy.listen} could have tunnels to any host: an open proxy"
        yield ("proxy", "connect", "others"), problem, "write refuse, or have proxy.listen on 127.0.0.1"


def circle(settings: Settings) -> Iterator[Conflict]:
    """A way out that leads in again: HTTPS_PROXY, meant for the application, is read by us too.

    Not among the others: it stands in the way of a sidecar, and of no other command that is typed where that variable is set.
    """
    way, listen = settings.egress.https_proxy, settings.proxy.listen
    if way is None or way.port != listen.port:
        return
    other = Address(way.host, way.port)
    is_here = other.host == listen.host or (other.is_loopback and (listen.is_loopback or listen.is_wildcard))
    if is_here:
        problem = f"{other} is proxy.listen: every call would come back here"
        yield (
            ("egress", "https_proxy"),
            problem,
            "set HTTPS_PROXY for the application alone, or egress.https_proxy: off",
        )
