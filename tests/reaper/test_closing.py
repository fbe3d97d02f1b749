"""The end of a row: what was used is found, and the money fixed once."""

import msgspec
import pytest

from sidecar.lifecycle.operation import OperationState as S
from sidecar.metering.usage import Usage
from sidecar.providers.answer import AnswerTooLarge
from sidecar.providers.contract import ReplyHead, Reported, RequestFacts
from sidecar.providers.operation import Ask, Observed, OperationWire, Place
from sidecar.reaper.contract import Answer
from tests.reaper.provider import WIRE, unreported
from tests.reaper.world import RULES, World


class Rows:
    """Reads results: as many tokens as bytes."""

    gave_up = ""
    is_terminal = True

    def __init__(self, head: ReplyHead, facts: RequestFacts) -> None:
        self._count = 0

    def feed(self, chunk: bytes) -> None:
        self._count += len(chunk)

    def finish(self) -> None:
        """All has been counted."""

    def reported(self) -> Reported | None:
        return Reported(Usage(output=self._count)) if self._count else None


def results(place: Place, observed: Observed) -> Ask:
    return Ask("GET", f"/results/{place.provider_id}")


IN_ROWS: OperationWire = msgspec.structs.replace(WIRE, open_reply=unreported, results=results, open_results=Rows)
"""A wire whose state tells no usage: it is in rows of results."""


def test_usage_stands_in_its_results__read_before_it_settles(world: World) -> None:
    world.provider.results = [Answer(200, b"12345")]
    sidecar = world.start(wire=IN_ROWS)
    record = sidecar.open(job=world.provider.create(ends_in=10))
    world.poll_for(sidecar, record, 20)
    world.pass_time(1)
    assert sidecar.settled_with[record.id] == Reported(Usage(output=5))


def test_results_are_not_there_yet__asked_again(world: World) -> None:
    world.provider.results = [Answer(503), Answer(429), Answer(200, b"12345")]
    sidecar = world.start(wire=IN_ROWS)
    record = sidecar.open(job=world.provider.create(ends_in=10))
    world.poll_for(sidecar, record, 20)
    world.pass_time(1)
    assert world.row(record).settled_at is None
    world.pass_time(200)
    assert sidecar.settled_with[record.id] == Reported(Usage(output=5))


def test_results_never_come__settled_without(world: World) -> None:
    world.provider.results = [Answer(503)] * 20
    sidecar = world.start(wire=IN_ROWS)
    record = sidecar.open(job=world.provider.create(ends_in=10))
    world.poll_for(sidecar, record, 20)
    world.pass_time(600)
    assert (sidecar.settled_with[record.id], sidecar.why[record.id]) == (None, "no_results")


@pytest.mark.parametrize(
    ("answer", "why"), [(Answer(401), "no_credential"), (AnswerTooLarge("64 MiB"), "reply_too_large")]
)
def test_results_can_not_be_had__settled_at_once_and_said_why(
    world: World, answer: Answer | Exception, why: str
) -> None:
    world.provider.results = [answer]
    sidecar = world.start(wire=IN_ROWS)
    record = sidecar.open(job=world.provider.create(ends_in=10))
    world.poll_for(sidecar, record, 20)
    world.pass_time(1)
    assert sidecar.why[record.id] == why


def test_nothing_may_be_asked__settled_without(world: World) -> None:
    world.provider.results = [Answer(200, b"12345")]
    sidecar = world.start(wire=IN_ROWS, rules=msgspec.structs.replace(RULES, is_watching=False))
    record = sidecar.open(job=world.provider.create(ends_in=10))
    world.poll_for(sidecar, record, 20)
    world.pass_time(1)
    assert world.row(record).outcome == "succeeded"
    assert len(world.provider.results) == 1


def test_killed_between_the_end_and_its_settling__nothing_reported_is_lost(world: World) -> None:
    first = world.start("first")
    record = first.open(job=world.provider.create(ends_in=65))
    world.pass_time(80)
    assert world.state(record) is S.SUCCEEDED
    first.die()
    assert record.provider_id is not None
    world.provider.forget(record.provider_id)  # the provider keeps it for minutes only
    second = world.start("second")
    world.pass_time(4_000)
    assert second.settled_with[record.id] == Reported(Usage(output=7))


def test_killed_before_its_results_were_read__asked_how_it_stands_once_more(world: World) -> None:
    first = world.start("first", wire=IN_ROWS)
    record = first.open(job=world.provider.create(ends_in=65))
    world.pass_time(80)
    first.die()
    world.provider.results = [Answer(200, b"123")]
    second = world.start("second", wire=IN_ROWS)
    world.pass_time(4_000)
    assert second.settled_with[record.id] == Reported(Usage(output=3))


def test_another_has_settled_it_meanwhile__not_counted_again(world: World) -> None:
    sidecar = world.start()
    record = sidecar.open(job=world.provider.create(ends_in=65))
    world.pass_time(80)
    entry, row = sidecar.reaper._means.roster.get(record.id), world.row(record)
    assert entry is not None
    world.run(sidecar.reaper._steps.closing.settle(entry, row))
    world.run(sidecar.reaper._steps.closing.settle(entry, row))
    assert sidecar.journal.told("settled", record.id) == ["succeeded"]
