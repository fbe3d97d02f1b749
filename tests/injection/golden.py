"""Examples with what `sidecar inject` makes of them, for people to read.

`python -m tests.injection.golden --write` writes the results anew.
"""

import sys
from pathlib import Path

from sidecar.injection.additions import shipped
from sidecar.injection.injecting import inject

EXAMPLES = Path(__file__).parent / "examples"
NAMES = ("web.yaml", "report.json")


def injected_path(name: str) -> Path:
    """Where the result of an example stands: `web.injected.yaml`."""
    path = EXAMPLES / name
    return path.with_suffix(f".injected{path.suffix}")


def write() -> None:
    """Write every result anew."""
    for name in NAMES:
        injected_path(name).write_text(inject((EXAMPLES / name).read_text(), shipped(), name).text)


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    write()
