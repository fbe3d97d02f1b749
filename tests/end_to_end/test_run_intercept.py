"""`sidecar run --intercept`: programs with fixed addresses are seen, everything is for them alone, and nothing of it stays."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from sidecar.simulator.milestones import Milestone
from tests.end_to_end import intercept_scripts
from tests.end_to_end.intercept_rig import OPENAI, OTHER, Land, a_land, bare_environment
from tests.end_to_end.run_rig import Runs

INTERCEPT = "--intercept"
TELLS = "env; cat $SSL_CERT_FILE; cat $NODE_EXTRA_CA_CERTS; stat -c 'mode %a' $(dirname $SSL_CERT_FILE)"
BODY = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]})
ASK_OPENAI = ["curl", "-sS", "--json", BODY, f"https://{OPENAI}/v1/chat/completions"]


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    with a_land(tmp_path_factory.mktemp("abroad")) as found:
        yield found


def run_in(directory: Path, land: Land) -> Runs:
    """With a proxy of the user's and an authority of the user's, as in many a corporation: else no provider is reached."""
    run = Runs(directory, land.simulator)
    theirs = {"HTTPS_PROXY": land.abroad.url, "SSL_CERT_FILE": str(land.ca_file)}
    own = {name: value for name, value in run.variables.items() if not name.startswith("SIDECAR_UPSTREAMS")}
    run.variables = {
        **{name: value for name, value in own.items() if name in bare_environment() or name in OF_RUNS},
        **theirs,
    }
    return run


OF_RUNS = ("XDG_STATE_HOME", "PYTHONPATH", "TERM")


def program(what: str) -> list[str]:
    return [sys.executable, intercept_scripts.__file__, what]


Ended = subprocess.CompletedProcess[str]


def interrupted(run: Runs) -> Ended:
    with run.started(program("streams"), INTERCEPT) as process:
        assert process.stdout is not None
        try:
            run.simulator.reached("streamed", Milestone.HELD)
            assert process.stdout.readline() == "event\n"
            process.send_signal(signal.SIGINT)
            process.stdout.read()  # to its end: the command's
            run.simulator.release("streamed")
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    return subprocess.CompletedProcess([], process.returncode, "", errors)


SCENES: dict[str, Callable[[Runs], Ended]] = {
    "sdks": lambda run: run.piped(program("asks"), INTERCEPT),
    "interrupted": interrupted,
    "told": lambda run: run.piped(["sh", "-c", TELLS], INTERCEPT, variables={"NO_PROXY": f"{OPENAI},inside.example"}),
    "mistrusting": lambda run: run.piped([*ASK_OPENAI, "--cacert", run.variables["SSL_CERT_FILE"]], INTERCEPT, "--json"),
    "elsewhere": lambda run: run.piped(["curl", "-sS", "--http1.1", f"https://{OTHER}/"], INTERCEPT),
    "nested": lambda run: run.piped(run.line(ASK_OPENAI, INTERCEPT, "--verbose"), INTERCEPT),
}  # fmt: skip


@pytest.fixture(scope="module")
def ends(land: Land, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[], Ended]]:
    """How each scene ended; they run two at a time."""
    pool, folders = ThreadPoolExecutor(2), {name: tmp_path_factory.mktemp(name) for name in SCENES}
    return {name: pool.submit(SCENES[name], run_in(folders[name], land)).result for name in SCENES}


Ends = dict[str, Callable[[], Ended]]


def test_sdks_with_fixed_addresses_are_seen_and_billed(ends: Ends, land: Land) -> None:
    ended = ends["sdks"]()
    assert ended.returncode == 0, ended.stderr
    entries = [land.simulator.bill.of(name)[0] for name in ("genai", "genai/1", "openai")]
    assert [int(length) > 0 for length in ended.stdout.split()] == [True] * 3
    told = ended.stderr.replace("\n", " ")
    assert f"3 calls, all delivered, for {sum(entry.usd for entry in entries):.6f} USD" in told


def test_interrupted_amid_a_stream__then_the_story_says_what_that_cost(ends: Ends, land: Land) -> None:
    ended = ends["interrupted"]()
    (entry,) = land.simulator.bill.of("streamed")
    assert ended.returncode == -signal.SIGINT
    assert "your program was interrupted after" in ended.stderr
    assert re.search(r"calls +1 +1 orphaned", ended.stderr)
    assert entry.usd


def variables_in(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if re.match(r"\w+=", line))


def test_everything_is_for_the_command_alone__and_gone_when_it_ends(ends: Ends, land: Land) -> None:
    ended = ends["told"]()
    told = variables_in(ended.stdout)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", told["HTTPS_PROXY"])
    assert told["OPENAI_BASE_URL"] == f"{told['HTTPS_PROXY']}/openai/v1", "both ways"
    assert told["NODE_USE_ENV_PROXY"] == "1"
    assert told["NO_PROXY"] == told["no_proxy"] == "inside.example,127.0.0.1,localhost"
    assert land.ca_file.read_text().strip() in ended.stdout, "whom the user trusted is trusted still"
    assert ended.stdout.count("BEGIN CERTIFICATE") == 3
    assert "mode 700" in ended.stdout
    assert not Path(told["SSL_CERT_FILE"]).parent.exists()


def test_what_the_user_had_excepted_is_told(ends: Ends) -> None:
    errors = ends["told"]().stderr
    assert f"NO_PROXY excepts hosts of upstreams, and not in this run: {OPENAI}" in errors
    assert "calls to hosts that NO_PROXY excepts were not seen: inside.example" in errors


def test_no_call_was_seen__then_that_is_told(ends: Ends) -> None:
    errors = ends["told"]().stderr
    assert re.search(r"your program ended after \d\.\d+ s; calls seen: 0\n", errors)
    assert "nothing came by HTTPS_PROXY: it called nobody, or does not heed it" in errors


def test_program_trusts_nobody_but_its_own__then_that_is_told(ends: Ends) -> None:
    ended = ends["mistrusting"]()
    told: dict[str, Any] = json.loads(ended.stderr.splitlines()[-1])
    assert ended.returncode == 60, "curl's status for a certificate that it does not trust"
    assert told["calls"] == {}
    assert told["connections"] == {"intercepted": 1, "tunneled": 0, "grpc": 0, "given_up": 1}


def test_other_hosts_are_reached_as_before__by_the_users_own_proxy(ends: Ends, land: Land) -> None:
    ended = ends["elsewhere"]()
    assert ended.stdout.startswith('{"id":"c-1"'), ended.stderr
    assert land.abroad.times_asked(OTHER) == 1
    assert "connections to hosts that no upstream has, which passed unread: 1" in ended.stderr


def test_run_in_a_run__then_the_outer_one_sees_and_tells(ends: Ends) -> None:
    ended = ends["nested"]()
    assert ended.returncode == 0, ended.stderr
    assert "chat.completion" in ended.stdout
    assert ended.stderr.count("1 call, 1 delivered") == 1
    assert "was there first, and sees them" in ended.stderr
    assert "calls seen: 0" not in ended.stderr
