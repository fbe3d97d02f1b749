"""Plain command lines are run at once, and end as they would by the long road; all others take that road."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, strategies as st

from sidecar.cli import FAILURE, INTERRUPTED, OK, USAGE, quick
from sidecar.cli.quick import flags_in, run_quickly
from tests.cli.answering import answering, nobody, reply
from tests.cli.conftest import REPOSITORY

KNOWN = frozenset({"--control", "--config"})
SERVING = reply(200, {"ok": True, "state": "serving"})


@pytest.mark.parametrize(
    ("replied", "code"), [(SERVING, OK), (reply(503, {"state": "starting"}), FAILURE), (reply(404, {"detail": "no"}), FAILURE)]
)  # fmt: skip
@pytest.mark.parametrize(
    "command", [("wait", "--timeout", "0", "--observe"), ("drain", "--control"), ("shutdown", "--control")]
)
def test_both_roads_end_alike(sidecar, capsys, command: tuple[str, ...], replied: bytes, code: int):
    with answering(replied) as listening:
        words = (*command, f"http://{listening.address}")
        assert run_quickly(words) == code
        said = capsys.readouterr()
        assert sidecar(*words) == (code, said.out, said.err)
    assert listening.asked[0] == listening.asked[1]


@pytest.mark.parametrize("command", ["wait", "drain", "shutdown"])
def test_a_setting_that_can_not_be_used__usage_error_on_both(sidecar, capsys, empty_folder, command: str):
    (empty_folder / "sidecar.yaml").write_text("control: {listen: '127.0.0.1:0'}\nobserve: {listen: '127.0.0.1:0'}")
    assert run_quickly([command]) == USAGE
    said = capsys.readouterr()
    assert "port 0 is another one at each start" in said.err
    assert sidecar(command) == (USAGE, said.out, said.err)


@pytest.mark.parametrize(
    "words",
    [
        "", "serve", "version", "--version", "--help", "wait --help", "drain --help", "wait --timeout", "wait --timeout soon",
        "wait --timeout -1", "wait --for ever", "wait now", "drain --observe http://127.0.0.1:1", "shutdown --now", "wait --for=",
        "drain --config --control", "inject -", "operations list",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_long_road(capsys, words: str):
    assert run_quickly(words.split()) is None
    assert capsys.readouterr() == ("", "")


def test_ctrl_c_while_waiting__interrupted(monkeypatch: pytest.MonkeyPatch):
    def interrupted(_flags: object) -> quick.Work:
        def work() -> None:
            raise KeyboardInterrupt

        return work

    monkeypatch.setattr(quick, "COMMANDS", {"wait": (interrupted, frozenset())})
    assert run_quickly(["wait"]) == INTERRUPTED


def test_the_way_of_writing_a_flag_does_not_matter():
    assert flags_in(["--control=a=b", "--config", "c"], KNOWN) == {"--control": "a=b", "--config": "c"}


def test_a_flag_given_twice__the_last_one_counts():
    assert flags_in(["--config", "a", "--config=b"], KNOWN) == {"--config": "b"}


@given(st.lists(st.sampled_from(["--control", "--config", "--config=x", "=", "-", "", "x", "--", "--help"])))
def test_words_of_any_kind_are_flags_or_none(words: list[str]):
    flags = flags_in(words, KNOWN)
    assert flags is None or (flags.keys() <= KNOWN and all(flags.values()))


@pytest.mark.parametrize("words", [("wait", "--timeout", "0"), ("drain",), ("shutdown",)])
@pytest.mark.parametrize("is_in_file", [True, False])
def test_nothing_heavy_is_imported(empty_folder, words: tuple[str, ...], is_in_file: bool):
    """That is what makes it quick; its milliseconds depend on who else uses the machine."""
    heavy = ("typer", "pydantic", "fastapi", "rich", "asyncio", "http.client", "ssl", "msgspec", "sqlalchemy")
    program = (
        "import sys; from sidecar.cli.quick import run_quickly; code = run_quickly(sys.argv[1:]); "
        f"print(code, [name for name in {heavy} if name in sys.modules])"
    )
    with nobody() as address:
        listen = {"control": {"listen": str(address)}, "observe": {"listen": str(address)}}
        variables = {f"SIDECAR_{group.upper()}__LISTEN": str(address) for group in listen}
        (empty_folder / "sidecar.yaml").write_text(json.dumps(listen if is_in_file else {"mode": "observe"}))
        environment = {"PYTHONPATH": str(REPOSITORY)} | ({} if is_in_file else variables)
        command = (sys.executable, "-c", program, *words)
        ran = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    assert ran.stdout == f"{FAILURE} []\n"
    assert f"http://{address} (Connection refused)" in ran.stderr
