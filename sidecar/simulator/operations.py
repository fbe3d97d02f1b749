"""All operations of one simulator: begun, found, listed, asked about, and put on the bill when they are over."""

from collections import defaultdict

import msgspec

from sidecar.clock import Clock, Moment
from sidecar.simulator.bill import Bill, Entry, Finished
from sidecar.simulator.family import Family
from sidecar.simulator.journal import Asked, Journal, Line, Seen
from sidecar.simulator.milestones import Milestone, Milestones
from sidecar.simulator.operation import Opening, Operation
from sidecar.simulator.reply import Reply
from sidecar.simulator.request import Request
from sidecar.simulator.undertaking import Undertaking


class Kept(msgspec.Struct):
    """One operation with what belongs to it."""

    operation: Operation
    credential: str
    """Digest of that of the create."""
    reply: Reply
    """Of the create."""
    asked: Asked
    caller_left_at: Moment | None = None
    """The create's caller left before it had the whole reply."""
    is_answered: bool = False
    """The create is over for both sides."""
    is_billed: bool = False

    @property
    def opening(self) -> Opening:
        """What it was made from."""
        return self.operation.opening

    @property
    def undertaking(self) -> Undertaking:
        """What it does."""
        return self.opening.undertaking


class Operations:
    """Every operation that was created, ended or not."""

    def __init__(self, clock: Clock, bill: Bill, told: Milestones) -> None:
        self._clock, self._bill, self._told = clock, bill, told
        self._kept: dict[tuple[str, str], Kept] = {}
        self._of_family: defaultdict[str, list[Kept]] = defaultdict(list)
        self.journal = Journal()

    @property
    def seen(self) -> tuple[Seen, ...]:
        """A picture of all of them, oldest first."""
        return tuple(map(seen, self._kept.values()))

    def begin(self, opening: Opening, credential: str, reply: Reply) -> Kept:
        """Begin an operation's work; `reply` is the one that its create is about to be given."""
        operation = Operation(opening, self._clock, lambda _: self._settle(kept))
        kept = Kept(operation, credential, reply, Asked())
        self._kept[opening.family.name, opening.id] = kept
        self._of_family[opening.family.name].append(kept)
        self._told.reach(opening.request.tag, Milestone.RECEIVED)
        return kept

    def answered(self, kept: Kept) -> None:
        """Its create is over for both sides."""
        kept.is_answered = True
        self._note("create", kept, kept.reply.http_status, kept.credential)
        self._settle(kept)

    def declined(self, request: Request, credential: str, answer: int | None) -> None:
        """A create was declined."""
        self.journal.write(Line(self._clock.now(), "create", "", request.tag, credential, answer))

    def find(self, family: Family, name: str) -> Kept | None:
        """The operation of that id, also when it is forgotten; None where there never was one."""
        return self._kept.get((family.name, name))

    def listed(self, family: Family) -> list[Kept]:
        """Those of a family that are known, newest first."""
        return [kept for kept in reversed(self._of_family[family.name]) if not kept.operation.is_forgotten]

    def note(self, what: str, kept: Kept, answer: int, credential: str) -> None:
        """Write down that it was asked about."""
        self._note(what, kept, answer, credential)
        if what == "cancel":
            self._told.reach(kept.opening.request.tag, Milestone.CANCEL_ASKED)

    def release(self, tag: str) -> int:
        """Let the held work of these operations go on; returns how many of that tag are under way."""
        named = [
            kept
            for kept in self._kept.values()
            if kept.opening.request.tag == tag and kept.operation.finished_how is None
        ]
        for kept in named:
            kept.operation.release()
        return len(named)

    def stop_work(self) -> None:
        """End all work now; what is made so far is charged."""
        for kept in self._kept.values():
            kept.operation.stop()
            kept.is_answered = True
            self._settle(kept)

    def _note(self, what: str, kept: Kept, answer: int | None, credential: str) -> None:
        opening = kept.opening
        line = Line(self._clock.now(), what, opening.id, opening.request.tag, credential, answer)
        self.journal.write(line, kept.asked)

    def _settle(self, kept: Kept) -> None:
        """Put it on the bill, once: when its work has ended, and its create is answered."""
        if kept.operation.finished_how is None:
            return
        tag = kept.opening.request.tag
        self._told.reach(tag, Milestone.FINISHED)
        if kept.is_answered and not kept.is_billed:
            kept.is_billed = True
            self._bill.add(entry_of(kept))
            self._told.reach(tag, Milestone.BILLED)


def seen(kept: Kept) -> Seen:
    """A picture of one of them."""
    operation, opening = kept.operation, kept.opening
    how = operation.finished_how
    return Seen(
        id=opening.id,
        tag=opening.request.tag,
        family=opening.family.name,
        kind=opening.undertaking.kind,
        model=opening.undertaking.plan.model.name,
        credential=kept.credential,
        state=operation.phase,
        created_at=opening.request.received_at,
        ended_at=operation.finished_at,
        finished_how=how,
        cancels=kept.asked.cancels,
        polls=kept.asked.polls,
        last_polled_at=kept.asked.last_polled_at,
        results_read=kept.asked.results_read,
        usd=opening.undertaking.usd_after(operation.made),
    )


def entry_of(kept: Kept) -> Entry:
    """What is charged for an operation that is over."""
    operation, opening, reply = kept.operation, kept.opening, kept.reply
    undertaking, request = opening.undertaking, opening.request
    return Entry(
        number=opening.number,
        id=request.tag,
        dialect=undertaking.plan.route.dialect,
        method=opening.family.method,
        model=undertaking.plan.model.name,
        kind=undertaking.kind,
        received_at=request.received_at,
        first_byte_at=reply.first_byte_at,
        caller_left_at=kept.caller_left_at,
        finished_at=operation.finished_at or 0,
        finished_how=operation.finished_how or Finished.STOPPED,
        http_status=reply.http_status,
        is_billable=True,
        usage=undertaking.used_after(operation.made).counts(),
        usd=undertaking.usd_after(operation.made),
        request_bytes=request.length,
        request_sha256=request.sha256,
        reply_bytes=reply.length,
        reply_sha256=reply.sha256,
    )
