"""Our values as YAML text: in block style with the input's own indentation, or in one that JSON allows, too."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

PLAIN = re.compile(r"[A-Za-z0-9/](?:(?:[A-Za-z0-9 @._/-]|:(?=[^ ]))*[A-Za-z0-9._/-])?")
"""Text that may stand without quotes, unless it means something else there: fewer letters than YAML allows."""

NUMBER = re.compile(r"[0-9][0-9A-Fa-fXxOo._]*|[YyNn]")
"""What one or another reader of YAML takes for a number or a truth, though PyYAML may not: 1e3, 0o17, y."""


class Indentation(NamedTuple):
    """How far things stand inside what holds them, in columns."""

    of_keys: int = 2
    of_items: int = 0
    """The dash of a list below its key; kubectl and Kustomize write 0, many people 2."""


def indentation_of(root: yaml.Node) -> Indentation:
    """What a document does itself, by the first nested mapping and the first list in it; kubectl's way where there is none."""
    found: dict[type, int] = {}
    for key, value in _nested(root):
        if (
            value.start_mark.line > key.start_mark.line and value.value
        ):  # neither an alias, nor in braces on the key's line
            found.setdefault(type(value), first_column(value) - key.start_mark.column)
    default = Indentation()
    keys, items = found.get(yaml.MappingNode, default.of_keys), found.get(yaml.SequenceNode, default.of_items)
    return Indentation(keys if keys > 0 else default.of_keys, max(items, 0))


def first_column(node: yaml.Node) -> int:
    """The column in which a block's keys stand; of a list, of its dashes."""
    column: int = node.value[0][0].start_mark.column if isinstance(node, yaml.MappingNode) else node.start_mark.column
    return column


def _nested(root: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.CollectionNode]]:
    """Keys and the blocks below them, from the top. Aliases are entered once."""
    waiting, seen = [root], set[int]()
    while waiting:
        node = waiting.pop()
        if not isinstance(node, yaml.CollectionNode) or node.flow_style or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from ((key, value) for key, value in node.value if not isinstance(value, yaml.ScalarNode | None))
            waiting += [value for _, value in reversed(node.value)]
        else:
            waiting += reversed(node.value)


def block(value: Any, indentation: Indentation) -> Iterator[str]:  # noqa: ANN401  whatever stands in a manifest
    """The lines of a value that begins in column 0, without their ends."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                yield f"{scalar(key)}:"
                inset = indentation.of_keys if isinstance(inner, dict) else indentation.of_items
                yield from (" " * inset + line for line in block(inner, indentation))
            else:
                yield f"{scalar(key)}: {scalar(inner)}"
    elif isinstance(value, list) and value:
        for item in value:
            for place, line in enumerate(block(item, indentation)):
                yield ("  " if place else "- ") + line
    else:
        yield scalar(value)


def scalar(value: Any) -> str:  # noqa: ANN401
    """A value in one line: text as it is where that is the same text to YAML, in double quotes elsewhere."""
    if isinstance(value, str) and PLAIN.fullmatch(value) and _is_text(value):
        return value
    return flow(value)


def _is_text(value: str) -> bool:
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(value[0], ())
    return not NUMBER.fullmatch(value) and not any(pattern.match(value) for _, pattern in resolvers)


def flow(value: Any, column: int | None = None, step: int = 2) -> str:  # noqa: ANN401
    """A value as JSON: in one line, or over many whose first begins in `column`, `step` columns further inside each time."""
    if column is None:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, indent=step).replace("\n", "\n" + " " * column)
