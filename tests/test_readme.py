"""README says what the code says."""

import ast
import re

import pytest
import typer

from sidecar.cli.commands import app
from sidecar.config.limits import Limits
from sidecar.config.load import load
from sidecar.config.quantities import parse_seconds
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import OPEN, OperationState
from tests import readme, readme_operations

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


@pytest.mark.parametrize("shown", re.findall(r"```python\n(.*?)```", readme.README.read_text(), re.DOTALL))
def test_programs_that_are_shown_are_python_and_their_leases_are_leases(shown: str) -> None:
    ast.parse(shown)
    for lease in re.findall(r'"X-Sidecar-Lease": "(.+?)"', shown):
        assert parse_seconds(lease) > 0


def test_every_end_of_an_operation_is_explained() -> None:
    part = readme.README.read_text().partition("**How an operation ends.**")[2].partition("**Its money.**")[0]
    rows = re.findall(r"^\| `(\w+)` \| .+ \|$", part, re.MULTILINE)
    assert rows == [str(state) for state in OperationState if state not in OPEN]


def test_every_create_that_is_listed_opens_an_operation_and_no_other_does() -> None:
    assert readme_operations.operations_table().count("\n") == 2 + len(readme_operations.CREATES)
    with pytest.raises(LookupError, match="opens no operation of openai"):
        readme_operations.wire_of("openai", "/v1/chat/completions")


def test_commands_that_are_shown_exist() -> None:
    shown = set(re.findall(r"(?:bin/|`)sidecar ([a-z]+(?: [a-z]+)?)", readme.README.read_text()))
    assert {"operations list", "operations cancel", "report", "serve"} <= shown
    assert [words for words in shown if not _is_command(words.split())] == []


def _is_command(words: list[str]) -> bool:
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    below = groups.get(words[0])
    if below is None:
        return words[0] in _names(app)
    return len(words) == 1 or words[1] in _names(below)


def _names(commands: typer.Typer) -> set[str]:
    return {str(each.name or getattr(each.callback, "__name__", "")) for each in commands.registered_commands}


def test_files_that_are_linked_are_there() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", readme.README.read_text())
    assert links
    assert [link for link in links if not (readme.ROOT / link).exists()] == []


def test_words_of_make_that_are_shown_exist() -> None:
    shown = set(re.findall(r"(?:`|^\$ )make ([a-z]+)", readme.README.read_text(), re.MULTILINE))
    defined = set(re.findall(r"^([a-z]+):", (readme.ROOT / "Makefile").read_text(), re.MULTILINE))
    assert shown
    assert shown <= defined
