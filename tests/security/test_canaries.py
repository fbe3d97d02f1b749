"""Keys, prompts and answers are nowhere but in memory and on the wire: one life of the whole product, searched place by place."""

import base64
import json
import os
import signal
from collections.abc import Iterator

import pytest

from sidecar.cli import LEDGER, USAGE
from sidecar.injection.variables import SDK_VARIABLES
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.security.canaries import ANSWER, CANARIES, KEY, OPAQUE, PROMPT, found_in
from tests.security.canary_calls import BROKEN_WAYS, LEAVES, OTHER_HOUSES
from tests.security.canary_life import Left, canary_life
from tests.security.canary_stage import CONFIGURED

PLACES = (
    "ledger.db while", "ledger.db-wal while", "ledger.db at", "stderr at", "log 0", "log 1", "/metrics as text",
    "/metrics as OpenMetrics", "the collector", "GET /api/calls", "GET /api/operations", "GET /api/config", "GET /api/events",
    "GET / ", "report.html", "story at", "inference-sidecar/run-", "inference-sidecar/ca/", "what `sidecar run` says",
    "what `sidecar serve` with bad settings", "what `sidecar serve` with bad ledger",
)  # fmt: skip
pytestmark = pytest.mark.timeout(300)  # of which the machine may need most for other tests

FOR_THE_OWNER_ALONE = ("ledger.db", "ledger.db.lock", "ca-key.pem")


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="module")
def left(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Left]:
    with canary_life(tmp_path_factory.mktemp("canaries"), simulator) as life:
        yield life


@pytest.mark.parametrize("canary", CANARIES)
def test_it_stands_nowhere(left: Left, canary: str) -> None:
    assert found_in(left.places, [canary]) == []


@pytest.mark.parametrize("place", PLACES)
def test_every_place_was_looked_at_and_holds_something(left: Left, place: str) -> None:
    assert [name for name, content in left.places.items() if f"{name} ".startswith(place) and content], sorted(
        left.places
    )


@pytest.mark.parametrize(
    "written",
    [PROMPT.encode(), f"x={KEY}&".encode(), base64.b64encode(f"me:{OPAQUE}".encode()), base64.b64encode(f"a{PROMPT}x".encode()),
     base64.b64encode(f"ab{ANSWER}xy".encode()), f"..{ANSWER}".encode().hex().encode()],
)  # fmt: skip
def test_who_looks_would_find_it(written: bytes) -> None:
    assert found_in({"a file": b"head " + written + b" tail"})


def test_canaries_did_travel(left: Left, simulator: RunningSimulator) -> None:
    houses = {*OTHER_HOUSES, *BROKEN_WAYS} - {"replicate"}  # OpenAI's path is none of its calls
    assert {f"to {name}" for name in houses} <= left.settled
    assert {"sdk", "talks", "batch", "video", *LEAVES} <= left.settled
    assert any(OPAQUE in heard for heard in left.heard)


def test_what_was_left_behind_was_cancelled_with_the_credential_of_the_settings(left: Left) -> None:
    assert left.heard[-1] == f"Bearer {CONFIGURED}"


def test_bug_shows_its_traceback_and_nothing_of_the_request(left: Left) -> None:
    assert b"RuntimeError: a bug that was planted" in left.places["stderr at the end"]
    assert b"Content-Type" not in left.places["stderr at the end"]


def test_crash_leaves_no_core(left: Left) -> None:
    assert (os.WTERMSIG(left.crash), os.WCOREDUMP(left.crash)) == (signal.SIGSEGV, False)
    assert left.core_limit.split()[4] == "0"
    assert [name for name in left.places if name.startswith("core")] == []


def test_secrets_in_the_wrong_place_are_refused(left: Left) -> None:
    assert left.refused == [USAGE, LEDGER]


def test_whatever_the_umask_is__what_we_keep_is_for_its_owner_alone(left: Left) -> None:
    kept = {path.relative_to(left.stage.root).as_posix(): path for path in left.stage.root.rglob("*")}
    ours = [path for name, path in kept.items() if path.name in FOR_THE_OWNER_ALONE or path.suffix == ".log"]
    assert {path.name for path in ours} >= set(FOR_THE_OWNER_ALONE)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in ours}
    assert modes == dict.fromkeys(modes, "0o600")
    folders = {
        name: oct(path.stat().st_mode & 0o777)
        for name, path in kept.items()
        if name in ("inference-sidecar", "inference-sidecar/ca")
    }
    assert folders == dict.fromkeys(("inference-sidecar", "inference-sidecar/ca"), "0o700")


def test_command_of_a_run_has_the_environment_that_was_given_and_base_urls(left: Left) -> None:
    given = left.stage.variables | {"OPENAI_API_KEY": OPAQUE}
    added = {name for name, value in left.seen["environment"].items() if given.get(name) != value}
    assert added <= {*SDK_VARIABLES, "NO_PROXY", "no_proxy", "LC_CTYPE"}


def test_no_command_line_of_a_run_holds_a_secret(left: Left) -> None:
    own, _, ours, _ = left.seen["ps"]
    assert "asks.py" in own
    assert "sidecar" in ours
    assert found_in({"ps": json.dumps(left.seen["ps"]).encode()}) == []
