"""The lines of a YAML text: where they begin, which belong to a block, and edits that put new ones between them."""

from collections.abc import Iterable
from typing import NamedTuple

import yaml


class Edit(NamedTuple):
    """`text` instead of what stands from `start` to `end`. Sorted, edits are in the order in which they must be made."""

    start: int
    rank: int
    """Of two at one place the deeper comes first, as it still belongs to what stands above: minus its column."""
    end: int
    text: str


class Lines:
    """A text by its lines, which end as the first of them does."""

    def __init__(self, text: str) -> None:
        self.text = text
        first, ending, _ = text.partition("\n")
        self.newline = "\r\n" if ending and first.endswith("\r") else "\n"

    def start(self, at: int) -> int:
        """Where the line of `at` begins."""
        return self.text.rfind("\n", 0, at) + 1

    def end(self, at: int) -> int:
        """Where the next line begins, or the text ends."""
        return self.text.find("\n", at) + 1 or len(self.text)

    def column(self, at: int) -> int:
        """How many characters stand before it in its line."""
        return at - self.start(at)

    def inset(self, at: int) -> int:
        """How many spaces the line begins with."""
        line = self.text[self.start(at) : self.end(at)]
        return len(line) - len(line.lstrip(" "))

    def is_first(self, at: int) -> bool:
        """Only spaces stand before it in its line."""
        return not self.text[self.start(at) : at].strip(" ")

    def dash(self, at: int) -> int:
        """The dash of the item that begins at `at`."""
        return max(self.text.rfind("-", 0, at), 0)

    def before(self, at: int, lines: Iterable[str]) -> Edit:
        """New lines before the key or the dash at `at`, and before the comments right above it, which are about it."""
        column = self.column(at)
        if not self.is_first(at):  # behind a dash: what was first there goes to a line of its own
            text = "".join(f"{line}{self.newline}{' ' * column}" for line in lines)
            return Edit(at, -column, at, text)
        start = self.start(at)
        while start and self._is_comment(above := self.start(start - 1), column):
            start = above
        return self._whole(start, column, lines)

    def _is_comment(self, start: int, column: int) -> bool:
        """A line that holds nothing but a comment, which begins in that column."""
        return self.inset(start) == column and self.text.startswith("#", start + column)

    def after(self, end: int, column: int, lines: Iterable[str]) -> Edit:
        """New lines where a line ends; `end` is as `end()` says it. `column` is where they begin."""
        return self._whole(end, column, lines)

    def _whole(self, at: int, column: int, lines: Iterable[str]) -> Edit:
        text = "".join(f"{' ' * column}{line}{self.newline}" for line in lines)
        if at and self.text[at - 1] != "\n":  # the last line of a text may have no end, and gets none
            text = self.newline + text.removesuffix(self.newline)
        return Edit(at, -column, at, text)

    def blank(self, start: int, end: int) -> Edit:
        """Take something away, with the spaces before it; what stands behind it in its line stays."""
        while self.text[start - 1 : start] == " ":
            start -= 1
        return Edit(start, 0, end, "")

    def end_of_entry(self, at: int, value: yaml.Node) -> int:
        """Where the lines of a key or an item end that begins at `at`: comments and empty lines below are not of it."""
        column = self.column(at)
        end = self.end(max(at, value.end_mark.index - 1) if ends_where_it_says(value) else at)
        is_list_below = isinstance(value, yaml.SequenceNode) and not value.flow_style and self.text[at : at + 2] != "- "
        while (found := self._next_line(end, column, is_list_below)) is not None:
            end = found
        return end

    def _next_line(self, end: int, column: int, is_list_below: bool) -> int | None:
        """The end of the next line, if it belongs to the entry in that column. A comment that is less deep may stand between."""
        at = end
        while at < len(self.text):
            content, inset = self.text[at : self.end(at)].strip(), self.inset(at)
            at = self.end(at)
            if content and inset > column:
                return at
            if is_list_below and inset == column and (content == "-" or content.startswith("- ")):
                return at
            if content and not content.startswith("#"):
                return None
        return None

    def edited(self, edits: Iterable[Edit]) -> str:
        """The text with all edits made."""
        pieces, at = [], 0
        for edit in sorted(edits):
            pieces += [self.text[at : edit.start], edit.text]
            at = max(at, edit.end)
        return "".join((*pieces, self.text[at:]))


def ends_where_it_says(value: yaml.Node) -> bool:
    """Blocks end, by their marks, where the next thing begins; everything else at its last character."""
    if isinstance(value, yaml.CollectionNode):
        return bool(value.flow_style)
    return getattr(value, "style", None) not in {"|", ">"}
