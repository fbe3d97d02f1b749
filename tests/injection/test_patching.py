"""Texts changed so that they hold other values."""

from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from sidecar.injection.lines import Lines
from sidecar.injection.patching import Entry, Patcher
from sidecar.injection.rendering import indentation_of


def patched(text: str, want: Any) -> str:
    """The text after it was made to hold something else; what it holds now was checked."""
    root, lines = yaml.compose(text, yaml.SafeLoader), Lines(text)
    assert root is not None
    patcher = Patcher(lines, indentation_of(root))
    patcher.change(Entry(root.start_mark.index, None, root, in_block=True), yaml.safe_load(text), want)
    result = lines.edited(patcher.edits)
    assert yaml.safe_load(result) == want
    return result


@pytest.mark.parametrize(
    ("text", "want", "result"),
    [
        ("a: 1 # c\n", {"x": 0, "a": 1}, "x: 0\na: 1 # c\n"),
        ("a: 1 # c\n", {"a": 1, "x": [0]}, "a: 1 # c\nx:\n- 0\n"),
        ("a:\n  b:   1\n", {"a": {"b": 2}}, "a:\n  b:   2\n"),
        ("- a: 1\n- b: 1\n", [{"x": 0}, {"a": 1}, {"b": 1, "c": 2}], "- x: 0\n- a: 1\n- b: 1\n  c: 2\n"),
        ("a:\n# first\n- 1\n", {"a": [0, 1]}, "a:\n- 0\n# first\n- 1\n"),
        ("a: [ 1 ]\n", {"a": [0, 1]}, "a: [ 0, 1 ]\n"),
        ("a: { b: 1 }\n", {"a": {"x": [], "b": 1}}, 'a: { "x": [], b: 1 }\n'),
        ("a: []  # none\nb:\n", {"a": [1], "b": {"c": 1}}, "a:  # none\n- 1\nb:\n  c: 1\n"),
        ("a:\nb: null\nc: ''\n", {"a": 1, "b": 2, "c": "true"}, 'a: 1\nb: 2\nc: "true"\n'),
        ("a:\n  b: 1\nc: 1\n", {"a": 5, "c": 1}, "a: 5\nc: 1\n"),
        ("a: |\n  x\nc: 1\n", {"a": "z", "c": 1}, "a: z\nc: 1\n"),
        ("a:\n- 1\n- 2\nc: 1\n", {"a": [3], "c": 1}, "a:\n- 3\nc: 1\n"),
        ("- a: |\n    x\n- 2\n", [{"a": "z"}, 2], "- a: z\n- 2\n"),
        ("- [1, 2]\n- 2\n", [[1], 2], "- [1]\n- 2\n"),
        ("a: &x [1]\nb: *x\n", {"a": [0, 1], "b": [0, 1]}, "a: &x [0, 1]\nb: *x\n"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", {"a": {"b": 1}, "c": {"b": 3}}, 'a: &x {b: 1}\nc: {"b": 3, <<: *x}\n'),
        ("a: &x 1\nb: *x # c\nc: 1\n", {"a": 1, "b": 2, "c": 1}, "a: &x 1\nb: 2\nc: 1\n"),
        ("a: &x 1\nb:\n- *x\n", {"a": 1, "b": [0, 1]}, "a: &x 1\nb:\n- 0\n- *x\n"),
        ("a: &x 1\nb: [*x]\n", {"a": 1, "b": [0, 1]}, "a: &x 1\nb: [0, *x]\n"),
        ("a: &x\n- 1\n", {"a": [0, 1]}, "a: &x\n- 0\n- 1\n"),
        ("a: {b: 1 ,}\n", {"a": {"b": 1, "c": "d"}}, 'a: {b: 1, "c": "d" ,}\n'),
        ("a: {b}\n", {"a": {"b": None, "c": 1}}, 'a: {"c": 1, b}\n'),
        ('{\n  "a": {"b": 1}\n}\n', {"a": {"b": 1}, "x": {"y": 1}}, '{\n  "a": {"b": 1},\n  "x": {\n    "y": 1\n  }\n}\n'),
        ('{\n  "a": 1\n}\n', {"x": [1], "a": 1}, '{\n  "x": [\n    1\n  ],\n  "a": 1\n}\n'),
    ],
)  # fmt: skip
def test_only_what_must_be_is_written(text, want, result):
    assert patched(text, want) == result
    assert patched(text.replace("\n", "\r\n"), want) == result.replace("\n", "\r\n")


def test_nothing_to_change__same_text():
    text = "a:   [ 1,2 ]   # c\n"
    assert patched(text, yaml.safe_load(text)) == text


leaves = st.one_of(st.integers(), st.booleans(), st.text("ab: #\n-", max_size=5), st.none())
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), values, min_size=1), values, st.booleans(), st.randoms())
def test_any_value_becomes_another_one(have, new, in_braces, random):
    want = dict(have) | {random.choice(sorted(have)): new, "new": new}
    patched(
        yaml.safe_dump(
            have, sort_keys=False, default_flow_style=True if in_braces else None if random.random() < 0.3 else False
        ),
        want,
    )
