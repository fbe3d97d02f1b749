"""YAML into values, with the line of every key and item: PyYAML's nodes know it, its values no longer do."""

from collections.abc import Iterator
from typing import Any

import yaml

from sidecar.config.problems import shown
from sidecar.config.schema import Path, is_group, kind_at

NOT_TEXT = "on, off, yes, no and numbers are other things there: put the key in quotes"
MERGE = "tag:yaml.org,2002:merge"
MOST_VALUES = 100_000
"""Keys and values with all aliases written out: a hundred times those of large settings. Nine lines can stand for a billion."""


class Tree:
    """What a YAML text holds: plain values, the line of every node by path, and what is wrong with it.

    A problem is `(line, path, problem, advice)`; lines count from 1.
    """

    def __init__(self, text: str, root: Path = ()) -> None:
        self.lines: dict[Path, int] = {}
        self.problems: list[tuple[int, Path, str, str]] = []
        self.value: Any = None
        self._open: set[int] = set()
        try:
            self._read(text, root)
        except yaml.MarkedYAMLError as why:
            line = why.problem_mark.line + 1 if why.problem_mark else 1
            self._bad(line, (), f"is not valid YAML: {_said(why)}")
        except yaml.reader.ReaderError as why:
            self._bad(text.count("\n", 0, why.position) + 1, (), f"is not valid YAML: {why.reason}")
        except RecursionError:
            self._bad(1, (), "is nested too deeply")
        except OverflowError:
            self._bad(1, (), f"holds more than {MOST_VALUES:,} keys and values, its aliases written out")

    def _read(self, text: str, root: Path) -> None:
        self._loader = yaml.SafeLoader(text)
        try:
            node = self._loader.get_single_node()
            if node is not None:
                _expanded(node, {})
                self.value = self._value(node, root)
        finally:
            self._loader.dispose()

    def _bad(self, line: int, path: Path, problem: str, advice: str = "") -> None:
        self.problems.append((line, path, problem, advice))

    def _value(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401  whatever stands in the file
        if id(node) in self._open:
            self._bad(self.lines.get(path, 1), path, "holds itself", "remove the alias")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return dict(self._items(node, path))
            if isinstance(node, yaml.SequenceNode):
                return [self._child(item, item, (*path, place)) for place, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.remove(id(node))

    def _scalar(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401
        try:
            return self._loader.construct_object(node)
        except yaml.YAMLError:
            raise
        except Exception:  # PyYAML's constructors raise whatever they run into: 2026-13-01, `!!bool x`, `!!int ''`
            self._bad(
                node.start_mark.line + 1, path, f"{shown(node.value)} is not what YAML takes it for", "put it in quotes"
            )
            return None

    def _items(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, Any]]:
        """The pairs of a mapping, merged keys (`<<`) first. Of a key that stands twice the first counts, and it is a problem."""
        self._drop_repeated(node, path)
        self._loader.flatten_mapping(node)
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                self._bad(key.start_mark.line + 1, (*path, _typed(key)), "is no text to YAML", NOT_TEXT)
                continue
            here = (*path, str(key.value))
            read = self._child(key, value, here)
            if read is None and is_group(kind_at(here)):
                continue  # a group whose keys are all commented out
            yield str(key.value), read

    def _child(self, key: yaml.Node, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401
        self.lines[path] = key.start_mark.line + 1
        return self._value(node, path)

    def _drop_repeated(self, node: yaml.MappingNode, path: Path) -> None:
        first: dict[str, int] = {}
        kept = []
        for key, value in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and key.tag != MERGE and key.value in first:
                self._bad(line, (*path, key.value), f"stands twice, first in line {first[key.value]}", "remove one")
                continue
            if isinstance(key, yaml.ScalarNode):
                first[key.value] = line
            kept.append((key, value))
        node.value = kept


def _expanded(node: yaml.Node, known: dict[int, int]) -> int:
    """How many keys and values a node has with all aliases written out; raises OverflowError where they are too many.

    What holds itself counts once here: the tree says what is wrong with it.
    """
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = 1  # while we are inside it
        inner = [each for pair in node.value for each in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_expanded(each, known) for each in inner)
    if known[id(node)] > MOST_VALUES:
        raise OverflowError
    return known[id(node)]


def _said(why: yaml.MarkedYAMLError) -> str:
    """PyYAML's sentence. Its context only where the problem alone is half of one (`but found another document`)."""
    problem = why.problem or ""
    return f"{why.context} {problem}" if problem.startswith("but ") else problem


def _typed(key: yaml.Node) -> str:
    return str(key.value) if isinstance(key, yaml.ScalarNode) else "a group or a list"
