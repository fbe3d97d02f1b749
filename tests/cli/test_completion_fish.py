"""Completion in a real fish."""

import pytest

from sidecar.cli.completion_fish import script
from tests.cli.shells import CASES, answer, tree


@pytest.mark.part("fish")
@pytest.mark.parametrize(("line", "words"), CASES)
def test_offers(tmp_path, line: str, words: set[str]):
    (tmp_path / "completion").write_text(script(tree()))
    offered = answer(tmp_path, "fish", "--no-config", "-c", f"source completion; complete -C '{line}'")
    assert {word for word in offered if word != "completion"} == words


def test_words_that_fish_would_read_are_quoted(tmp_path):
    assert "'Only models that match: \\'gemini-2.5-*\\'.'" in script(tree())
