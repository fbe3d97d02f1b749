"""The answer of an operation told piece by piece, to its create or to whoever comes back for it."""

from sidecar.simulator.bill import Finished
from sidecar.simulator.family import OpeningSpeech
from sidecar.simulator.operation import Operation
from sidecar.simulator.phase import Phase
from sidecar.simulator.reply import Reply
from sidecar.simulator.request import Request

END_OF_EVENT = b"\n\n"


def events_skipped(request: Request) -> int:
    """How many events somebody who comes back has had: OpenAI counts from 0, Google's ids from `e1`."""
    after, last = request.query.get("starting_after", ""), request.query.get("last_event_id", "")
    if after.isdecimal():
        return int(after) + 1
    return int(last[1:]) if last[1:].isdecimal() else 0


class OperationStream:
    """Writes each step as it is made, then the end. Who leaves stops the writing, not the work."""

    def __init__(self, operation: Operation, speech: OpeningSpeech, reply: Reply, skip: int = 0) -> None:
        """Prepare it; `skip` events are kept back, for they are had already."""
        self._operation, self._speech, self._reply, self._skip = operation, speech, reply, skip

    async def run(self) -> None:
        """Write it to its end."""
        self._reply.add(self._speech.headers())
        await self._reply.start(200, self._speech.stream_type)
        for step in range(self._operation.opening.undertaking.plan.steps + 1):
            if not await self._operation.reached(step):
                break
            await self._write(self._speech.piece(step))
        await self._operation.over()
        if self._operation.finished_how is Finished.STOPPED:
            self._reply.break_off()
            return
        await self._reply.end(self._fresh(self._end() + self._speech.trailer()))

    def _end(self) -> bytes:
        match self._operation.phase:
            case Phase.SUCCEEDED:
                return self._speech.closing()
            case Phase.FAILED:
                return self._speech.failure()
        return self._speech.cancelled(self._operation.made)

    async def _write(self, piece: bytes) -> None:
        if fresh := self._fresh(piece):
            await self._reply.write(fresh)

    def _fresh(self, piece: bytes) -> bytes:
        """What of a piece is not had already."""
        events = piece.split(END_OF_EVENT)[:-1]
        kept = events[self._skip :]
        self._skip -= len(events) - len(kept)
        return b"".join(event + END_OF_EVENT for event in kept)
