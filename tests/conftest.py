"""What holds for every test: the parts it may need, the event loop it runs on, how long hypothesis may think."""

import zlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import freezegun
import pytest
from hypothesis import HealthCheck, settings

from tests import parts

# A shared machine with two cores is slow at random: neither a deadline nor a slow start says anything about our code.
# In CI the same examples are tried in every run, so that a red run is red for its own change.
settings.register_profile(
    "sidecar", deadline=None, derandomize=parts.is_ci(), suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("sidecar")

# Freezing looks at every name of every loaded module. SDKs load parts of themselves when they are looked at, and pydantic
# can make no model of a class in which `datetime` is already the frozen one.
freezegun.configure(
    extend_ignore_list=["anthropic", "boto3", "botocore", "cohere", "google", "groq", "mistralai", "ollama", "openai"]
)

UNTESTED = pytest.StashKey[dict[str, set[str]]]()
"""Missing part -> the tests that were skipped for it."""


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Tests marked `anyio` run on the loop that the sidecar runs on."""
    return "asyncio", {"use_uvloop": True}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "part(*names): needs these real programs (tests/parts.py)")
    untested: dict[str, set[str]] = defaultdict(set)
    config.stash[UNTESTED] = untested


def _parts_of(item: pytest.Item) -> list[str]:
    return [name for mark in item.iter_markers("part") for name in mark.args]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A part that nobody knows is a mistake in the test, not a part that is missing."""
    for item in items:
        for name in _parts_of(item):
            try:
                parts.part(name)
            except LookupError as unknown:
                raise pytest.UsageError(f"{item.nodeid}: {unknown}") from None
    if hasattr(config, "workerinput"):  # one of several processes
        items.sort(key=_shuffled_by_file)


def _shuffled_by_file(item: pytest.Item) -> tuple[int, str]:
    """Files whose tests wait, as whole scenes do, come between files whose tests work: together they take the time of one."""
    file = item.nodeid.partition("::")[0]
    return zlib.crc32(file.encode()), file


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    lacking = parts.missing_of(_parts_of(item))
    if not lacking:
        return
    reason = ", ".join(f"{part.name} is missing ({part.origin})" for part in lacking)
    if parts.is_ci():
        pytest.fail(reason, pytrace=False)
    for part in lacking:
        item.config.stash[UNTESTED][part.name].add(item.nodeid)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    untested = config.stash[UNTESTED]
    if not untested:
        return
    terminalreporter.section("NOT TESTED: parts are missing", red=True, bold=True)
    for line in _told_untested(untested):
        terminalreporter.line(line, red=True)


def _told_untested(untested: dict[str, set[str]]) -> Iterator[str]:
    for name, tests in sorted(untested.items()):
        part = parts.part(name)
        yield f"{name} ({part.origin}; {part.needed_for}):"
        yield from (f"    {test}" for test in sorted(tests))
