"""Clients that do not trust the local authority: said in the log, once for each host, with what they lack.

Nothing else would tell people: such a client has an error of its own, about a certificate of which it says only that it is wrong.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

MOST_TOLD = 1000
"""Hosts; a tunnel's is one of the shapes that upstreams have, of which there are more than anybody has."""
CLOSED = "the client closed the connection amid the handshake, as some do that do not trust a certificate"
UNUSED = "the client closed the connection right behind the handshake, as some do that do not trust a certificate"
TRUST = (
    "start the program with SSL_CERT_FILE, REQUESTS_CA_BUNDLE (Python's requests), NODE_EXTRA_CA_CERTS (Node), AWS_CA_BUNDLE or "
    "CURL_CA_BUNDLE, whichever it reads, naming the local authority: `sidecar ca show` says which file"
)


def tell_untrusted(context: "Context", host: str, problem: str) -> None:
    """Warn that clients do not trust what we show for a host (for the proxy port itself where it is empty)."""
    told = context.told_untrusted
    if host not in told and len(told) < MOST_TOLD:
        told.add(host)
        context.warn("certificate_not_trusted", host=host or "the proxy port", problem=problem, advice=TRUST)
