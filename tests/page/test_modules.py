"""The pure modules of the live page, tested by node's own runner: how figures are written, messages merged, bars laid out."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.parts import part
from tests.readme import ROOT

PAGE = ROOT / "sidecar" / "control" / "page"
HERE = Path(__file__).parent
TESTS = sorted(HERE.glob("*.test.mjs"))
MOST_LINES = 250
PURE = re.compile(r"\bPure\b")


@pytest.mark.part("node")
def test_pure_modules_pass_their_tests() -> None:
    node = part("node").path()
    assert node is not None
    done = subprocess.run([node, "--test", *map(str, TESTS)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE), done.stdout[-1000:]


def test_every_module_that_calls_itself_pure_has_its_tests() -> None:
    pure = {path.stem for path in PAGE.glob("*.mjs") if PURE.search(first_comment(path))}
    assert pure == {path.name.removesuffix(".test.mjs") for path in TESTS}


def test_pure_modules_build_on_pure_modules_only() -> None:
    pure = {path.stem for path in PAGE.glob("*.mjs") if PURE.search(first_comment(path))}
    for name in pure:
        imported = re.findall(r'from "?\'?\./([\w/.-]+)\.mjs', (PAGE / f"{name}.mjs").read_text())
        assert set(imported) <= pure, name


def test_every_module_says_what_it_is_for_and_has_one_subject() -> None:
    for path in PAGE.glob("*.mjs"):
        assert first_comment(path), path.name
        assert path.read_text().count("\n") <= MOST_LINES, path.name


def test_page_asks_nobody_else_and_needs_no_exception_from_its_policy() -> None:
    """No address of another host, no style or script within the document, no import by a bare name."""
    for path in (*PAGE.glob("*.mjs"), *PAGE.glob("*.html"), *PAGE.glob("*.css")):
        text = path.read_text()
        assert not re.search(r"""["'(]https?://(?!www\.w3\.org)|["'(]//[a-z]""", text), path.name
        assert not re.search(r"""from ['"][^./]""", text), path.name
    document = (PAGE / "index.html").read_text()
    assert not re.search(r"\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)", document)


def first_comment(path: Path) -> str:
    """The comment that a module begins with."""
    lines = path.read_text().splitlines()
    end = next(number for number, line in enumerate(lines) if not line.startswith("//"))
    return " ".join(lines[:end])
