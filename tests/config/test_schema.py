"""The shape of the settings, asked by path."""

import pytest

from sidecar.config.schema import dotted, is_group, is_structure, keys_at, kind_at, leaf_paths, may_be_none
from sidecar.config.upstreams import BUILT_IN_UPSTREAMS


def test_path_is_written_as_people_do():
    assert dotted(("prices", "overrides", 0, "model")) == "prices.overrides[0].model"


@pytest.mark.parametrize(
    "path", [("nope",), ("mode", "x"), ("calls", 0), ("upstreams", "gemini", "nope"), ("prices", "overrides", "x")]
)
def test_nothing_can_stand_there(path):
    assert kind_at(path) is None


@pytest.mark.parametrize("path", [(), ("calls",), ("upstreams",), ("upstreams", "any"), ("prices", "overrides", 3)])
def test_groups(path):
    assert is_group(kind_at(path))


def test_list_is_a_structure_and_no_group():
    kind = kind_at(("prices", "overrides"))
    assert is_structure(kind)
    assert not is_group(kind)


def test_keys_of_a_group_and_names_of_upstreams():
    assert keys_at(("calls", "follow")) == ("max_calls", "max_seconds", "max_bytes")
    assert keys_at(("upstreams",)) == tuple(BUILT_IN_UPSTREAMS)
    assert keys_at(("mode",)) == ()


def test_none_is_a_value_only_where_the_type_says_so():
    assert may_be_none(("ledger", "retention_days"))
    assert not may_be_none(("ledger", "url"))


def test_leaves_include_each_upstream_by_name():
    assert ("upstreams", "mine", "on_close", "stream") in set(leaf_paths(("mine",)))
