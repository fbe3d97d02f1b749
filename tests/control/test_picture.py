"""What the page sees, and what has changed in it."""

import asyncio
import json
from typing import Any

from sidecar.clock import SECOND
from sidecar.control.picture import RECENT, Picture, event
from sidecar.control.shown import Prospect
from sidecar.errors import LedgerError
from tests.cli.ledgers import operation
from tests.control.conftest import FakeSidecar
from tests.control.showing import in_flight, settled


def data_in(message: bytes | None) -> tuple[str, Any]:
    assert message is not None
    head, _, data = message.decode().removesuffix("\n\n").partition("\ndata: ")
    assert "\n" not in data
    return head.removeprefix("event: "), json.loads(data)


def looked(sidecar: FakeSidecar) -> Picture:
    picture = Picture(sidecar)
    asyncio.run(picture.read_operations())
    picture.look()
    return picture


def test_snapshot_holds_everything(sidecar: FakeSidecar):
    sidecar.shown.calls = [in_flight("c1")]
    sidecar.shown.settled.extend(settled(f"c{number}") for number in range(1_000, 1_300))
    sidecar.rows = {"o001": operation(1)}
    name, data = data_in(looked(sidecar).snapshot())
    assert name == "snapshot"
    assert [row["id"] for row in data["calls"]] == ["c1"]
    assert [row["id"] for row in data["operations"]] == ["o001"]
    assert (len(data["recent"]), data["recent"][0]["id"]) == (RECENT, "c1299")
    assert (data["state"]["mode"], data["now"]) == ("observe", "2026-09-21T14:13:20.000000Z")


def test_nothing_has_changed__nothing_is_said(sidecar: FakeSidecar):
    sidecar.shown.calls, sidecar.rows = [in_flight("c1")], {"o001": operation(1)}
    picture = looked(sidecar)
    sidecar.shown.at += 10 * SECOND
    asyncio.run(picture.read_operations())
    assert picture.look() is None


def test_only_what_is_another_object_is_told(sidecar: FakeSidecar):
    first, second = in_flight("c1"), in_flight("c2")
    sidecar.shown.calls = [first, second]
    picture = looked(sidecar)
    sidecar.shown.calls = [first, in_flight("c2", decision="follow"), in_flight("c3")]
    name, data = data_in(picture.look())
    assert (name, set(data)) == ("changes", {"now", "calls"})
    assert {id: row["decision"] for id, row in data["calls"].items()} == {"c2": "follow", "c3": None}


def test_call_that_settles_is_gone_and_told_once(sidecar: FakeSidecar):
    sidecar.shown.calls = [in_flight("c1")]
    picture = looked(sidecar)
    sidecar.shown.calls = []
    sidecar.shown.settled.append(settled("c1", outcome="orphan_cut"))
    _, data = data_in(picture.look())
    assert (data["calls_gone"], [row["outcome"] for row in data["settled"]]) == (["c1"], ["orphan_cut"])
    assert picture.look() is None


def test_calls_that_settle_between_two_looks_are_told_newest_first(sidecar: FakeSidecar):
    sidecar.shown.settled.append(settled("c0"))
    picture = looked(sidecar)
    sidecar.shown.settled.extend([settled("c1"), settled("c2")])
    assert [row["id"] for row in data_in(picture.look())[1]["settled"]] == ["c2", "c1"]


def test_state_is_looked_at_once_a_second_and_only_what_changed_is_told(sidecar: FakeSidecar):
    picture = looked(sidecar)
    sidecar.start_drain()
    sidecar.shown.at += SECOND // 2
    assert picture.look() is None
    sidecar.shown.at += SECOND
    _, data = data_in(picture.look())
    assert data["state"] == {"state": "draining"}


def test_operation_is_told_when_its_row_or_its_prospect_has_changed(sidecar: FakeSidecar):
    sidecar.rows = {"o001": operation(1), "o002": operation(2)}
    picture = looked(sidecar)
    sidecar.shown.prospects["o002"] = Prospect(lease_ends_at=sidecar.shown.at)
    del sidecar.rows["o001"]
    asyncio.run(picture.read_operations())
    _, data = data_in(picture.look())
    assert data["operations_gone"] == ["o001"]
    assert data["operations"]["o002"]["lease_ends_at"] == "2026-09-21T14:13:20.000000Z"


def test_ledger_that_can_not_be_read_leaves_operations_as_they_were(sidecar: FakeSidecar):
    sidecar.rows = {"o001": operation(1)}
    picture = looked(sidecar)
    sidecar.trouble = LedgerError("/x", "is gone")
    asyncio.run(picture.read_operations())
    assert picture.look() is None


def test_line_breaks_in_names_do_not_break_an_event():
    assert data_in(event("changes", {"model": "a\nb\r\u2028"}))[1] == {"model": "a\nb\r\u2028"}
