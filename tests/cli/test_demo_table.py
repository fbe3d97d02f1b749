"""The demo's live table: what stands in a caller's line, as its story goes on."""

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from sidecar.cli.demo_table import demo_table, story
from sidecar.cli.performance import Performance
from sidecar.cli.stage import Row
from sidecar.simulator.cast import Role, scene
from sidecar.simulator.fleet import Fleet

CAST = scene(60, 12, seed=7)
SETTLED: dict[str, list[Row]] = {
    "caller-01": [{"outcome": "orphan_finished", "spend_usd": "0.5", "orphaned_usd": "0.25", "orphaned_seconds": 4.25}],
    "impatient": [{"outcome": "rescued", "spend_usd": "0.2", "orphaned_seconds": 1.0}, {"outcome": "joined"}],
    "film": [{"outcome": "succeeded", "cancel_result": "unsupported", "spend_usd": "0.4", "orphaned_usd": "0.4"}],
    "nightly": [{"outcome": "succeeded", "spend_usd": "0.1", "orphaned_usd": "0.1"}],
    "hourly": [{"outcome": "cancelled", "cancel_result": "confirmed", "spend_usd": "0.1", "orphaned_usd": "0.1"}],
    "research": [{"outcome": "succeeded", "spend_usd": "0.1"}] * 5,
}


def role_of(name: str) -> Role:
    return next(role for role in CAST if role.name == name)


@pytest.fixture
def performance() -> Performance:
    """Everybody has entered; the stage and the fleet are not asked anything here."""
    stage: Any = SimpleNamespace(settled=defaultdict(list))
    fleet: Any = Fleet.__new__(Fleet)
    performance = Performance(stage, fleet, CAST, 60)
    performance.entered = list(CAST)
    return performance


def lines(performance: Performance, width: int = 120, rows: int | None = None) -> dict[str, str]:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(demo_table(performance, {"caller-01": [{"usd": "0.5"}]}, width, rows))
    shown = captured.get().splitlines()
    return {line.split()[0]: " ".join(line.split()) for line in shown if line.strip()}


def test_settled_calls_have_their_outcome_and_both_accounts(performance: Performance) -> None:
    performance.stage.settled.update(SETTLED)
    performance.vanished = {"caller-01", "impatient"}
    shown = lines(performance)
    assert shown["caller-01"].endswith("unary kill -9 at 0.6 s orphan_finished 4.2 s 0.500000 0.250000 0.500000")
    assert shown["impatient"].endswith("timeout 3.2 s, retries rescued 0.200000")
    assert shown["caller-02"].endswith("is there in flight")


def test_settled_operations_say_what_became_of_them(performance: Performance) -> None:
    performance.stage.settled.update(SETTLED)
    shown = lines(performance)
    assert "cancel unsupported" in shown["film"]
    assert "finished, not fetched" in shown["nightly"]
    assert "cancelled" in shown["hourly"]
    assert "2.5-pro background x5 is there finished, fetched" in shown["research"]


@pytest.mark.parametrize(
    ("name", "rows", "word"),
    [
        ("film", [("running", "lro", None)], "running"),
        ("film", [("orphaned", "lro", "unsupported")], "orphaned, no cancel"),
        ("forsaken", [("orphaned", "background", None)], "orphaned, in its grace"),
        ("forsaken", [("cancelling", "background", None)], "cancelling"),
        ("nightly", [("orphaned", "batch", None)], "orphaned"),
        ("research", [("running", "background", None)] * 3 + [("succeeded", "background", None)], "3 running, 1 finished"),
        ("film", [], "opening"),
    ],
)  # fmt: skip
def test_open_operations_say_how_they_stand(
    performance: Performance, name: str, rows: list[tuple[str, str, str | None]], word: str
) -> None:
    performance.operations = {
        name: [
            {"state": state, "kind": kind, "cancel_result": result, "is_lease_asked": False}
            for state, kind, result in rows
        ]
    }
    assert lines(performance)[name].endswith(f"is there {word}")


@pytest.mark.parametrize(
    ("attachment", "word"),
    [("attached", "in flight"), ("orphaned", "orphaned"), ("shelved", "waits for a retry")],
)
def test_calls_in_flight_say_whether_somebody_is_there(performance: Performance, attachment: str, word: str) -> None:
    performance.in_flight = {"caller-03": {"attachment": attachment}}
    assert lines(performance)["caller-03"].endswith(f"is there {word}")


def test_narrow_terminal_has_the_money_and_no_more(performance: Performance) -> None:
    performance.stage.settled.update(SETTLED)
    assert lines(performance, width=90)["caller"] == "caller work the caller outcome spend orphaned"


def test_low_terminal__those_that_have_settled_give_way(performance: Performance) -> None:
    performance.stage.settled.update(SETTLED)
    shown = lines(performance, rows=len(CAST) - 2)
    assert "caller-01" not in shown
    assert "impatient" not in shown
    assert {"caller-02", "research"} <= set(shown)


def test_nobody_tells_beforehand_who_will_vanish() -> None:
    assert {story(role, False) for role in CAST} == {"is there"}
    assert story(role_of("restarted"), True) == "kill -9, starts anew"
    assert story(role_of("caller-05"), True).startswith("closes after ")
