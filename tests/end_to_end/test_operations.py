"""Real SDKs open operations and are killed: what becomes of the operation, by the provider's own journal and bill."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.operators import FAMILIES, Operators, headers_of
from tests.end_to_end.rig import Row, RunningSidecar, running_sidecar, usd

ENFORCE = {
    "MODE": "enforce",
    "OPERATIONS__LEASE_SECONDS": "2",
    "OPERATIONS__GRACE_SECONDS": "0.5",
    "OPERATIONS__CONFIRM_SECONDS": "0.5",
    "OPERATIONS__CLAIM_SECONDS": "1",
}
LONG = "never_ending=1 seconds=600"
families = pytest.mark.parametrize("family", FAMILIES)


@contextmanager
def sidecar_with(directory: Path, simulator: RunningSimulator, settings: Mapping[str, str]) -> Iterator[RunningSidecar]:
    """A sidecar whose four upstreams all lead to the simulator."""
    urls = {f"UPSTREAMS__{name}__URL": simulator.url for name in ("OPENAI", "ANTHROPIC")}
    with running_sidecar(directory, simulator, urls | ENFORCE | dict(settings)) as running:
        yield running


@pytest.fixture(scope="module")
def enforcing(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    with sidecar_with(tmp_path_factory.mktemp("enforcing"), simulator, {}) as running:
        yield running


@pytest.fixture(scope="module")
def observing(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    with sidecar_with(tmp_path_factory.mktemp("observing"), simulator, {"MODE": "observe"}) as running:
        yield running


@pytest.fixture(scope="session")
def operators() -> Operators:
    return Operators()


def at_the_provider(simulator: RunningSimulator, tag: str) -> Seen:
    """The one operation of that tag, as the provider knows it."""
    (found,) = [seen for seen in simulator.operations if seen.tag == tag]
    return found


def lease_of(family: str) -> str:
    """What a caller says that wants even a batch cancelled when it is gone."""
    return "2s" if FAMILIES[family].is_watched_only else ""


def abandoned(
    sidecar: RunningSidecar, operators: Operators, family: str, name: str, script: str = LONG, lease: str = "2s"
) -> None:
    """A program that opens an operation and is killed before it can ask for it."""
    with operators.program(family, sidecar.proxy, headers_of(name, script, lease)) as program:
        program.heard("opened")
        program.kill()


def settled(sidecar: RunningSidecar, name: str) -> Row:
    """The log line of a settled operation."""
    return sidecar.logged("operation_settled", caller=name)


@families
def test_program_is_killed__cancelled_once_confirmed_and_settled(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators, family: str
) -> None:
    name = f"killed-{family}"
    abandoned(enforcing, operators, family, name, lease=lease_of(family))
    row, truth = settled(enforcing, name), at_the_provider(simulator, name)
    # Who gives a lease says when it will be back: until then another process may come for what it opened.
    gone = "lease_lapsed" if lease_of(family) else "process_exited"
    assert (row["outcome"], row["gone_reason"], row["cancel_result"]) == ("cancelled", gone, "confirmed")
    assert [cancel.answer for cancel in truth.cancels] == [200]
    assert truth.finished_how == "cancelled"


@pytest.mark.parametrize("family", ["interaction", "response", "message_batch"])
def test_what_a_cancelled_operation_cost_is_the_providers_bill(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators, family: str
) -> None:
    name = f"billed-{family}"
    abandoned(enforcing, operators, family, name, "seconds=60 prompt=1000 output=500 chunks=10", lease_of(family))
    row, truth = settled(enforcing, name), at_the_provider(simulator, name)
    if "unpriced_reason" not in row:  # some say nothing of what they used when they are stopped
        assert usd(row) == usd(row, "orphaned_usd") == truth.usd
    assert row["outcome"] == "cancelled"


def test_faithful_pollers_are_never_touched_for_ten_leases(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators
) -> None:
    with ExitStack() as stack:
        for family in FAMILIES:
            headers = headers_of(f"faithful-{family}", LONG, "1s")
            program = stack.enter_context(operators.program(family, enforcing.proxy, headers, poll_seconds=0.4))
            program.heard("opened")
        time.sleep(10)
        touched = {family: at_the_provider(simulator, f"faithful-{family}").cancels for family in FAMILIES}
    assert touched == dict.fromkeys(FAMILIES, ())


def test_another_program_comes_for_it_during_the_grace__it_is_kept(
    simulator: RunningSimulator, tmp_path: Path, operators: Operators
) -> None:
    with sidecar_with(tmp_path, simulator, {"OPERATIONS__GRACE_SECONDS": "3"}) as sidecar:
        headers = headers_of("kept", LONG)
        with operators.program("response", sidecar.proxy, headers) as first:
            id = first.heard("opened")
            first.kill()
            sidecar.logged("operation_orphaned", caller="kept")
        for _ in range(10):
            assert FAMILIES["response"].state(sidecar.proxy, headers, id) == "in_progress"
            time.sleep(0.5)
        assert at_the_provider(simulator, "kept").cancels == ()
        assert sidecar.total("returns_total", via="poll", kind="background") == 1


def test_program_that_comes_back_while_it_is_cancelled_learns_the_truth(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators
) -> None:
    headers = headers_of("back-too-late", f"{LONG} cancel=slow:2")
    with operators.program("interaction", enforcing.proxy, headers) as program:
        id = program.heard("opened")
        program.kill()
    enforcing.logged("operation_cancel_sent", caller="back-too-late")
    state = FAMILIES["interaction"].state
    while (told := state(enforcing.proxy, headers, id)) == "in_progress":
        time.sleep(0.2)
    assert told == "cancelled"
    row = settled(enforcing, "back-too-late")
    assert (row["outcome"], row["cancel_result"]) == ("cancelled", "confirmed")


@pytest.mark.parametrize(
    ("script", "outcome", "result"),
    [
        ("seconds=4 cancel=late", "succeeded", "too_late"),
        (f"{LONG} cancel=throttled:1", "cancelled", "confirmed"),
        (f"{LONG} cancel=failing:1", "cancelled", "confirmed"),
    ],
)
def test_provider_that_makes_a_cancel_hard__its_own_word_counts(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators, script: str, outcome: str, result: str
) -> None:
    name = f"hard-{script.rpartition('=')[2]}"
    abandoned(enforcing, operators, "response", name, script, lease="")
    row = settled(enforcing, name)
    assert (row["outcome"], row["cancel_result"]) == (outcome, result)
    assert at_the_provider(simulator, name).finished_how in ("completed", "cancelled")


def test_observing__nothing_is_cancelled_and_it_is_counted_what_would_have_been(
    simulator: RunningSimulator, observing: RunningSidecar, operators: Operators
) -> None:
    abandoned(observing, operators, "response", "observed", "seconds=5 output=100", lease="")
    row = settled(observing, "observed")
    truth = at_the_provider(simulator, "observed")
    assert (row["outcome"], truth.cancels, truth.finished_how) == ("succeeded", (), "completed")
    assert observing.total("cancel_requests_total", result="would_cancel") == 1
    assert usd(row, "orphaned_usd") == truth.usd


def test_batch_without_a_lease_of_its_own_is_watched_and_not_cancelled(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators
) -> None:
    abandoned(enforcing, operators, "message_batch", "watched", "seconds=5", lease="")
    row = settled(enforcing, "watched")
    assert (row["outcome"], at_the_provider(simulator, "watched").cancels) == ("succeeded", ())


def test_reply_to_the_create_is_lost__a_listing_finds_it_and_it_is_cancelled(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators
) -> None:
    with operators.program(
        "vertex_batch", enforcing.proxy, headers_of("lost", f"{LONG} lost_reply=1", "2s")
    ) as program:
        program.heard("error")
    row = settled(enforcing, "lost")
    assert (row["outcome"], len(at_the_provider(simulator, "lost").cancels)) == ("cancelled", 1)


def test_reply_to_the_create_is_lost_and_there_is_no_listing__untraceable(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators
) -> None:
    with operators.program("interaction", enforcing.proxy, headers_of("no-trace", f"{LONG} lost_reply=1")) as program:
        program.heard("error")
    assert settled(enforcing, "no-trace")["outcome"] == "untraceable"


def test_result_that_its_caller_has_fetched_is_delivered(
    simulator: RunningSimulator, enforcing: RunningSidecar, operators: Operators
) -> None:
    headers = headers_of("fetched", "seconds=1 output=100")
    with operators.program("response", enforcing.proxy, headers, poll_seconds=0.3) as program:
        program.heard("opened")
        while program.heard("state") != "completed":
            pass
        row = settled(enforcing, "fetched")
    assert (row["outcome"], usd(row), usd(row, "orphaned_usd")) == (
        "succeeded", at_the_provider(simulator, "fetched").usd, Decimal(0)
    )  # fmt: skip


def test_no_credential_and_no_prompt_is_written_anywhere(enforcing: RunningSidecar, operators: Operators) -> None:
    abandoned(enforcing, operators, "response", "canary", LONG, lease="")
    settled(enforcing, "canary")
    written = b"".join(path.read_bytes() for path in enforcing.ledger.parent.iterdir() if path.is_file())
    assert b"a-key" not in written
    assert "a-key" not in str(enforcing.log)
