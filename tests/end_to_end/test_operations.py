"""Real SDKs open operations and are killed: what becomes of the operation, by the provider's own journal and bill."""

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.operation_scenes import HARD, LONG, SCENES, TELLING, Scene, lease_of, play, sidecar_with
from tests.end_to_end.operators import FAMILIES, Operators, headers_of
from tests.end_to_end.rig import Row, RunningSidecar, usd

families = pytest.mark.parametrize("family", FAMILIES)
JSON = {"Content-Type": "application/json", "Authorization": "Bearer a-key"}
AT_ONCE = 4
"""Programs that begin together: an SDK's client takes half a second of CPU to make."""


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


def settled(sidecar: RunningSidecar, name: str) -> Row:
    """The log line of a settled operation."""
    return sidecar.logged("operation_settled", caller=name)


class Faithful(NamedTuple):
    """Programs that poll what they have opened, since a moment of the monotonic clock."""

    since: float


@pytest.fixture(scope="module")
def faithful(enforcing: RunningSidecar, operators: Operators) -> Iterator[Faithful]:
    with ExitStack() as stack:
        for family in FAMILIES:
            headers = headers_of(f"faithful-{family}", LONG, "1s")
            stack.enter_context(operators.program(family, enforcing.proxy, headers, 0.4)).heard("opened")
        yield Faithful(time.monotonic())


@pytest.fixture(scope="module")
def played(enforcing: RunningSidecar, operators: Operators, faithful: Faithful) -> RunningSidecar:
    """The sidecar after all scenes were played."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda item: play(enforcing, operators, *item), SCENES.items()))
    return enforcing


@families
def test_program_is_killed__cancelled_once_confirmed_and_settled(
    simulator: RunningSimulator, played: RunningSidecar, family: str
) -> None:
    row, truth = settled(played, f"killed-{family}"), at_the_provider(simulator, f"killed-{family}")
    # Who gives a lease says when it will be back: until then another process may come for what it opened.
    gone = "lease_lapsed" if lease_of(family) else "process_exited"
    assert (row["outcome"], row["gone_reason"], row["cancel_result"]) == ("cancelled", gone, "confirmed")
    assert [cancel.answer for cancel in truth.cancels] == [200]
    assert truth.finished_how == "cancelled"


@pytest.mark.parametrize("family", TELLING)
def test_what_a_cancelled_operation_cost_is_the_providers_bill(
    simulator: RunningSimulator, played: RunningSidecar, family: str
) -> None:
    row, truth = settled(played, f"billed-{family}"), at_the_provider(simulator, f"billed-{family}")
    assert row["outcome"] == "cancelled"
    if family == "response":  # OpenAI says nothing of what a response had used when it is stopped (providers-wire 5)
        assert row["unpriced_reason"] == "no_usage"
    else:
        assert usd(row) == usd(row, "orphaned_usd") == truth.usd


@pytest.mark.parametrize("name", HARD)
def test_provider_that_makes_a_cancel_hard__its_own_word_counts(
    simulator: RunningSimulator, played: RunningSidecar, name: str
) -> None:
    row, (_, outcome, result) = settled(played, f"hard-{name}"), HARD[name]
    assert (row["outcome"], row["cancel_result"]) == (outcome, result)
    assert at_the_provider(simulator, f"hard-{name}").finished_how in ("completed", "cancelled")


def test_batch_without_a_lease_of_its_own_is_watched_and_not_cancelled(
    simulator: RunningSimulator, played: RunningSidecar
) -> None:
    row = settled(played, "watched")
    assert (row["outcome"], at_the_provider(simulator, "watched").cancels) == ("succeeded", ())


def test_no_credential_is_written_anywhere(played: RunningSidecar) -> None:
    settled(played, "canary")
    written = b"".join(path.read_bytes() for path in played.ledger.parent.iterdir() if path.is_file())
    assert b"a-key" not in written
    assert "a-key" not in str(played.log)


def test_another_program_comes_for_it_during_the_grace__it_is_kept(
    simulator: RunningSimulator, tmp_path: Path, operators: Operators
) -> None:
    with sidecar_with(tmp_path, simulator, {"OPERATIONS__GRACE_SECONDS": "3"}) as sidecar:
        headers = headers_of("kept", LONG)
        with operators.program("response", sidecar.proxy, headers) as first:
            id = first.heard("opened")
            first.kill()
            sidecar.logged("operation_orphaned", caller="kept")
        response = FAMILIES["response"]
        with response.client(sidecar.proxy, headers) as client:
            for _ in range(8):
                assert response.state(client, id) == "in_progress"
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
    interaction = FAMILIES["interaction"]
    with interaction.client(enforcing.proxy, headers) as client:
        while (told := interaction.state(client, id)) == "in_progress":
            time.sleep(0.2)
    assert told == "cancelled"
    row = settled(enforcing, "back-too-late")
    assert (row["outcome"], row["cancel_result"]) == ("cancelled", "confirmed")


def test_observing__nothing_is_cancelled_and_it_is_counted_what_would_have_been(
    simulator: RunningSimulator, observing: RunningSidecar, operators: Operators
) -> None:
    play(observing, operators, "observed", Scene("response", "seconds=5 output=100"))
    row = settled(observing, "observed")
    truth = at_the_provider(simulator, "observed")
    assert (row["outcome"], truth.cancels, truth.finished_how) == ("succeeded", (), "completed")
    assert observing.total("cancel_requests_total", result="would_cancel") == 1
    assert usd(row, "orphaned_usd") == truth.usd


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


def test_faithful_pollers_are_never_touched_for_ten_leases(
    simulator: RunningSimulator, enforcing: RunningSidecar, faithful: Faithful
) -> None:
    time.sleep(max(0.0, faithful.since + 10 - time.monotonic()))
    touched = {family: at_the_provider(simulator, f"faithful-{family}").cancels for family in FAMILIES}
    assert touched == dict.fromkeys(FAMILIES, ())


def test_create_is_sent_again__the_one_whose_id_its_caller_never_learned_is_cancelled(
    simulator: RunningSimulator, enforcing: RunningSidecar
) -> None:
    response, place = FAMILIES["response"], urlsplit(enforcing.proxy).netloc
    headers = headers_of("sent-again", LONG)
    body = json.dumps({"model": "gpt-5-mini", "input": "hi", "background": True})
    with closing(http.client.HTTPConnection(place)) as first:
        first.request("POST", "/openai/v1/responses", body, headers | JSON)
        simulator.reached("sent-again", "received")
    with response.client(enforcing.proxy, headers) as client:
        id = response.submit(client)
        while not [
            line for line in enforcing.log if line["event"] == "operation_settled" and line["caller"] == "sent-again"
        ]:
            assert response.state(client, id) == "in_progress"
            time.sleep(0.3)
    cancels = {seen.id == id: len(seen.cancels) for seen in simulator.operations if seen.tag == "sent-again"}
    assert cancels == {False: 1, True: 0}
