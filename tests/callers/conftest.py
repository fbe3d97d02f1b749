"""Both event loops, and one question to the kernel's memory of sockets."""

from collections.abc import Iterator
from typing import Any

import pytest

from sidecar.callers.peer import PeerLookup


@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Tests marked `anyio` run on both loops: what they tell of a socket's end differs in detail."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
def lookup() -> Iterator[PeerLookup]:
    lookup = PeerLookup()
    yield lookup
    lookup.close()
