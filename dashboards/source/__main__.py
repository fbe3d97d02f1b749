"""`python -m dashboards.source`: write every dashboard anew, in both forms, beside this folder."""

import json
from pathlib import Path
from typing import Any

from dashboards.source import fleet, lifecycle, operations, overview, reconciliation
from dashboards.source.classic import classic
from dashboards.source.pages import Page
from dashboards.source.v2 import v2

DASHBOARDS = Path(__file__).parent.parent
PAGES: tuple[Page, ...] = (overview.PAGE, lifecycle.PAGE, operations.PAGE, fleet.PAGE, reconciliation.PAGE)


def written() -> dict[str, str]:
    """The text of every file, by its path from the folder `dashboards`."""
    return {
        f"{folder}/{page.name}.json": as_text(form(page))
        for folder, form in (("classic", classic), ("v2", v2))
        for page in PAGES
    }


def as_text(dashboard: dict[str, Any]) -> str:
    """JSON as it is committed: a change of one query is a change of one line."""
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the files."""
    for path, text in written().items():
        file = DASHBOARDS / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
