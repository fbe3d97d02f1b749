"""Values as text."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from sidecar.injection.rendering import Indentation, block, flow, indentation_of, scalar

printables = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufeff\u2028\u2029"), max_size=20
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), printables),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(printables, inner, max_size=3),
)


@given(json_values, st.sampled_from([Indentation(2, 0), Indentation(2, 2), Indentation(4, 2), Indentation(1, 0)]))
def test_whatever_is_written__is_read_again(value, indentation):
    assert yaml.safe_load("\n".join(block(value, indentation))) == value
    assert yaml.safe_load(f"- {flow(value)}") == [value]
    assert json.loads(flow(value, 8, 4)) == value


def test_lists_stand_as_far_inside_as_they_are_told():
    value = {"a": [{"b": 1, "c": {"d": 2}}]}
    assert list(block(value, Indentation(2, 0))) == ["a:", "- b: 1", "  c:", "    d: 2"]
    assert list(block(value, Indentation(4, 2))) == ["a:", "  - b: 1", "    c:", "        d: 2"]


@pytest.mark.parametrize(
    "text", ["0.0.0.0:8781", "50m", "/livez", "http://127.0.0.1:8780/x", "a/b@sha256:0f", "app web"]
)
def test_plain_text__no_quotes(text):
    assert scalar(text) == text


@pytest.mark.parametrize(
    "text", ["true", "y", "No", "8781", "1e3", "0o17", "1_0", "", "a: b", "a #b", "*x", "12:30:00", "null", "x:"]
)
def test_text_that_means_something_else_without_quotes__gets_them(text):
    assert scalar(text) == f'"{text}"'


@pytest.mark.parametrize(
    ("text", "indentation"),
    [
        ("a:\n  b: 1\n  c:\n  - 1", (2, 0)),
        ("a:\n    b:\n      - 1", (4, 2)),
        ("a: {b: {c: [1]}}", (2, 0)),
        ("- a:\n   - b:\n         c: 1", (4, 1)),
        ("a: &x\n  b: 1\nc: *x\n", (2, 0)),
        ("just text", (2, 0)),
    ],
)
def test_indentation_is_the_documents_own(text, indentation):
    root = yaml.compose(text, yaml.SafeLoader)
    assert root is not None
    assert indentation_of(root) == Indentation(*indentation)


def test_json_over_lines__further_inside_at_every_level():
    value: Any = {"a": {"b": [1]}}
    assert flow(value, 4, 2) == '{\n      "a": {\n        "b": [\n          1\n        ]\n      }\n    }'
