"""A TLS client whose bytes a test has in its hands: it cuts them, holds them back, and sends them together."""

import contextlib
import ssl

import pytest

from tests.proxy.sockets import Caller


class MemoryTls:
    """Speaks TLS in memory; what it says is sent by the test, over a plain caller."""

    def __init__(self, caller: Caller, context: ssl.SSLContext, host: str = "127.0.0.1") -> None:
        self.caller = caller
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def says(self, data: bytes = b"") -> bytes:
        """What it sends next: of the handshake as far as it can go on, then data."""
        try:
            self._tls.do_handshake()
            if data:
                self._tls.write(data)
        except ssl.SSLWantReadError:
            assert not data, "the handshake has not come so far"
        return self._outgoing.read()

    def says_goodbye(self) -> bytes:
        """Its close_notify."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.unwrap()
        return self._outgoing.read()

    def complains(self) -> bytes:
        """The alert about a certificate that it does not trust."""
        with pytest.raises(ssl.SSLCertVerificationError):
            self._tls.do_handshake()
        return self._outgoing.read()

    async def hear(self) -> None:
        """Take what comes next."""
        data = await self.caller.receive()
        assert data, "the connection ended"
        self._incoming.write(data)

    async def shake(self, last: bytes = b"") -> bytes:
        """Shake hands up to the client's own last message, which is returned, with data behind it."""
        await self.caller.send(self.says())
        await self.hear()
        return self.says(last)

    async def read(self, until: bytes) -> bytes:
        """What the server says, until these bytes have come."""
        got = b""
        while until not in got:
            try:
                got += self._tls.read(65536)
            except ssl.SSLWantReadError:
                await self.hear()
        return got
