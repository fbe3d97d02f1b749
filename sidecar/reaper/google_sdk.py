"""google-genai, loaded when it is first needed: clients whose requests are carried by us.

The SDK writes a request and wants to send it; there stands `Carriage`, a transport of the SDK's own HTTP library, which is the
public way to hand it a connection of one's own (`HttpOptions.httpx_async_client`). So certificates, the egress proxy, hosts by
region and every limit are those of the sidecar's own connections, and no credential ever enters the SDK, its logs or its caches:
it is put in behind it. The answer does not enter it either. The dialect's own reader reads it, and to have it taken apart twice
would hold up every caller while a batch of 20 MB is made into objects for nobody.

Nothing of the sidecar's environment decides (google-wire 5.2): base address, version, project, location, key and mode are all
passed, and the address that a request is for is not even looked at. Its own retries are off.
"""

import asyncio
import contextlib
import ssl
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import httpx2
from google import genai
from google.genai import types
from google.genai.client import DebugConfig
from google.oauth2.credentials import Credentials

from sidecar.providers.answer import Unreachable
from sidecar.providers.operation import Ask
from sidecar.reaper.google_calls import Call, Client
from sidecar.reaper.google_errand import ERRAND

if TYPE_CHECKING:
    from google.genai.client import AsyncClient

STAND_IN: Final = "none"
"""Where the SDK insists on a credential."""
ORIGIN: Final = "http://upstream.invalid"
"""Where the SDK insists on an address (RFC 6761 section 6.4: a name that nobody has)."""
MOST_CLIENTS: Final = 16
"""Kept at once: one for each version, project and location."""

PASSED_ON: Final = ("user-agent", "x-goog-api-client")
"""What the SDK says of itself. All other header fields are written anew behind it."""


class Carriage(httpx2.AsyncBaseTransport):
    """Gives the SDK's requests to their errand. To the SDK it looks like a connection that broke."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; the errand keeps the answer.

        Raises:
            ConnectError: always.
        """
        said = tuple((name.encode(), request.headers[name].encode()) for name in PASSED_ON if name in request.headers)
        ask = Ask(request.method, request.url.raw_path.decode("ascii"), await request.aread())
        with contextlib.suppress(Unreachable):  # which the errand keeps too
            await ERRAND.get().carry(ask, said)
        raise httpx2.ConnectError("the answer is kept by the errand", request=request)


class NoCarriage(httpx2.BaseTransport):
    """The SDK's blocking half, which nobody uses."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Refuse."""
        raise httpx2.ConnectError("not sent: the sidecar does not block", request=request)


class Sdk:
    """The clients that are in use. Each takes some milliseconds to make, and holds no connection."""

    def __init__(self) -> None:
        self._carriage = httpx2.AsyncClient(transport=Carriage(), trust_env=False)
        self._no_carriage = httpx2.Client(transport=NoCarriage(), trust_env=False)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # or each client would load the system's authorities
        self._clients: OrderedDict[Client, AsyncClient] = OrderedDict()

    def rehearse(self, call: Call) -> None:
        """Load all that such a call needs, off the loop: a call without an errand comes as far as sending, and no further.

        Interactions alone take half a second of CPU time at their first call.
        """
        asyncio.run(self.do(call))

    async def do(self, call: Call) -> None:
        """Make one call, for the errand of the present task. What the SDK says of it is of no interest here. Never raises."""
        with contextlib.suppress(Exception):
            await self._do(call)

    async def _do(self, call: Call) -> None:
        collection: Any = getattr(self._client(call.client), call.collection)
        method = getattr(collection, call.method)
        if call.collection == "interactions":
            await method(call.name)
        elif call.collection == "operations":
            await method(types.GenerateVideosOperation.model_validate({"name": call.name}))
        else:
            await method(name=call.name)

    def _client(self, client: Client) -> "AsyncClient":
        known = self._clients.get(client)
        if known is None:
            known = self._clients[client] = self._made(client)
        self._clients.move_to_end(client)
        if len(self._clients) > MOST_CLIENTS:
            self._clients.popitem(last=False)
        return known

    def _made(self, client: Client) -> "AsyncClient":
        options = types.HttpOptions(
            base_url=ORIGIN + client.base,
            api_version=client.version,
            httpx_client=self._no_carriage,
            httpx_async_client=self._carriage,
            async_client_args={"ssl": self._tls},
            retry_options=types.HttpRetryOptions(attempts=1),
        )
        debug = DebugConfig(client_mode=None, replays_directory=None, replay_id=None)
        if client.project is None:
            return genai.Client(enterprise=False, api_key=STAND_IN, http_options=options, debug_config=debug).aio
        return genai.Client(
            enterprise=True,
            project=client.project,
            location=client.location,
            credentials=Credentials(token=STAND_IN),  # type: ignore[no-untyped-call]
            http_options=options,
            debug_config=debug,
        ).aio

    async def close(self) -> None:
        """Let go of all clients."""
        self._clients.clear()
        self._no_carriage.close()
        await self._carriage.aclose()
