"""Each bad file beside its exact message: `bad/<what is wrong>.yaml` and `.txt` (the manner of blackbox_exporter)."""

from pathlib import Path

import pytest

from sidecar.config.load import load
from sidecar.config.problems import BadSettings

BAD = Path(__file__).parent / "bad"
FILES = sorted(BAD.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_bad_file_is_refused_with_exactly_these_words(file, monkeypatch):
    monkeypatch.chdir(BAD)
    with pytest.raises(BadSettings) as refused:
        load({}, {}, file.name)
    assert f"{refused.value}\n" == file.with_suffix(".txt").read_text("utf-8")


def test_no_expectation_is_left_without_its_file():
    assert {text.stem for text in BAD.glob("*.txt")} == {file.stem for file in FILES}


def test_passwords_and_keys_are_in_no_message():
    said = "".join(text.read_text("utf-8") for text in BAD.glob("*.txt"))
    assert "hunter2" not in said
    assert "AIza" not in said
