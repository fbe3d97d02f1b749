"""google-genai 1.75.0 and 2.34.0 through the sidecar. They send other paths (`/v1beta`) over another transport than 3.x."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Entry
from tests.end_to_end import old_google_genai
from tests.end_to_end.old_google_genai import CALLS
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, of_any_answer, sdk_road

VERSIONS = ("1.75.0", "2.34.0")
SDKS = Path(sys.prefix, "sdks")
"""Where `make test` installs them, each apart."""
SCRIPT = "seconds=0 chunks=3 prompt=1000 cached=200 output=100 thoughts=50"


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("old")) as running:
        yield running


class Heard(NamedTuple):
    """What one version was told, and what is known of its calls through the sidecar; all by the call's name."""

    version: str
    told_version: str
    directly: dict[str, Any]
    through: dict[str, Any]
    rows: dict[str, CallRecord]
    billed: dict[str, Entry]


def told(version: str, calls: list[tuple[str, str, Mapping[str, str]]]) -> list[Any]:
    """What the program prints in that version."""
    folder = SDKS / f"google-genai-{version}"
    assert folder.is_dir(), f"{folder} is missing: make test installs it"
    program = [sys.executable, "-P", old_google_genai.__file__, *map(json.dumps, calls)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return list(json.loads(of_any_answer(done.stdout)))


@pytest.fixture(scope="module", params=VERSIONS)
def heard(road: SdkRoad, request: pytest.FixtureRequest) -> Heard:
    names = {call: new_name() for call in CALLS}
    directly = [(call, road.simulator.url, headers_of(new_name(), SCRIPT)) for call in CALLS]
    through = [(call, road.through("gemini"), headers_of(name, SCRIPT)) for call, name in names.items()]
    told_version, *items = told(request.param, directly + through)
    return Heard(
        version=request.param,
        told_version=told_version,
        directly=dict(zip(CALLS, items[: len(CALLS)], strict=True)),
        through=dict(zip(CALLS, items[len(CALLS) :], strict=True)),
        rows={call: road.row(name) for call, name in names.items()},
        billed={call: road.simulator.bill.of(name)[0] for call, name in names.items()},
    )


def test_version_is_the_one_that_is_meant(heard: Heard) -> None:
    assert heard.told_version == heard.version


@pytest.mark.parametrize("call", CALLS)
def test_sdk_is_answered_as_directly(heard: Heard, call: str) -> None:
    assert heard.through[call] == heard.directly[call]


USAGE = {"input": 800, "cached_input": 200, "output": 100, "reasoning": 50}


@pytest.mark.parametrize(
    ("call", "method", "kind", "usage"),
    [
        ("content", "generateContent", "unary", USAGE),
        ("content_stream", "streamGenerateContent", "stream", USAGE),
        ("embed", "batchEmbedContents", "unary", {"input": 1000}),
    ],
)
def test_row_is_the_providers_bill(heard: Heard, call: str, method: str, kind: str, usage: dict[str, int]) -> None:
    row = heard.rows[call]
    assert (row.dialect, row.method, row.kind, row.usage) == ("gemini", method, kind, usage)
    assert (row.outcome, row.basis, row.spend_usd) == ("delivered", "exact", heard.billed[call].usd)
