"""The provider of `sizing.py`: `python -m tests.bench.sizing_provider PORT CERTIFICATE KEY`.

The benchmark's own provider behind TLS, as every real one is: an open connection then costs the sidecar's side of it as well. A
request that asks for it gets an answer of so many bytes.
"""

import asyncio
import re
import ssl
import sys

from tests.bench.provider import BACKLOG, Connection
from tests.bench.transcript import MODEL

SIZE = re.compile(rb"answer_bytes=(\d+)")
WORK_SECONDS = 2.0
"""Before a large answer: time for its caller to leave."""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
ANSWER = (
    b'{"candidates":[{"content":{"parts":[{"inlineData":{"mimeType":"image/png","data":"%b"}}],"role":"model"},'
    b'"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":1290,'
    b'"totalTokenCount":1300},"modelVersion":"%b"}'
)


class SizedConnection(Connection):
    """A caller's connection: one call after the other, some with an image as large as they ask for."""

    def on_message_complete(self) -> None:
        size = SIZE.search(self._body)
        if size is None:
            super().on_message_complete()
            return
        body = ANSWER % (b"A" * int(size[1]), MODEL.encode())
        self._timer = self._loop.call_later(WORK_SECONDS, self._transport.write, HEAD % len(body) + body)


async def serve(port: int, certificate: str, key: str) -> None:
    """Serve until killed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(SizedConnection, "127.0.0.1", port, backlog=BACKLOG, ssl=context)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
