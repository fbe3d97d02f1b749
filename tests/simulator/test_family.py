"""What the families of operations have in common."""

import pytest

from sidecar.simulator.family import Family
from sidecar.simulator.operation_routes import ROWS, Verb
from sidecar.simulator.undertaking import Kind

FAMILIES = {row.family.name: row.family for row in ROWS}


def rows(family: Family, verb: Verb) -> bool:
    return any(row.family is family and row.verb is verb for row in ROWS)


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family__is_created_polled_and_cancelled_somewhere(name: str):
    assert all(rows(FAMILIES[name], verb) for verb in (Verb.CREATE, Verb.POLL, Verb.CANCEL))


@pytest.mark.parametrize("name", FAMILIES)
def test_what_has_a_listing_or_results__has_a_path_to_them(name: str):
    family = FAMILIES[name]
    is_found_elsewhere = name in ("batches", "vertexVideos")  # by the headers of openaiBatches' path; by the Gemini API
    assert rows(family, Verb.LIST) == (family.tell_list is not None) or is_found_elsewhere
    assert rows(family, Verb.RESULTS) == (family.results is not None)


def test_ids__tell_two_operations_of_a_family_apart():
    for family in FAMILIES.values():
        names = {family.name_of(number) for number in range(1, 100)}
        assert len(names) == 99
        assert not any(mark in name for name in names for mark in "/:")


def test_only_videos__have_no_cancel():
    assert {family.kind for family in FAMILIES.values() if family.uncancellable} == {Kind.LRO}
