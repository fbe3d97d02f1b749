"""What came to us as a command's proxy, and what of it we could not read: calls may have passed there uncounted. Pure."""

from collections.abc import Iterator

import msgspec


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What of the command's https connections came to us as its proxy, and what became of them."""

    intercepted: int = 0
    """To hosts of upstreams."""
    tunneled: int = 0
    """To other hosts, unread."""
    grpc: int = 0
    """To hosts of upstreams, by programs that insist on HTTP/2: unread."""
    given_up: int = 0
    """Ended by programs in the handshake, as those do that do not trust our authority; some say so, some just close."""


def unseen(seen: Seen | None, *, has_calls: bool) -> Iterator[str]:
    """What may have been called without our seeing it, and why; each a line. `has_calls`: some were seen."""
    if seen is None:
        return
    if seen.given_up:
        yield (
            f"connections given up in the handshake: {seen.given_up}; a program may take its authorities from elsewhere than "
            "SSL_CERT_FILE, REQUESTS_CA_BUNDLE or NODE_EXTRA_CA_CERTS"
        )
    if seen.grpc:
        yield f"connections by HTTP/2 alone (gRPC) that passed unread, at a cost that is not known: {seen.grpc}"
    if has_calls or seen.given_up or seen.grpc:
        return
    if seen.tunneled:
        yield f"connections to hosts that no upstream has, which passed unread: {seen.tunneled}"
    elif not seen.intercepted:
        yield "nothing came by HTTPS_PROXY: it called nobody, or does not heed it (Java, Node.js before 22.21)"
