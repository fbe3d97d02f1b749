"""Real SDKs with a socket through the sidecar, over TLS: what they are answered, and what the ledger makes of their turns.

With the sidecar between, an SDK is told what it is told without; and each turn is a row that says what the provider billed.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal

import pytest

from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.simulator.bill import Entry, Finished
from tests.end_to_end.live_programs import LivePrograms
from tests.end_to_end.live_road import LiveRoad, counted, live_road
from tests.end_to_end.live_sdks import CLIENTS, Wish
from tests.end_to_end.program import Program
from tests.end_to_end.sdk_road import headers_of, new_name, of_any_answer

SCRIPT = "seconds=0.05 output=40 chunks=4 prompt=120 cached=20; seconds=0.02 output=20 chunks=2"
HELD_AFTER = 40
HELD = f"seconds=0 output=10 chunks=1; seconds=0.1 output=100 chunks=100 hold={HELD_AFTER} on_close=stops"
"""A turn that ends, and one that stands at so many tokens; each comes in a piece of its own."""
WITHIN = Decimal("0.10")
"""How far an estimate may be off (the issue's own bound, of a sum)."""
UPSTREAM = {"gemini": "gemini", "vertex": "vertex", "azure": "azure", "azure async": "azure"}
"""Where a client goes; the others go to OpenAI."""


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRoad]:
    with live_road(tmp_path_factory.mktemp("live")) as running:
        yield running


@pytest.fixture(scope="module")
def programs() -> LivePrograms:
    return LivePrograms()


def through(road: LiveRoad, client: str, name: str, script: str, handle: str | None = None) -> Wish:
    return Wish(f"{road.through}/{UPSTREAM.get(client, 'openai')}", headers_of(name, script), handle)


def told(programs: LivePrograms, road: LiveRoad, client: str, *wishes: Wish) -> list[list[list[str]]]:
    """The messages of two turns, for each wish; the programs run side by side."""
    with ExitStack() as stack:
        authority = road.certificate.authority_file
        running = [stack.enter_context(programs.talking(client, wish, authority)) for wish in wishes]
        return [[messages_of(program), messages_of(program), *ended(program)] for program in running]


def messages_of(program: Program) -> list[str]:
    return [of_any_answer(message) for message in program.heard("turn")]


def ended(program: Program) -> tuple[()]:
    """Nothing is said behind the end."""
    program.heard("closed")
    return ()


def summary(row: CallRecord) -> tuple[object, ...]:
    return row.kind, row.model, row.outcome, row.usage_basis, row.usage, row.spend_usd, row.orphaned_usd


def expected(entry: Entry) -> tuple[object, ...]:
    return CallKind.LIVE, entry.model, "delivered", "exact", counted(entry), entry.usd, 0


@pytest.mark.parametrize("client", CLIENTS)
def test_sdk_is_answered_as_directly__and_each_turn_is_the_providers_bill(
    road: LiveRoad, programs: LivePrograms, client: str
) -> None:
    name, calls = new_name(), 3 if client == "live session" else 2
    direct = Wish(road.simulator.url, headers_of(new_name(), SCRIPT))
    directly, by_the_sidecar = told(programs, road, client, direct, through(road, client, name, SCRIPT))
    assert by_the_sidecar == directly
    assert all(len(turn) > 1 for turn in directly)
    billed = road.billed(name, calls)
    rows = road.rows(name, calls)
    assert [summary(row) for row in rows] == [expected(entry) for entry in billed]


def left(road: LiveRoad, programs: LivePrograms, client: str, *, is_killed: bool) -> tuple[CallRecord, Entry]:
    """A program leaves when it has taken some pieces of its second turn; that turn's row, and its entry on the bill."""
    name = new_name()
    wish, authority = through(road, client, name, HELD), road.certificate.authority_file
    leaves_after = None if is_killed else HELD_AFTER
    with programs.talking(client, wish, authority, leaves_after=leaves_after) as program:
        program.heard("turn")
        for _ in range(HELD_AFTER):
            program.heard("piece")
        if is_killed:
            program.kill()
        else:
            program.heard("closed")
    _, row = road.rows(name, 2)
    _, entry = road.billed(name, 2)
    return row, entry


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "closes"])
@pytest.mark.parametrize("client", ["gemini", "vertex", "realtime", "responses async"])
def test_program_that_leaves_amid_a_turn__its_answer_is_cut_and_estimated(
    road: LiveRoad, programs: LivePrograms, client: str, is_killed: bool
) -> None:
    row, billed = left(road, programs, client, is_killed=is_killed)
    assert (billed.finished_how, billed.usage["output_tokens"]) == (Finished.STOPPED, HELD_AFTER)
    assert (row.outcome, row.finished_at, row.kind) == ("orphan_cut", None, CallKind.LIVE)
    assert row.left_reason in (("fin", "rst") if is_killed else ("closed",))
    assert (row.basis, row.usage_basis, row.usage_reason) == ("estimated", "estimated", "counted_deltas")
    assert row.spend_usd is not None
    assert abs(row.spend_usd - billed.usd) <= WITHIN * billed.usd


def test_session_that_is_gone_on_with_in_time__nothing_is_lost(road: LiveRoad, programs: LivePrograms) -> None:
    name, authority = new_name(), road.certificate.authority_file
    with programs.talking("gemini", through(road, "gemini", name, HELD, ""), authority) as program:
        program.heard("turn")
        handle = None
        while handle is None:  # it comes behind the turn, and is read with the next one
            handle = json.loads(program.heard("message")).get("session_resumption_update", {}).get("new_handle")
        program.heard("piece")
        program.kill()
    again = through(road, "gemini", f"{name}-again", SCRIPT, handle)
    with programs.talking("gemini", again, authority, turns=1) as program:
        program.heard("closed")
    _, row = road.rows(name, 2)
    assert (row.outcome, row.orphaned_usd) == ("cut_short", Decimal(0))
    assert row.left_at is None
    assert row.spend_usd is not None
    assert row.spend_usd > 0
    (resumed,) = road.rows(f"{name}-again", 1)
    assert resumed.outcome == "delivered"
