"""YAML as Kubernetes reads it, with the place of everything in the text.

PyYAML, because it reads YAML 1.1 as kubectl does (`yes` is true, `0644` is octal). JSON is YAML here, too.
"""

import math
import re
from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

import yaml

from sidecar.injection.problems import BadManifests, Path

MERGE = "tag:yaml.org,2002:merge"
UNDERSTOOD = {f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float", "merge")}
"""What text without quotes may stand for. Not moments, which are text to Kubernetes and may be no moments (2026-13-01), nor `=`,
which PyYAML knows and can't build (definitions of resources hold it)."""

MOST_NODES = 10_000_000
"""Keys and values with all aliases written out: ten times the largest manifests that are, and far below a bomb."""

DEEPEST = 10_000
"""Brackets, braces or columns inside one another. libyaml's composer calls itself for each, and would take the process with it
where Python says RecursionError; far beyond that no document is read anyway."""

TEMPLATE = "{{ }} looks like a template: render it first, as by `helm template ... | sidecar inject -`"


class Document(NamedTuple):
    """One document of a text. Its nodes' marks count characters from the text's beginning, lines from 0."""

    root: yaml.Node
    value: Any

    def line(self, path: Path) -> int:
        """The line, from 1, in which what is at `path` stands; that of the nearest thing above it where that is not there."""
        node, line = self.root, self.root.start_mark.line
        for step in path:
            inner = child(node, step)
            if inner is None:
                break
            node = inner
            line = node.start_mark.line
        return line + 1


def child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    """What stands below a key, or in a place of a list; what only comes by `<<` is not there."""
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step and key.tag != MERGE), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]  # type: ignore[no-any-return]  # PyYAML's nodes say nothing of what they hold
    return None


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml is 4 times as fast, and may be missing
    """Builds values, and leaves the nodes as they stand in the text: PyYAML would write `<<` out in them."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """A mapping with what `<<` brings; a key that stands twice is an error, as for an API server that is strict."""
        refuse_repeated(node)
        merged = yaml.MappingNode(node.tag, list(pairs(node)), node.start_mark, node.end_mark)
        built: dict[Hashable, Any] = super().construct_mapping(merged, deep)
        return built


Loader.yaml_implicit_resolvers = {
    first: kept
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (kept := [resolver for resolver in resolvers if resolver[0] in UNDERSTOOD])
}


def _float(loader: Loader, node: yaml.ScalarNode) -> float:
    """A number; what is none is always the same object, so that values with it in them can be compared."""
    value: float = loader.construct_yaml_float(node)
    return math.nan if math.isnan(value) else value


Loader.add_constructor("tag:yaml.org,2002:float", _float)


def refuse_repeated(node: yaml.MappingNode) -> None:
    """Raise PyYAML's error for a key that stands twice."""
    seen: set[tuple[str, str]] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in seen:
            raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} stands twice", key.start_mark)
        if isinstance(key, yaml.ScalarNode):
            seen.add((key.tag, key.value))


def pairs(node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    """Keys and values, what is merged first: what comes later wins."""
    for key, value in node.value:
        if key.tag == MERGE:
            for merged in reversed(value.value) if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(merged, yaml.MappingNode):
                    raise yaml.constructor.ConstructorError(None, None, "<< takes groups of keys", merged.start_mark)
                yield from pairs(merged)
    yield from ((key, value) for key, value in node.value if key.tag != MERGE)


def documents(text: str, name: str) -> list[Document]:
    """Every document that holds something.

    `name` is the file's, for sentences.

    Raises:
        BadManifests: this is not YAML, or nothing that a computer should take for a manifest.
    """
    try:
        _refuse_depth(text)
        return list(_read(text))
    except yaml.MarkedYAMLError as why:
        mark = why.problem_mark or why.context_mark
        line = mark.line + 1 if mark else 1
        problem = f"{name}:{line}: is not valid YAML: {_said(why)}"
    except yaml.reader.ReaderError as why:
        problem = f"{name}:{text.count(chr(10), 0, why.position) + 1}: is not valid YAML: {why.reason}"
    except (RecursionError, OverflowError):
        problem = f"{name}: is nested too deeply"
    except ValueError as why:  # PyYAML's constructors raise whatever they run into: `!!int x`, `!!bool 7`
        problem = f"{name}: is not valid YAML: {why}"
    raise BadManifests([f"{problem}; {TEMPLATE}" if "{{" in text else problem])


def _refuse_depth(text: str) -> None:
    """Raise RecursionError for a text that is nested without end. Brackets in quotes count, too: nobody has so many."""
    depth = 0
    if text.count("[") + text.count("{") > DEEPEST:
        for bracket in re.finditer(r"[][{}]", text):
            depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
            if depth > DEEPEST:
                raise RecursionError
    if re.search(rf"[ ?-]{{{DEEPEST}}}", text):
        raise RecursionError


def _read(text: str) -> Iterator[Document]:
    loader = Loader(text)
    try:
        while loader.check_node():
            root = loader.get_node()
            _expanded(root, {})
            value = loader.construct_document(root)
            if value is not None:
                yield Document(root, value)
    finally:
        loader.dispose()


def _expanded(node: yaml.Node, known: dict[int, int]) -> int:
    """How many keys and values a node has with all aliases written out. One that holds itself never ends: RecursionError."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        inner = [each for pair in node.value for each in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_expanded(each, known) for each in inner)
    if known[id(node)] > MOST_NODES:
        raise OverflowError
    return known[id(node)]


def _said(why: yaml.MarkedYAMLError) -> str:
    """PyYAML's sentence; its context where the problem alone is half of one."""
    problem = why.problem or why.context or ""
    return f"{why.context} {problem}" if problem.startswith("but ") and why.context else problem
