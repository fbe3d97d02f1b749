"""One request about operations, from its last byte to the last one of its reply."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from sidecar.simulator.declined import Declined, pretty
from sidecar.simulator.keys import credential_of, digest_of
from sidecar.simulator.operation import Opening
from sidecar.simulator.operation_routes import Asking, Verb
from sidecar.simulator.operation_stream import OperationStream, events_skipped
from sidecar.simulator.operations import Kept, Operations
from sidecar.simulator.phase import Phase
from sidecar.simulator.refusals import refusal
from sidecar.simulator.reply import Reply
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect
from sidecar.simulator.speech import JSON, json_line
from sidecar.simulator.undertaking import Undertaking
from sidecar.simulator.view import View

LINES = "application/x-jsonl"
AFTER_A_SECOND = (b"retry-after", b"1")
LENGTHS, STARTS, PAGE_LENGTH = ("pageSize", "limit"), ("pageToken", "after", "after_id"), 100
GOOGLES = (Dialect.GEMINI, Dialect.VERTEX)


class OperationExchange:
    """Answers one request. A caller that leaves misses the reply; what it has asked for is done."""

    def __init__(self, asking: Asking, request: Request, reply: Reply, operations: Operations) -> None:
        self._asking, self._request, self._reply, self._operations = asking, request, reply, operations
        self._credential = digest_of(credential_of(request))

    def begin(self, number: int, undertaking: Undertaking) -> Kept:
        """Begin the operation that a create asks for."""
        family = self._asking.family
        opening = Opening(number, family.name_of(number), family, self._request, undertaking)
        return self._operations.begin(opening, self._credential, self._reply)

    async def answer_create(self, kept: Kept) -> None:
        """Answer a create, as its script says."""
        family, script = self._asking.family, kept.operation.script
        if script.reply_after:
            await asyncio.sleep(script.reply_after)
        if script.lost_reply:
            self._reply.break_off()
        elif family.speak is not None and kept.undertaking.plan.is_stream:
            await self._stream(kept, 0)
        else:
            await self._wait_for_the_end(kept, family.waits(self._request))
            await self._write(family.accepted, family.tell(self._first_view(kept)))

    async def answer(self) -> None:
        """Answer anything but a create."""
        try:
            await self._answer()
        except Declined as declined:
            await self.decline(declined)

    async def _answer(self) -> None:
        family, verb = self._asking.family, self._asking.verb
        if verb is Verb.LIST:
            await self._list(self._operations.listed(family))
            return
        kept = self._operations.find(family, self._asking.id)
        if kept is None or kept.operation.is_forgotten:
            raise Declined(404, f"{self._asking.id!r} was not found.")
        await self._answer_about(kept)

    async def _answer_about(self, kept: Kept) -> None:
        match self._asking.verb:
            case Verb.CANCEL:
                await self._cancel(kept)
            case Verb.RESULTS:
                await self._results(kept)
            case _:
                await self._poll(kept)

    async def _poll(self, kept: Kept) -> None:
        self._note(kept, 200)
        if self._request.query.get("stream") == "true" and self._asking.family.speak is not None:
            await self._stream(kept, events_skipped(self._request))
        else:
            await self._write(200, self._asking.family.tell(kept.operation.view(self._origin)))

    async def _cancel(self, kept: Kept) -> None:
        family = self._asking.family
        if family.uncancellable is not None:
            raise family.uncancellable.again()
        kept.operation.cancel()
        self._note(kept, 200)
        await self._write(200, family.tell_cancel(kept.operation.view(self._origin)))

    async def _results(self, kept: Kept) -> None:
        tell = self._asking.family.results
        lines = tell(kept.operation.view(self._origin)) if tell else None
        if lines is None:
            raise Declined(404, "There are no results.")
        self._note(kept, 200)
        await self._reply.whole(200, LINES, lines)

    async def _list(self, several: Sequence[Kept]) -> None:
        tell = self._asking.family.tell_list
        if tell is None:
            raise Declined(404, "There is no listing of these.")
        page, more = page_of(several, self._request.query)
        await self._write(200, tell([kept.operation.view(self._origin) for kept in page], more))

    async def _stream(self, kept: Kept, skip: int) -> None:
        speak, plan = self._asking.family.speak, kept.undertaking.plan
        assert speak is not None
        speech = speak(plan, kept.operation.view().naming)
        await OperationStream(kept.operation, speech, self._reply, skip).run()

    async def _wait_for_the_end(self, kept: Kept, seconds: float) -> None:
        if seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(kept.operation.over(), seconds)

    def _first_view(self, kept: Kept) -> View:
        """What a create is told: most houses say that it is queued, if they do not take their time to say it."""
        view, family = kept.operation.view(self._origin), self._asking.family
        took_its_time = kept.operation.script.reply_after or family.waits(self._request)
        if view.phase is not Phase.RUNNING or not family.is_queued_first or took_its_time:
            return view
        return msgspec.structs.replace(view, phase=Phase.QUEUED, made=None, started_at=None)

    async def decline(self, declined: Declined) -> None:
        """Answer with an error."""
        told, kept = self._as_told(declined), self._operations.find(self._asking.family, self._asking.id)
        if kept is not None:
            self._note(kept, told.status)
        if told.status == 429:
            self._reply.add([AFTER_A_SECOND])
        await self._write(told.status, refusal(self._asking.dialect, told))

    def _as_told(self, declined: Declined) -> Declined:
        """What Google calls a failed precondition is a conflict elsewhere."""
        if declined.rpc == "FAILED_PRECONDITION" and self._asking.dialect not in GOOGLES:
            return Declined(409, declined.message)
        return declined

    async def _write(self, status: int, document: dict[str, Any]) -> None:
        body = pretty(document) if self._asking.dialect in GOOGLES else json_line(document)
        await self._reply.whole(status, JSON, body, with_length=True)

    def _note(self, kept: Kept, status: int) -> None:
        self._operations.note(self._asking.verb, kept, status, self._credential)

    @property
    def _origin(self) -> str:
        return f"http://{self._request.headers.get('host', 'simulator')}"


def page_of(several: Sequence[Kept], query: Mapping[str, str]) -> tuple[Sequence[Kept], bool]:
    """One page of a listing, by anybody's names for its length and its start, and whether there are more behind it."""
    length = next((query[name] for name in LENGTHS if query.get(name, "").isdecimal()), "")
    after = next((query[name] for name in STARTS if name in query), "")
    places = [place for place, kept in enumerate(several) if kept.opening.id == after]
    first = places[0] + 1 if places else 0
    last = first + max(1, int(length or PAGE_LENGTH))
    return several[first:last], last < len(several)
