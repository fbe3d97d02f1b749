"""The commands of a pod's life take what they say they take."""

import io
import sys

import pytest

from sidecar.cli import FAILURE, OK, USAGE
from sidecar.cli.quick import COMMANDS
from tests.cli.answering import nobody

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec:\n  containers:\n  - {name: app, image: app}\n"


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("wait", {"--timeout", "--for", "--observe", "--config"}),
        ("drain", {"--control", "--config"}),
        ("shutdown", {"--control", "--config"}),
        ("inject", {"--image", "--env", "--config-map"}),
    ],
)
def test_help_names_every_flag(sidecar, command: str, flags: set[str]):
    ran = sidecar(command, "--help")
    assert ran.code == OK
    assert all(flag in ran.out for flag in flags)


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_quick_road_knows_the_flags_of_the_long_one(sidecar, command: str):
    options = sidecar(command, "--help").out.partition("Options:")[2]
    named = {line.split()[0] for line in options.splitlines() if line.startswith("  --")}
    assert named - {"--help"} == COMMANDS[command][1]


@pytest.mark.parametrize("timeout", ["0", "10ms", "0.01", "0s"])
def test_a_timeout_is_a_duration(sidecar, timeout: str):
    with nobody() as address:
        ran = sidecar("wait", "--timeout", timeout, "--observe", f"http://{address}")
    assert (ran.code, ran.out) == (FAILURE, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("wait", "--timeout", "soon"),
            "Invalid value for '--timeout': 'soon' is no duration; write 30s, 500ms, 2m or 0",
        ),
        (("wait", "--timeout", "-1"), "Invalid value for '--timeout': '-1' is no duration"),
        (("wait", "--for", "ever"), "Invalid value for '--for'"),
        (("wait", "--observe", "here"), "--observe: 'here' is no address of a sidecar; write http://127.0.0.1:8781"),
        (("drain", "now"), "Got unexpected extra argument"),
    ],
)
def test_a_slip__usage_error(sidecar, words: tuple[str, ...], sentence: str):
    ran = sidecar(*words)
    assert (ran.code, ran.out) == (USAGE, "")
    assert ran.err.startswith(f"sidecar: {sentence}")


def test_what_is_injected_comes_from_the_flags(sidecar, empty_folder):
    for name in ("a", "b"):
        (empty_folder / f"{name}.yaml").write_text(POD % name)
    flags = (
        "--image",
        "r/s:1",
        "--env",
        "SIDECAR_MODE=enforce",
        "--env",
        "SIDECAR_LOG__LEVEL=debug",
        "--config-map",
        "mine",
    )
    ran = sidecar("inject", "a.yaml", "b.yaml", *flags)
    assert ran.code == OK
    for said in ("name: a,", "name: b,", "r/s:1", "SIDECAR_MODE", "enforce", "SIDECAR_LOG__LEVEL", "mine"):
        assert said in ran.out


def test_without_a_file_standard_input_is_injected(sidecar, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO((POD % "c").encode())))
    ran = sidecar("inject")
    assert ran.code == OK
    assert "name: inference-sidecar" in ran.out
