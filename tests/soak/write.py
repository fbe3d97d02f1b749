"""Puts the summaries of soaks into README.md: `python -m tests.soak.write FILE...`, in that order."""

import sys
from collections.abc import Sequence
from pathlib import Path

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def written(page: str, summaries: Sequence[str]) -> str:
    """The page with these in place of those that are there."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    assert mark, f"README.md has no {BEGIN} and {END}"
    return f"{before}{BEGIN}\n\n" + "\n".join(summaries) + f"\n{END}{after}"


if __name__ == "__main__":
    README.write_text(written(README.read_text(), [Path(file).read_text() for file in sys.argv[1:]]))
