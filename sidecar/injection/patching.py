"""A text changed so that it holds other values: only what must be written is written, every other byte stays.

Nothing is parsed and dumped again, so nothing is lost on the way: comments, order, quotes, widths, anchors, ends of lines. What
is added stands in the style of its surroundings. Two things are not tried, and the caller, who reads the result again, sees them:
a list or group behind an alias is changed where it is defined, for all who use it; and comments inside a value that is replaced
whole go with it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import yaml

from sidecar.injection.documents import MERGE
from sidecar.injection.lines import Edit, Lines, ends_where_it_says
from sidecar.injection.rendering import Indentation, block, flow, scalar


class Entry(NamedTuple):
    """A key with its value, or an item of a list."""

    start: int
    """Where the key or the dash stands."""
    key: str | None
    """None for an item."""
    node: yaml.Node
    """The value."""
    in_block: bool
    """It stands on lines of its own, not in brackets or braces."""


class Patcher:
    """Collects the edits of one text."""

    def __init__(self, lines: Lines, indentation: Indentation) -> None:
        self.edits: set[Edit] = set()
        """A set: what several aliases want of the same place is done once."""
        self._lines, self._indentation = lines, indentation

    def change(self, entry: Entry, have: Any, want: Any) -> None:  # noqa: ANN401  whatever stands in a manifest
        """Make `want` of an entry that holds `have`.

        Groups may get keys and lists may get items in front; what is changed otherwise is replaced.
        """
        node = entry.node
        if have is want or have == want:
            return
        if isinstance(node, yaml.MappingNode) and have and isinstance(want, dict) and have.keys() <= want.keys():
            self._change_group(node, have, want)
        elif isinstance(node, yaml.SequenceNode) and have and isinstance(want, list) and len(have) <= len(want):
            self._change_list(node, have, want)
        else:
            self._replace(entry, want)

    def _change_group(self, node: yaml.MappingNode, have: Mapping[str, Any], want: Mapping[str, Any]) -> None:
        """Values that change, and new keys before the key that follows them in `want`. One that came by `<<` counts as new."""
        entries = {
            key.value: Entry(key.start_mark.index, key.value, value, not node.flow_style)
            for key, value in node.value
            if key.tag != MERGE
        }
        new: dict[str, Any] = {}
        for key, value in want.items():
            if key in entries:
                self._add_keys(node, entries[key], new)
                new = {}
                self.change(entries[key], have[key], value)
            elif key not in have or have[key] != value:
                new[key] = value
        self._add_keys(node, None, new)

    def _add_keys(self, node: yaml.MappingNode, before: Entry | None, new: dict[str, Any]) -> None:
        if not new:
            return
        at = before.start if before else node.value[0][0].start_mark.index
        if node.flow_style:
            end = 0 if before else _end_in_flow(node)
            self._add_flow(node, at, [(f"{flow(key)}: ", value) for key, value in new.items()], end)
        elif before:
            self.edits.add(self._lines.before(at, block(new, self._indentation)))
        else:
            key, value = node.value[-1]
            end = self._lines.end_of_entry(key.start_mark.index, value)
            self.edits.add(self._lines.after(end, self._lines.column(at), block(new, self._indentation)))

    def _change_list(self, node: yaml.SequenceNode, have: Sequence[Any], want: Sequence[Any]) -> None:
        added = len(want) - len(have)
        entries = [Entry(self._place(node, item), None, item, not node.flow_style) for item in node.value]
        if added and node.flow_style:
            self._add_flow(node, self._front(node), [("", value) for value in want[:added]])
        elif added:
            self.edits.add(self._lines.before(self._front(node), block(want[:added], self._indentation)))
        for entry, old, new in zip(entries, have, want[added:], strict=True):
            self.change(entry, old, new)

    def _place(self, node: yaml.SequenceNode, item: yaml.Node) -> int:
        """Where an item begins, with its dash if it has one."""
        start: int = item.start_mark.index
        return start if node.flow_style else self._lines.dash(start)

    def _front(self, node: yaml.SequenceNode) -> int:
        """Where the first item begins. It may be an alias; then where the list does, before which no anchor must stand."""
        if node.value[0].start_mark.index > node.start_mark.index:
            return self._place(node, node.value[0])
        return int(node.start_mark.index) + (1 if node.flow_style else 0)

    def _add_flow(self, node: yaml.CollectionNode, at: int, new: Sequence[tuple[str, Any]], end: int = 0) -> None:
        """New things in brackets or braces, in front of the one at `at` and in its manner, on lines of their own or not.

        `end`, if given, is the end of the last one, behind which they go instead.
        """
        lines, column, separator = self._lines, None, ", "
        step = lines.column(at) - lines.inset(node.start_mark.index)
        if lines.is_first(at) and step > 0:
            column = lines.column(at)
            separator = f",{lines.newline}{' ' * column}"
        texts = [head + flow(value, column, step).replace("\n", lines.newline) for head, value in new]
        inserted = [separator + text if end else text + separator for text in texts]
        self.edits.add(Edit(end or at, 0, end or at, "".join(inserted)))

    def _replace(self, entry: Entry, want: Any) -> None:  # noqa: ANN401
        """Write a value anew, with its key if it is a block."""
        node, lines = entry.node, self._lines
        start, end = node.start_mark.index, node.end_mark.index
        if start < entry.start or not ends_where_it_says(node):  # the former: an alias, whose own place no node knows
            self._rewrite(entry, want)
        elif not entry.in_block or entry.key is None:
            self.edits.add(Edit(start, 0, end, flow(want)))
        elif isinstance(want, dict | list) and want:
            inset = self._indentation.of_keys if isinstance(want, dict) else self._indentation.of_items
            column = lines.column(entry.start) + inset
            self.edits.add(lines.blank(start, end))
            self.edits.add(lines.after(lines.end(end), column, block(want, self._indentation)))
        else:
            self.edits.add(Edit(start, 0, end, scalar(want) if start < end else f" {scalar(want)}"))

    def _rewrite(self, entry: Entry, want: Any) -> None:  # noqa: ANN401
        lines = self._lines
        end = lines.end_of_entry(entry.start, entry.node)
        text = block({entry.key: want} if entry.key is not None else [want], self._indentation)
        new = f"{lines.newline}{' ' * lines.column(entry.start)}".join(text)
        self.edits.add(Edit(entry.start, 0, end, new + (lines.newline if lines.text[end - 1] == "\n" else "")))


def _end_in_flow(node: yaml.MappingNode) -> int:
    """Where the last value in braces ends; 0 where it says so itself nowhere: an alias, or none."""
    key, value = node.value[-1]
    start, end = value.start_mark.index, value.end_mark.index
    return int(end) if key.start_mark.index < start < end else 0
