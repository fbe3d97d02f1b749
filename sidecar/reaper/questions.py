"""Requests of our own to providers: with one credential after another, so many at once, and each with its time box."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.operation import Ask
from sidecar.reaper.contract import Answer, Asker, Credential, Credentials, Unreachable

PATIENCE_SECONDS: Final = 10.0
"""For one answer, from the moment it is asked for."""
AT_ONCE: Final = 32
"""Questions that are out at the same time. Looks and cancels are counted apart: no look delays a cancel."""

NOT_LET_IN: Final = frozenset({401, 403})


class Questions:
    """Asks. Belongs to the event loop's thread."""

    def __init__(self, asker: Asker, credentials: Credentials, at_once: int = AT_ONCE) -> None:
        self._asker = asker
        self._credentials = credentials
        self._slots = asyncio.Semaphore(at_once)

    async def ask(
        self,
        record: OperationRecord,
        ask: Ask,
        is_next_tried: Callable[[Answer], bool],
        may_ask: Callable[[], Awaitable[bool]] | None = None,
    ) -> Answer | None:
        """The answer of the first credential for which no other needs to be tried, else the last one's; None where there is none.

        `may_ask` is awaited right before each request leaves; where it says no, nothing is asked and the answer is None as well.

        Raises:
            Unreachable: no answer came.
        """
        answer: Answer | None = None
        async with self._slots:
            for credential in await self._credentials.candidates(record):
                if may_ask is not None and not await may_ask():
                    return None
                answer = await self._once(record, ask, credential)
                if not is_next_tried(answer):
                    break
        return answer

    async def _once(self, record: OperationRecord, ask: Ask, credential: Credential) -> Answer:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._asker.ask(record, ask, credential)
        except TimeoutError:
            raise Unreachable(f"no answer within {PATIENCE_SECONDS:.0f} s") from None
