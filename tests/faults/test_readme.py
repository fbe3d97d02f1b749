"""The campaign's README keeps what it promises: every scenario has its tests, every fault its line, and nothing went wrong."""

import re
from pathlib import Path

import pytest

from tests.faults.campaign import FAMILIES
from tests.named_tests import missing, names_in
from tests.readme import ROOT

TEXT = Path(__file__).with_name("README.md").read_text()
SCENARIOS = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]*) \|$", TEXT, re.MULTILINE)
TABLE = TEXT.partition("<!-- faults -->\n")[2].partition("<!-- end of faults -->\n")[0]
LINES = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines()[2:]]
FAULTS = [(family, fault.name) for family, faults in FAMILIES.items() for fault in faults]


def test_every_scenario_has_one_row() -> None:
    assert [int(number) for number, *_ in SCENARIOS] == list(range(1, 31))


@pytest.mark.parametrize(("scenario", "tests"), [row[1:] for row in SCENARIOS], ids=[row[0] for row in SCENARIOS])
def test_every_scenario_names_its_tests_and_they_are_there(scenario: str, tests: str) -> None:
    assert names_in(tests), f"no test shows: {scenario}"
    assert missing(names_in(tests), ROOT) == []


def test_every_fault_has_one_line() -> None:
    told = [(family, fault) for family, fault, *_ in LINES if not family.startswith("**")]
    assert sorted(told) == sorted(FAULTS)


def test_nothing_was_lost_wrong_or_leaked() -> None:
    assert LINES
    assert [line for line in LINES if {cell.strip("*") for cell in line[3:6]} != {"0"}] == []


def test_every_fault_was_tried() -> None:
    assert [line for line in LINES if not int(line[2].strip("*"))] == []
