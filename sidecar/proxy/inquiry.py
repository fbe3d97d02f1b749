"""Asking the provider, behind a call that was cut, what it asks for it: where it has a place to ask (OpenRouter).

A read with the caller's own credential, which is held in memory for as long as this takes and no longer. The call settles
when the answer is there, or when there is none in time: then with what its stream had told.
"""

import asyncio
from typing import TYPE_CHECKING

from sidecar.lifecycle.call import Outcome
from sidecar.providers.answer import Unreachable
from sidecar.providers.contract import Inquiry as Question, Reported
from sidecar.providers.credential_seen import credential_in
from sidecar.providers.operation import Ask
from sidecar.proxy.asking import Bounds, ask

if TYPE_CHECKING:
    from sidecar.proxy.account import Account
    from sidecar.proxy.exchange import Exchange

CUT = frozenset({Outcome.ORPHAN_CUT, Outcome.CUT_SHORT})
"""Outcomes after which the stream itself has not told what the call used."""
DELAYS_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Before each time we ask. The record of a call appears some moments after its end; how many is nowhere said."""
BOUNDS = Bounds(timeout_seconds=5.0, most_bytes=64 * 1024)
"""Of one answer. OpenRouter's has about 1 KiB."""


def settle_or_ask(exchange: "Exchange", account: "Account") -> None:
    """Settle a call whose end has come; ask first what it cost where that is not known and can be asked."""
    question, reader = account.route.inquiry, account.reader
    is_cut = exchange.call.outcome in CUT
    identity = question.identity(reader) if question is not None and reader is not None and is_cut else ""
    if question is None or not identity:
        account.settle(exchange.call)
        return
    exchange.context.inquiries.add(Inquiry(exchange, account, question, identity))


class Inquiry:
    """Asks until there is an answer, and settles the call with it."""

    def __init__(self, exchange: "Exchange", account: "Account", question: Question, identity: str) -> None:
        self._context = exchange.context
        self._destination = exchange.admission.destination
        self._call = exchange.call
        self._account = account
        self._question = question
        self._ask = Ask("GET", question.path(identity).decode("latin-1"))
        self._task = self._context.loop.create_task(self._until_told())

    def end(self, told: Reported | None) -> None:
        """Settle the call, and let go of everything."""
        self._task.cancel()
        self._context.inquiries.discard(self)
        self._account.settle(self._call, told)

    async def _until_told(self) -> None:
        told = None
        for delay_seconds in DELAYS_SECONDS:
            await asyncio.sleep(delay_seconds)
            told = await self._told()
            if told is not None:
                break
        self.end(told)

    async def _told(self) -> Reported | None:
        """What the provider says now; None when that is nothing, or it says nothing."""
        credential = credential_in(self._destination.dialect.name, self._account.request_fields)
        try:
            answer = await ask(self._context, self._destination, self._ask, credential, bounds=BOUNDS)
        except Unreachable:
            return None
        return self._question.read(answer.body) if answer.status == 200 else None
