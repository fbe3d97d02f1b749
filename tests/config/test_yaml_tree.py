"""YAML with its lines."""

import pytest
from hypothesis import example, given, strategies as st

from sidecar.config.yaml_tree import Tree


def test_every_key_and_item_has_its_line():
    tree = Tree("a: 1\n\nb:\n  - c: 2\n  - 3\n")
    assert tree.value == {"a": 1, "b": [{"c": 2}, 3]}
    assert tree.lines == {("a",): 1, ("b",): 3, ("b", 0): 4, ("b", 0, "c"): 4, ("b", 1): 5}
    assert tree.problems == []


@pytest.mark.parametrize("text", ["", "# nothing", "---"])
def test_nothing__none(text):
    assert (Tree(text).value, Tree(text).problems) == (None, [])


def test_tree_below_a_root_is_named_from_there():
    assert Tree("model: a", ("prices", "overrides", 0)).lines == {("prices", "overrides", 0, "model"): 1}


@pytest.mark.parametrize("text", ["{a: 1, a: 2}", "a: 1\na: 2"])
def test_key_that_stands_twice__the_first_counts_and_the_second_is_a_problem(text):
    tree = Tree(text)
    assert tree.value == {"a": 1}
    assert [(path, problem) for _, path, problem, _ in tree.problems] == [(("a",), "stands twice, first in line 1")]


def test_own_key_beats_a_merged_one():
    tree = Tree("x: &x {a: 1, b: 1}\ny: {<<: *x, a: 2}")
    assert tree.value["y"] == {"a": 2, "b": 1}
    assert tree.problems == []


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 2026-13-01", 1, "'2026-13-01' is not what YAML takes it for"),
        ("\n" + "[" * 5_000, 1, "is nested too deeply"),
        ("a: *nobody", 1, "is not valid YAML: found undefined alias 'nobody'"),
        ("a: &a\n  b: *a", 2, "holds itself"),
        ("? [1]\n: 2", 1, "is no text to YAML"),
    ],
)
def test_problem_with_its_line(text, line, problem):
    ((found_line, _, found, _),) = Tree(text).problems
    assert (found_line, found) == (line, problem)


LISTS = "a0: &a0 [x, x]\n" + "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
GROUPS = "a0: &a0 {k: v, l: w}\n" + "\n".join(
    f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}, z: *a{n - 1}}}" for n in range(1, 40)
)
MERGED = "a0: &a0 {k: v}\n" + "\n".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12))


@pytest.mark.parametrize("bomb", [LISTS, GROUPS, MERGED], ids=["lists", "groups", "merged"])
def test_lines_that_stand_for_a_billion_values_are_not_written_out(bomb):
    tree = Tree(bomb)
    ((line, path, problem, _),) = tree.problems
    assert (line, path, problem) == (1, (), "holds more than 100,000 keys and values, its aliases written out")
    assert tree.value is None


@given(st.text(alphabet="ab01 \n:-[]{}&*<!?|>'\"#,.\t", max_size=30))
@example("=: =")
@example("!!binary x")
@example("!!timestamp x")
@example("a: !!set {b}")
@example("<<: 1")
def test_any_text_is_a_tree_or_a_problem(text):
    tree = Tree(text)
    assert all(1 <= line <= text.count("\n") + 1 for line, *_ in tree.problems)
