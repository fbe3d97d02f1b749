"""Through an egress proxy: a CONNECT request, its answer, and from there on bytes that the proxy does not look at.

RFC 9110 section 9.3.6. The reading is apart from the connection, so that it can be tried at every split.
"""

import asyncio
import base64
from typing import cast

from sidecar.config.proxy_url import ProxyUrl
from sidecar.errors import ProtocolError, ReplyBroken
from sidecar.http1.head import END_OF_HEAD, read_reply_head

MOST_HEAD_BYTES = 16 * 1024
"""Of the proxy's answer. It has nothing to say that is longer."""


class TunnelRefused(ProtocolError):
    """The proxy answered CONNECT with another status than 2xx."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    def __str__(self) -> str:
        return f"status {self.status}"


def connect_request(authority: str, proxy: ProxyUrl) -> bytes:
    """The request for a tunnel to `host:port`, with the credentials of the proxy's URL (RFC 7617), if it has some."""
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy.credentials is not None:
        lines.append(f"Proxy-Authorization: Basic {base64.b64encode(proxy.credentials).decode('ascii')}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


class TunnelReply:
    """Reads the answer to CONNECT. Bytes behind it would belong to the tunnel, where in TLS it is our turn to speak."""

    def __init__(self) -> None:
        self._raw = b""

    def feed(self, data: bytes) -> bool:
        """Take the next bytes; True once the tunnel is open.

        Raises:
            TunnelRefused: the proxy said no.
            ReplyBroken: what came is no answer in HTTP/1.1, or has something behind it.
        """
        self._raw += data
        while (end := self._raw.find(END_OF_HEAD) + len(END_OF_HEAD)) >= len(END_OF_HEAD):
            head, self._raw = self._raw[:end], self._raw[end:]
            status = read_reply_head(head, b"CONNECT").status
            if status >= 300:
                raise TunnelRefused(status)
            if status >= 200:
                if self._raw:
                    raise ReplyBroken("bytes came through the tunnel before TLS had begun")
                return True
        if len(self._raw) > MOST_HEAD_BYTES:
            raise ReplyBroken("its head is too large")
        return False


class Tunnel(asyncio.Protocol):
    """A connection to a proxy until the tunnel is open. Then reading is paused, and the connection is somebody else's."""

    def __init__(self, request: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self._request = request
        self._reply = TunnelReply()
        self.opened: asyncio.Future[None] = loop.create_future()
        """Done when the proxy has answered; else with `TunnelRefused`, `ReplyBroken`, or the `OSError` that came instead."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The proxy is there: ask."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """A piece of the answer."""
        if self.opened.done():
            return
        try:
            if self._reply.feed(data):
                self._transport.pause_reading()
                self.opened.set_result(None)
        except ProtocolError as refused:
            self.opened.set_exception(refused)

    def connection_lost(self, error: Exception | None) -> None:
        """The proxy closed."""
        if not self.opened.done():
            self.opened.set_exception(error or ConnectionResetError())
