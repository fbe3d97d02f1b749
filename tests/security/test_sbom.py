"""The bill of materials is one: by the rules of CycloneDX 1.6, and with every pin of the image in it."""

import json
import re
from pathlib import Path

import pytest

from tests.security.pins import Pin, pins_in
from tests.security.sbom import INSTALLED, OURSELVES, Document, bill_of_materials, main

ONE = Pin("one", "1.2", "", ("a" * 64,), ("",))
TWO = Pin("two", "3", "python_full_version < '3.14'", ("b" * 64, "c" * 64), ("one", ""))
URN = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
PURL = re.compile(r"pkg:pypi/[a-z0-9-]+@[^/?#@\s]+")
KNOWN = {
    "": {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"},
    "component": {"type", "bom-ref", "name", "version", "purl", "hashes", "licenses", "properties"},
}
"""Of what the schema allows (`additionalProperties: false`), what we use."""


@pytest.fixture(scope="module")
def whole() -> Document:
    return bill_of_materials(pins_in(INSTALLED))


def test_every_pin_of_the_image_is_in_it_and_nothing_else(whole: Document) -> None:
    told = {(each["name"], each["version"]) for each in whole["components"]}
    assert told == {(pin.name, pin.version) for pin in pins_in(INSTALLED)}
    assert len(told) > 40


def test_head_is_as_the_schema_wants_it(whole: Document) -> None:
    assert set(whole) == KNOWN[""]
    assert (whole["bomFormat"], whole["specVersion"], whole["version"]) == ("CycloneDX", "1.6", 1)
    assert URN.fullmatch(whole["serialNumber"])


def test_components_are_as_the_schema_wants_them(whole: Document) -> None:
    for each in (whole["metadata"]["component"], *whole["components"]):
        assert set(each) <= KNOWN["component"], each
        assert each["type"] in ("application", "library")
        assert PURL.fullmatch(each["purl"]), each
        assert all(one["alg"] == "SHA-256" and len(one["content"]) == 64 for one in each.get("hashes", ()))
        assert all(set(one) in ({"expression"}, {"license"}) for one in each.get("licenses", ()))
        assert sum("expression" in one for one in each.get("licenses", ())) in (0, len(each.get("licenses", ())))


def test_every_reference_leads_to_one_component(whole: Document) -> None:
    refs = [OURSELVES, *(each["bom-ref"] for each in whole["components"])]
    assert len(set(refs)) == len(refs)
    assert sorted(each["ref"] for each in whole["dependencies"]) == sorted(refs)
    for each in whole["dependencies"]:
        assert set(each["dependsOn"]) <= set(refs)
        assert each["ref"] not in each["dependsOn"]


def test_all_is_reached_from_ourselves(whole: Document) -> None:
    wants = {each["ref"]: each["dependsOn"] for each in whole["dependencies"]}
    reached, open_ends = set[str](), [OURSELVES]
    while open_ends:
        ref = open_ends.pop()
        if ref not in reached:
            reached.add(ref)
            open_ends += wants[ref]
    assert reached == set(wants)


def test_most_packages_say_their_license(whole: Document) -> None:
    silent = [each["name"] for each in whole["components"] if "licenses" not in each]
    assert len(silent) < 8, silent  # those that are for other systems or other Pythons than this one are not installed


def test_who_wants_what_and_when_is_told() -> None:
    made = bill_of_materials([TWO, ONE])
    assert {each["ref"]: each["dependsOn"] for each in made["dependencies"]} == {
        OURSELVES: ["pkg:pypi/one@1.2", "pkg:pypi/two@3"], "pkg:pypi/one@1.2": ["pkg:pypi/two@3"], "pkg:pypi/two@3": [],
    }  # fmt: skip
    two = made["components"][1]
    assert two["properties"] == [{"name": "pep508:marker", "value": TWO.marker}]
    assert [one["content"] for one in two["hashes"]] == ["b" * 64, "c" * 64]


def test_same_pins__same_document__and_others_another_number() -> None:
    assert bill_of_materials([ONE, TWO]) == bill_of_materials([TWO, ONE])
    assert bill_of_materials([ONE])["serialNumber"] != bill_of_materials([ONE._replace(version="1.3")])["serialNumber"]


def test_moment_is_told_where_the_build_gives_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    assert main([str(tmp_path / "dist" / "sbom.json")]) == 0
    assert json.loads((tmp_path / "dist" / "sbom.json").read_text())["metadata"]["timestamp"] == "2026-01-01T00:00:00Z"
