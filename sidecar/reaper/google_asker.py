"""Asking Google about its operations with google-genai, Google's own client.

What has a call of the SDK is asked by it (`google_calls.py` has the table): state and cancel of batches, interactions, tunings,
and the state of videos. Everything else goes as our own request: listings in which a lost id is looked up, rows of results,
other long-running operations, and requests that carry a query of their own.

The SDK is loaded with the first such question, in a thread, and the part for interactions with the first about one: together
1.2 s and 60 MiB (3.4.0, on two shared cores; the loop is held up for 40 ms once), which a sidecar whose callers open no
operations at Google never pays. Afterwards each question costs one or two milliseconds. Before a request leaves it is held beside
the one that the dialect asked for: if they differ in method or path, a newer SDK has another opinion of where the operation is,
and ours is sent.
"""

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.answer import Answer, Credential
from sidecar.providers.operation import Ask
from sidecar.reaper.google_calls import Call, call_for
from sidecar.reaper.google_delay import with_delay
from sidecar.reaper.google_errand import ERRAND, Errand, Upstreams

if TYPE_CHECKING:
    from sidecar.reaper.google_sdk import Sdk

GOOGLE: Final = ("gemini", "vertex")
"""The dialects whose operations are Google's."""
MOST_AT_ONCE: Final = 16
"""Questions on their way through the SDK, whose own work is done in our loop."""


class GoogleAsker:
    """An `Asker` of the reaper for all dialects: of those of Google what has a call goes by the SDK."""

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._loading = asyncio.Lock()
        self._sdk: Sdk | None = None
        self._ready: set[str] = set()
        """Collections that were rehearsed."""

    async def ask(self, record: OperationRecord, ask: Ask, credential: Credential | None) -> Answer:
        """Send one request about an operation and wait for the whole answer, whatever its status.

        Raises:
            Unreachable: there was none.
        """
        if record.dialect not in GOOGLE:
            return await self._upstreams.ask(record, ask, credential)
        call = call_for(ask)
        errand = Errand(self._upstreams, record, ask, credential)
        if call is not None:
            async with self._places:
                await self._send_by_sdk(call, errand)
        return with_delay(errand.answer() or await self._upstreams.ask(record, ask, credential))

    async def load(self, ask: Ask) -> None:
        """Have the SDK ready for such a question, which is to be sent in a hurry: loading it takes a second."""
        call = call_for(ask)
        if call is not None:
            with contextlib.suppress(ImportError):
                await self._sdk_for(call)

    async def _send_by_sdk(self, call: Call, errand: Errand) -> None:
        """Make the call; what comes of it the errand knows."""
        with contextlib.suppress(ImportError):  # a broken installation keeps nobody from cancelling
            sdk = await self._sdk_for(call)
            before = ERRAND.set(errand)
            try:
                await sdk.do(call)
            finally:
                ERRAND.reset(before)

    async def _sdk_for(self, call: Call) -> "Sdk":
        async with self._loading:
            if self._sdk is None or call.collection not in self._ready:
                self._sdk = await asyncio.to_thread(_rehearsed, self._sdk, call)
                self._ready.add(call.collection)
        return self._sdk

    async def close(self) -> None:
        """Let go of the SDK, if it was loaded."""
        async with self._loading:
            sdk, self._sdk = self._sdk, None
        if sdk is not None:
            await sdk.close()


def _rehearsed(sdk: "Sdk | None", call: Call) -> "Sdk":
    """In a thread."""
    from sidecar.reaper.google_sdk import Sdk

    sdk = sdk or Sdk()
    sdk.rehearse(call)
    return sdk
