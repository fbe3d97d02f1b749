"""README says what the code says."""

import re

import pytest

from sidecar.config.limits import Limits
from sidecar.config.load import load
from sidecar.lifecycle.call import Outcome
from tests import readme

EMPTY = "".join(f"<!-- {name} -->\n<!-- /{name} -->\n" for name in readme.PARTS)


@pytest.mark.parametrize("part", readme.PARTS)
def test_generated_part_is_up_to_date(part: str) -> None:
    begin, end = f"<!-- {part} -->", f"<!-- /{part} -->"
    stands = readme.README.read_text().partition(begin)[2].partition(end)[0]
    assert stands.strip() == readme.PARTS[part]().strip(), "README.md is behind the code: make docs"


def test_writing_twice_changes_nothing() -> None:
    once = readme.written(EMPTY)
    assert readme.written(once) == once


def test_text_around_a_part_stays() -> None:
    assert readme.written(f"before\n{EMPTY}after\n").startswith("before\n<!-- greeting -->\n")
    assert readme.written(f"before\n{EMPTY}after\n").endswith("<!-- /map -->\nafter\n")


@pytest.mark.parametrize(
    "text", ["", EMPTY + EMPTY, EMPTY.replace("<!-- /map -->", "")], ids=["none", "twice", "no end"]
)
def test_markers_not_there_exactly_once__refused(text: str) -> None:
    with pytest.raises(ValueError, match="exactly once"):
        readme.written(text)


def test_every_outcome_has_a_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .+ \|$", readme.outcomes_table(), re.MULTILINE)
    assert rows == [str(outcome) for outcome in Outcome]


def test_every_limit_has_a_default_and_a_meaning() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| .+ \|$", readme.limits_table(), re.MULTILINE)
    assert rows == list(Limits.model_fields)


@pytest.mark.parametrize("shown", re.findall(r"```yaml\n(.*?)```", readme.README.read_text(), re.DOTALL))
def test_settings_that_are_shown_can_be_used(tmp_path, monkeypatch, shown: str) -> None:
    (tmp_path / "sidecar.yaml").write_text(shown)
    monkeypatch.chdir(tmp_path)
    assert load({}, {}).file is not None


def test_files_that_are_linked_are_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", readme.README.read_text())
    assert links
    assert [link for link in links if not (readme.ROOT / link).exists()] == []


def test_words_of_make_that_are_shown_exist() -> None:
    shown = set(re.findall(r"(?:`|^\$ )make ([a-z]+)", readme.README.read_text(), re.MULTILINE))
    defined = set(re.findall(r"^([a-z]+):", (readme.ROOT / "Makefile").read_text(), re.MULTILINE))
    assert shown
    assert shown <= defined
