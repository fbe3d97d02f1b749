"""`sidecar` with a bug: a request whose target holds `planted-bug` raises what nobody foresaw, with the request at hand.

So a test sees what the program says of its own bugs. Run as `python -m tests.security.planted serve`.
"""

from typing import Any

from sidecar.cli import main
from sidecar.proxy import admission

TARGET = b"planted-bug"


def plant() -> None:
    """Make `admission.locate` raise at that target."""
    locate = admission.locate

    def broken(target: bytes, *others: Any) -> Any:
        if TARGET in target:
            raise RuntimeError("a bug that was planted")
        return locate(target, *others)

    admission.locate = broken  # type: ignore[assignment]


if __name__ == "__main__":
    plant()
    main()
