"""A look for known vulnerabilities that found no data is no all-clear."""

import json
from pathlib import Path

import pytest

from tests.security.audit import CLEAN, UNKNOWN, VULNERABLE, main, read, said

GOOD = {"name": "one", "version": "1", "vulns": []}
BAD = {"name": "two", "version": "2", "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2026-1"], "fix_versions": ["2.1"]}]}
SKIPPED = {"name": "three", "skip_reason": "Dependency not found on PyPI and could not be audited: three (3)"}


def told(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


@pytest.mark.parametrize(
    ("out", "status"),
    [
        (told(GOOD), CLEAN),
        (told(GOOD, BAD), VULNERABLE),
        (told(GOOD, SKIPPED), UNKNOWN),
        (told(SKIPPED, BAD), VULNERABLE),
        ("", UNKNOWN),
        ("[]", UNKNOWN),
        ("{", UNKNOWN),
    ],
)
def test_only_what_was_looked_up_is_clean(out: str, status: int) -> None:
    assert read(out).status == status


def test_each_vulnerability_is_a_sentence_with_what_mends_it() -> None:
    assert list(said("pins.txt", read(told(BAD)))) == [
        "pins.txt: two 2: PYSEC-1, CVE-2026-1; fixed in 2.1",
        "pins.txt: 1 packages looked up, 1 vulnerabilities known",
    ]


def test_what_could_not_be_looked_up_is_said_loudly() -> None:
    sentence, looked_up = said("pins.txt", read(told(GOOD, SKIPPED)))
    assert "1 of 2 packages could NOT be looked up, so nothing is known of them: Dependency not found" in sentence
    assert "1 packages looked up, 0" in looked_up


def test_program_that_fails_has_looked_up_nothing() -> None:
    (sentence,) = said("pins.txt", read("", "Traceback\nConnectionError: no route"))
    assert (
        sentence
        == "pins.txt: its packages could NOT be looked up, so nothing is known of them: ConnectionError: no route"
    )


def test_worst_of_all_files_is_the_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = tmp_path / "pip-audit"
    program.write_text(f"#!/bin/sh\ncase \"$*\" in *build*) echo '{told(SKIPPED)}';; *) echo '{told(GOOD)}';; esac\n")
    program.chmod(0o755)
    assert main([str(program), "deploy/requirements.txt"]) == CLEAN
    assert main([str(program), "deploy/requirements.txt", "deploy/build-requirements.txt"]) == UNKNOWN
    assert "could NOT be looked up" in capsys.readouterr().out
