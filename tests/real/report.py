"""The table that a run ends with: what the sidecar said, and what the engine did."""

from pathlib import Path
from typing import NamedTuple

from tests.real.fetch import FOLDER

FILE = FOLDER / "figures.md"


class Finding(NamedTuple):
    """One call, from both sides."""

    engine: str
    call: str
    said: str
    """Outcome and basis of the ledger's row."""
    ended: str
    """From `left_at` to `finished_at`."""
    worked: str
    """From `left_at` until the engine was last seen computing."""
    cpu: str
    """CPU time of the engine in between."""
    avoidable: str
    """What the row's avoidable dollars pay for, in seconds of the machine."""
    output: str
    """Output tokens of the row."""
    made: str
    """Output tokens that the engine made, by its own counter or by what it was asked."""
    share: str
    """The row's of the engine's."""


HEADER = Finding(
    "engine", "call", "the sidecar says", "reply went on", "engine went on", "its CPU", "avoidable",
    "tokens (row)", "tokens (made)", "share",
)  # fmt: skip


class Report:
    """The findings of a run, in order."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def lines(self) -> list[str]:
        """A Markdown table, aligned for reading as it stands."""
        rows = [HEADER, *self.findings]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        head, *body = [
            f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |" for row in rows
        ]
        return [head, f"| {' | '.join('-' * width for width in widths)} |", *body]

    def write(self, file: Path = FILE) -> None:
        """Keep the table beside the engines."""
        file.write_text("\n".join(self.lines()) + "\n")
