"""Completion in a real bash."""

import time

import pytest

from sidecar.cli.completion_bash import script
from tests.cli.shells import CASES, RUN_CASES, answer, tree

ASK = """
ask() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    _sidecar 2>&1
    printf '%s\\n' "${COMPREPLY[@]}"
}
"""


def asked(directory, line: str, more: str = "") -> set[str]:
    """What bash offers. As it takes words apart itself: at spaces and `=`."""
    (directory / "completion").write_text(f"compopt() {{ :; }}\n{script(tree())}{ASK}")  # compopt works behind TAB only
    words = " ".join(f"'{word}'" for word in line.replace("=", " = ").split(" "))
    return answer(directory, "bash", "--norc", "-c", f"{more} source completion; ask {words}") - {"completion"}


@pytest.mark.parametrize(("line", "words"), CASES + RUN_CASES)
def test_offers(tmp_path, line: str, words: set[str]):
    if line.startswith("sidecar run") and not any(command.takes_command for command in tree().walk()):
        pytest.skip("there is no command that runs others")
    assert asked(tmp_path, line) == words


def test_value_behind_an_equals_sign(tmp_path):
    assert asked(tmp_path, "sidecar serve --mode=en") == {"enforce"}


def test_flags_are_offered_where_nothing_else_is(tmp_path):
    assert "--help" in asked(tmp_path, "sidecar calls show ")
    assert "--help" not in asked(tmp_path, "sidecar ")


def test_answers_at_once(tmp_path):
    """Without Python: sourcing the script and a hundred answers, in the time of one start of it."""
    begun = time.monotonic()
    asked(tmp_path, "sidecar calls list --outcome orphan_", more="")
    assert time.monotonic() - begun < 2  # bash itself, on a busy machine; the answer alone takes 3 ms
    text = script(tree())
    assert "python" not in text
    assert "$(sidecar" not in text


def test_script_is_bash(tmp_path):
    (tmp_path / "completion").write_text(script(tree()))
    assert answer(tmp_path, "bash", "-n", "completion") == set()
