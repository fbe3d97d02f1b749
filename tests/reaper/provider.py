"""A small honest provider: operations that run, end, are cancelled when it can, and a journal of what it was asked."""

import asyncio
import json
from dataclasses import dataclass, field

import msgspec

from sidecar.bodies.lenient import Unreadable
from sidecar.clock import SECOND, Clock, Moment
from sidecar.lifecycle.operation import OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported, RequestFacts
from sidecar.providers.names import mark_of
from sidecar.providers.observing import whole_observed
from sidecar.providers.operation import Ask, Observed, OperationReader, OperationWire, Progress
from sidecar.reaper.contract import Answer, Credential, Unreachable

WORDS = {
    "running": Progress.RUNNING, "stopping": Progress.STOPPING, "succeeded": Progress.SUCCEEDED,
    "failed": Progress.FAILED, "cancelled": Progress.CANCELLED,
}  # fmt: skip


@dataclass
class Job:
    """One operation, as the provider has it."""

    id: str
    name: str
    created_at: Moment
    ends_at: Moment | None = None
    """When it ends by itself; None never."""
    state: str = "running"
    on_cancel: list[int] = field(default_factory=list)
    """Statuses that cancels are answered with, one each; 200 stops it, 299 is a 200 without effect, 0 no answer. Then 200."""
    stops_after: float | None = 0.0
    """Seconds from a cancel that was taken to its end; None: it runs to its own end all the same."""
    stop_at: Moment | None = None
    """When a cancel that was taken takes effect, unless it has ended by itself."""


class Provider:
    """Answers questions about its jobs. Every reply takes `latency` seconds."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.jobs: dict[str, Job] = {}
        self.cancels: list[tuple[Moment, str, str]] = []
        """When, which job, and whose credential."""
        self.looks: list[tuple[Moment, str]] = []
        self.latency = 0.05
        self.refused: set[str] = set()
        """Credentials that are not let in."""
        self.blind: set[str] = set()
        """Credentials that are told of everything that there is no such thing."""
        self.results: list[Answer | Exception] = []
        """What those who ask for results are told, one after the other."""
        self.latencies: dict[str, float] = {}
        self.is_down = False
        self._numbers = 0

    def create(self, name: str = "", ends_in: float | None = None, **more: object) -> Job:
        self._numbers += 1
        now = self.clock.now()
        job = Job(f"job-{self._numbers}", name, now, None if ends_in is None else now + int(ends_in * SECOND))
        for key, value in more.items():
            setattr(job, key, value)
        self.jobs[job.id] = job
        return job

    def forget(self, id: str) -> None:
        del self.jobs[id]

    def state_of(self, id: str) -> str:
        job, now = self.jobs[id], self.clock.now()
        if job.state in ("running", "stopping"):
            is_done = job.ends_at is not None and now >= job.ends_at
            is_stopped = job.stop_at is not None and now >= job.stop_at
            if is_done and not (is_stopped and (job.stop_at or 0) < (job.ends_at or 0)):
                job.state = "succeeded"
            elif is_stopped:
                job.state = "cancelled"
        return job.state

    def document(self, job: Job) -> dict[str, object]:
        state = self.state_of(job.id)
        return {"id": job.id, "name": job.name, "state": state, "created": job.created_at, "tokens": 7}

    async def answer(self, ask: Ask, credential: Credential | None) -> Answer:
        if self.is_down:
            raise Unreachable("it is down")
        source = "" if credential is None else credential.source
        if ask.target.startswith("/results/"):
            return self._results()
        status, body = self._reply(ask, source)
        await asyncio.sleep(self.latencies.get("cancel" if ask.verb == "POST" else "look", self.latency))
        if status == 0:
            raise Unreachable("the connection broke")
        return Answer(status, json.dumps(body).encode(), "application/json", retry_after_seconds=_wish(status))

    def _results(self) -> Answer:
        answer = self.results.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _reply(self, ask: Ask, source: str) -> tuple[int, object]:
        if source in self.refused:
            return 401, {}
        if ask.target == "/jobs":
            return 200, [self.document(job) for job in self.jobs.values()]
        id, _, verb = ask.target.removeprefix("/jobs/").partition(":")
        if id not in self.jobs or source in self.blind:
            return 404, {}
        if verb == "cancel":
            return self._cancel(id, source)
        self.looks.append((self.clock.now(), id))
        return 200, self.document(self.jobs[id])

    def _cancel(self, id: str, source: str) -> tuple[int, object]:
        self.cancels.append((self.clock.now(), id, source))
        job = self.jobs[id]
        if self.state_of(id) not in ("running", "stopping"):
            return 409, {}
        status = job.on_cancel.pop(0) if job.on_cancel else 200
        if status == 200 and job.stops_after is not None:
            job.state, job.stop_at = "stopping", job.stop_at or self.clock.now() + int(job.stops_after * SECOND)
        return (200 if status == 299 else status), {}


def _wish(status: int) -> float | None:
    return 7.0 if status == 429 else None


def _told(document: bytes) -> Observed | None:
    try:
        said = json.loads(document)
    except ValueError:
        raise Unreadable from None
    return observed_of(said) if isinstance(said, dict) and "state" in said else None


def observed_of(said: dict[str, object]) -> Observed:
    progress = WORDS[str(said["state"])]
    used = Reported(Usage(output=7)) if progress in (Progress.SUCCEEDED, Progress.CANCELLED) else None
    created = said["created"]
    assert isinstance(created, int)
    return Observed(progress, str(said["id"]), "m", used, created_at=created, mark=mark_of(said["name"]))


WIRE = OperationWire(
    kind=OperationKind.BACKGROUND,
    open_reply=whole_observed(_told),
    poll=lambda place: Ask("GET", f"/jobs/{place.provider_id}"),
    cancel=lambda place: Ask("POST", f"/jobs/{place.provider_id}:cancel"),
    find=lambda place: Ask("GET", "/jobs"),
    found_in=lambda body: tuple(observed_of(each) for each in json.loads(body)),
)


def unreported(head: ReplyHead, facts: RequestFacts) -> OperationReader:
    """Reads all but the usage."""

    def told(document: bytes) -> Observed | None:
        observed = _told(document)
        return None if observed is None else msgspec.structs.replace(observed, reported=None)

    return whole_observed(told)(head, facts)


class JobAsker:
    """An `Asker` that asks the provider in this process; remembers who asked, for the journal."""

    def __init__(self, provider: Provider, sent: "list[tuple[Moment, str, str]]", instance: str) -> None:
        self._provider = provider
        self._sent = sent
        self._instance = instance

    async def ask(self, record: OperationRecord, ask: Ask, credential: Credential | None) -> Answer:
        if ask.target.endswith(":cancel"):
            self._sent.append((self._provider.clock.now(), record.id, self._instance))
        return await self._provider.answer(ask, credential)
