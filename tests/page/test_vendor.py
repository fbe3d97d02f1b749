"""What the page has from others is what was pinned, and carries its licenses."""

from pathlib import Path

import pytest

from tests.page.vendor import PACKAGES, VENDOR, Copied, Package, strange

PACKAGE = Package(
    "a", "1", "", (Copied("a.js", "a.mjs", "aec070645fe53ee3b3763059376134f058cc337247c978add178b6ccdfb0019f"),)
)
"""Its one file is empty but for the last end of line."""


def test_vendored_files_are_those_that_were_pinned() -> None:
    assert strange(PACKAGES, VENDOR) == []


def test_every_package_brings_its_license() -> None:
    for package in PACKAGES:
        assert any(copied.target.endswith(".LICENSE") for copied in package.files), package.name


def test_changed_or_missing_or_foreign_file__is_told(tmp_path: Path) -> None:
    assert strange((PACKAGE,), tmp_path) == ["a.mjs is missing"]
    (tmp_path / "a.mjs").write_text("changed")
    (tmp_path / "b.mjs").write_text("")
    told = strange((PACKAGE,), tmp_path)
    assert told[0] == "b.mjs is of no package"
    assert told[1].startswith("a.mjs has the hash ")


def test_what_is_replaced_must_be_there() -> None:
    copied = Copied("a.js", "a.mjs", "", {b"old": b"new"}, b"end\n")
    assert copied.made_of(b"an old one\n\n") == b"an new one\nend\n"
    with pytest.raises(AssertionError, match="has no b'old'"):
        copied.made_of(b"something else")
