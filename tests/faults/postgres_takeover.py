"""One of two sidecars is cut off from the ledger while it holds leases: the other takes over, and the first does no harm."""

import time
from collections.abc import Iterator
from typing import Final

from sidecar.clock import SECOND, Moment
from tests.end_to_end.rig import RunningSidecar
from tests.faults.application import Application
from tests.faults.books import differing, not_given_back
from tests.faults.breakable_path import BOTH
from tests.faults.fault import Fault, Stage, Verdict
from tests.faults.ledger_rows import Books
from tests.faults.postgres_play import LEFT, NOW, POLLED, SOON, has_row, left, with_what_is_kept
from tests.faults.postgres_scene import LEASE_SECONDS, SERVERS, Scene, scene_on
from tests.faults.waiting import until
from tests.soak.figures import look

ORPHANS: Final = (f"{LEFT}0", f"{LEFT}1")
FULL_SECONDS: Final = 20.0
"""Longer than a sidecar waits for an answer: it has given up its connections when the path goes on."""


def play(stage: Stage) -> Verdict:
    """Cut the first off until the second has done its work; then let it back."""
    with SERVERS.shared() as server, scene_on(server, stage.directory) as scene:
        first, second = scene.start(scene.url(), "first"), scene.start(scene.url_past_the_path(), "second")
        calling, polling = Application(first.proxy), Application(second.proxy, "other")
        with calling.running(), polling.running():
            polling.living = {tag: calling.open(tag) for tag in POLLED}
            for tag in ORPHANS:
                calling.open(tag)
            until(lambda: has_row(scene, "app-call-1"), SOON)
            before = look(first)
            healed_at, recovered_seconds = cut_off(stage, scene, calling)
            left_at = NOW()
            polling.take_leave()
        until(lambda: not scene.books().unsettled(), SOON)
        books = scene.books()
        return Verdict(
            tried=calling.calls + polling.calls + len(books.operations),
            lost=(*calling.failures, *polling.failures, *(f"{tag} never settles" for tag in books.unsettled())),
            wrong=(
                *differing(books.billed, scene.simulator.bill),
                *wrong_cancels(scene, left_at),
                *wrong_writes(books, healed_at, first),
            ),
            leaked=tuple(not_given_back(first, with_what_is_kept(before))),
            recovered_seconds=recovered_seconds,
            remark=f"the second took over {taken_over(second)} of {len(ORPHANS) + len(POLLED)}",
        )


def cut_off(stage: Stage, scene: Scene, calling: Application) -> tuple[Moment, float]:
    """When the path went on, and how long it took the first until its rows arrived."""
    scene.path.hold(*BOTH)
    began = time.monotonic()
    until(lambda: all(seen.cancels for seen in left(scene)), SOON)
    time.sleep(max(0.0, FULL_SECONDS - (time.monotonic() - began)) if stage.is_full else 0.0)
    scene.path.release()
    healed_at = NOW()
    calling.call("afterwards")
    until(lambda: has_row(scene, "afterwards"), SOON)
    recovered_seconds = (NOW() - healed_at) / SECOND
    time.sleep(LEASE_SECONDS + 1)  # whatever the first would do it has done
    return healed_at, recovered_seconds


def wrong_cancels(scene: Scene, left_at: Moment) -> Iterator[str]:
    """By either of them."""
    for seen in scene.simulator.operations:
        if len(seen.cancels) != 1:
            yield f"{seen.tag} was cancelled {len(seen.cancels)} times"
        if seen.tag in POLLED and any(cancel.at < left_at for cancel in seen.cancels):
            yield f"{seen.tag} was cancelled while its caller polled through the other sidecar"


def wrong_writes(books: Books, healed_at: Moment, first: RunningSidecar) -> Iterator[str]:
    """What the first has still written of operations that are the other's."""
    for tag in (*POLLED, *ORPHANS):
        moves = books.moves_of(tag)
        opener = moves[0]["instance"]
        if any(move["instance"] == opener and move["at"] > healed_at for move in moves):
            yield f"{tag} was moved by the first after its fence had moved on"
    for line in first.log:
        if line["event"] == "operation_settled":
            yield f"{line['caller']} was settled by the first"


def taken_over(sidecar: RunningSidecar) -> int:
    """Operations that a sidecar has taken over."""
    return sum(line["event"] == "operation_taken_over" for line in sidecar.log)


CUT_OFF: Final = Fault(
    "one of two sidecars cut off",
    "the other takes over after the term and cancels once; the first, back, changes nothing",
    play,
    ("postgresql",),
)
