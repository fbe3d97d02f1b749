"""SECURITY.md keeps what it promises: every threat has a row, every row a test, and the test is there."""

import re

import pytest

from tests.named_tests import missing, names_in
from tests.readme import ROOT

TEXT = (ROOT / "SECURITY.md").read_text()
ROWS = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", TEXT, re.MULTILINE)
THREATS = range(1, 26)
"""Those of the threat model; a new one is added here too."""


def test_every_threat_has_one_row() -> None:
    assert [int(number) for number, *_ in ROWS] == list(THREATS)


@pytest.mark.parametrize(("threat", "tests"), [row[1::2] for row in ROWS], ids=[row[0] for row in ROWS])
def test_every_row_names_its_tests_and_they_are_there(threat: str, tests: str) -> None:
    assert names_in(tests), f"no test shows: {threat}"
    assert missing(names_in(tests), ROOT) == []


def test_every_other_test_that_is_named_is_there_too() -> None:
    assert missing(names_in(TEXT), ROOT) == []


def test_every_file_that_it_leads_to_is_there() -> None:
    led_to = [target.partition("#")[0] for target in re.findall(r"\]\((?!https?:)([^)#][^)]*)\)", TEXT)]
    assert led_to
    assert [target for target in led_to if not (ROOT / target).exists()] == []
