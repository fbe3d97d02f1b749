"""A sidecar that knows every dialect, before a simulated provider and one that plays scripts; and the rows it writes."""

import json
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sidecar.ledger.reader import SqliteReader
from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.catalog import CATALOG, catalog_of
from sidecar.simulator.prices import tokens
from sidecar.simulator.server import RunningSimulator, running_simulator
from sidecar.simulator.settings import Settings
from tests.end_to_end.rig import PATIENCE_SECONDS, RunningSidecar, running_sidecar
from tests.end_to_end.scripted_provider import SCRIPT_HEADER, ScriptedProvider, scripted_provider

SIMULATED = ("gemini", "vertex", "openai", "anthropic", "bedrock", "groq", "mistral")
"""Upstreams that lead to the simulator; all have the name of their dialect."""
SCRIPTED = ("gemini", "openai", "azure", "anthropic", "groq", "mistral", "cohere", "ollama")
"""Dialects with another upstream, `scripted-<dialect>`, that leads to the provider with scripts."""

LENT = catalog_of({
    "openai/gpt-oss-120b": tokens(input="0.15", output="0.60", cached="0.075"),
    "mistral-medium-latest": tokens(input="1.50", output="7.50", cached="0.15"),
})  # fmt: skip
"""Models of Groq's and Mistral's, which speak OpenAI's dialect, at their list prices of 2026-11."""


class SdkRoad(NamedTuple):
    """Where the SDKs go, and what is known of them afterwards."""

    simulator: RunningSimulator
    provider: ScriptedProvider
    sidecar: RunningSidecar

    def through(self, upstream: str) -> str:
        """The base URL of an upstream's route."""
        return f"{self.sidecar.proxy}/{upstream}"

    def row(self, name: str) -> CallRecord:
        """The settled row of the only call of this name."""
        (row,) = self.rows(name, 1)
        return row

    def rows(self, name: str, count: int) -> list[CallRecord]:
        """The settled rows of the calls of this name, oldest first, once there are so many."""
        reader = SqliteReader.open(f"sqlite:///{self.sidecar.ledger}")
        ids = [line["id"] for line in self.sidecar.settled(name, count)]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            rows = [row for row in map(reader.call, ids) if row is not None and row.outcome]
            if len(rows) == len(ids):
                return sorted(rows, key=lambda row: row.started_at)
        raise AssertionError(f"{name}: {ids} never came to the ledger")


def new_name() -> str:
    """A name for one call, that nobody else has."""
    return uuid.uuid4().hex


OF_ONE_ANSWER = re.compile(r'simulated[-_]\d+|"(created|created_at|completed_at)": ?[\d.]+|\d{4}-\d\d-\d\dT[\d:.]+Z')
"""What differs between two answers of the simulator: its number, and the moment."""


def of_any_answer(text: str) -> str:
    """An answer as JSON, without what is of this one answer alone."""
    return OF_ONE_ANSWER.sub("", text)


def headers_of(name: str, script: str = "seconds=0", **more: str) -> Mapping[str, str]:
    """The headers by which the sidecar, the simulator and the provider with scripts know a call."""
    named = {"X-Sidecar-Caller": name, "X-Simulator-Call": name, SCRIPT_HEADER: name, "X-Simulator": script}
    return named | {header.replace("_", "-"): value for header, value in more.items()}


@contextmanager
def sdk_road(
    directory: Path,
    settings: Mapping[str, Any] | None = None,
    *,
    more_upstreams: Mapping[str, Mapping[str, Any]] | None = None,
    scripted: Iterable[str] = (),
) -> Iterator[SdkRoad]:
    """All of it, for as long as the block lasts.

    Upstreams lead to the simulator; those that are named in `scripted` or called `scripted-...` to the scripts.
    """
    upstreams: dict[str, Mapping[str, Any]] = {name: {} for name in SIMULATED}
    upstreams |= {f"scripted-{dialect}": {"dialect": dialect, "provider": dialect} for dialect in SCRIPTED}
    upstreams |= more_upstreams or {}
    with running_simulator(Settings(catalog=CATALOG | LENT)) as simulator, scripted_provider() as provider:
        placed = {
            name: {"url": provider.url if name in scripted or name.startswith("scripted-") else simulator.url, **keys}
            for name, keys in upstreams.items()
        }
        (directory / "sidecar.yaml").write_text(json.dumps({"upstreams": placed, **(settings or {})}))
        with running_sidecar(directory, simulator) as sidecar:
            yield SdkRoad(simulator, provider, sidecar)
