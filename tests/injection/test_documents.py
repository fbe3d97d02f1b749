"""YAML as Kubernetes reads it."""

import math

import pytest

from sidecar.injection.documents import documents
from sidecar.injection.problems import BadManifests

BOMB = "a0: &a0 [1, 1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))


def value_of(text: str):
    (document,) = documents(text, "x.yaml")
    return document.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: yes", {"a": True}),
        ("a: 0644", {"a": 420}),
        ("a: 1.5", {"a": 1.5}),
        ("a: 2026-13-01", {"a": "2026-13-01"}),
        ("a: 2026-11-01T00:00:00Z", {"a": "2026-11-01T00:00:00Z"}),
        ("a: [=, '=']", {"a": ["=", "="]}),
        ("a: ~", {"a": None}),
        ('{"a": [1, "b"]}', {"a": [1, "b"]}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("- &x {b: 1}\n- &y {b: 2, c: 2}\n- {<<: [*x, *y]}", [{"b": 1}, {"b": 2, "c": 2}, {"b": 1, "c": 2}]),
        ("a: &x {b: 1}\nc: {b: 3, <<: *x}", {"a": {"b": 1}, "c": {"b": 3}}),
    ],
)
def test_values(text, value):
    assert value_of(text) == value


def test_no_number__equal_to_itself_read_again():
    assert math.isnan(value_of("a: .nan")["a"])
    assert value_of("a: .nan") == value_of("a: .NaN")


def test_documents_that_hold_nothing_are_left_out():
    assert [each.value for each in documents("---\n# only a comment\n---\na: 1\n---\n", "x")] == [{"a": 1}]


def test_line_of_a_path():
    first, second = documents("a: 1\n---\nb:\n  - c: 1\n  - d:\n      e: 2\n", "x.yaml")
    assert first.line(()) == 1
    assert second.line(("b", 1, "d", "e")) == 6
    assert second.line(("b", 1, "d", "nothing")) == 6
    assert second.line(("b", 7)) == 4


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\nb: [1\nc: 2\n", "x.yaml:3: is not valid YAML: "),
        ("a: 1\nb: 2\na: 3\n", "x.yaml:3: is not valid YAML: the key a stands twice"),
        ("a: !Ref b\n", "x.yaml:1: is not valid YAML: could not determine a constructor for the tag '!Ref'"),
        ("a: 1\nb: \x00\n", "x.yaml:2: is not valid YAML"),
        ("a: {<<: 1}\n", "x.yaml:1: is not valid YAML: << takes groups of keys"),
        ("a: !!int x\n", "x.yaml: is not valid YAML: invalid literal for int"),
        ("[" * 300_000 + "]" * 300_000, "x.yaml: is nested too deeply"),
        ("[" * 9_000 + "]" * 9_000, "x.yaml: is nested too deeply"),
        ("- " * 300_000 + "1", "x.yaml: is nested too deeply"),
        ("a: &a [*a]\n", "x.yaml: is nested too deeply"),
        (BOMB, "x.yaml: is nested too deeply"),
    ],
    ids=[
        "bracket",
        "key twice",
        "tag",
        "control letter",
        "merge",
        "no number",
        "deeper",
        "deep",
        "dashes",
        "in itself",
        "bomb",
    ],
)
def test_what_is_no_yaml__one_sentence_with_file_and_line(text, sentence):
    with pytest.raises(BadManifests) as bad:
        documents(text, "x.yaml")
    (said,) = bad.value.problems
    assert said.startswith(sentence)


@pytest.mark.parametrize(
    "text", ["a: {{ .Values.a }}\n", "{{- if .Values.a }}\na: 1\n{{- end }}\n", "{{ include }}: 1"]
)
def test_template_of_helm__what_to_do_with_it(text):
    with pytest.raises(
        BadManifests, match=r"x\.yaml:\d: is not valid YAML: .*; {{ }} looks like a template: render it first"
    ):
        documents(text, "x.yaml")


def test_many_brackets_that_are_closed_again():
    assert len(value_of("[" + "[{}], " * 6_000 + "]")) == 6_000
