"""`sidecar probe` at a provider that stops and at one that runs on: what it finds is what the provider's own bill says."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sidecar.lifecycle.record import CallKind
from sidecar.simulator.bill import Finished
from sidecar.simulator.script import OnClose
from tests.end_to_end.probed_provider import OUTPUT_TOKENS, ProbedProvider
from tests.probing.probed import probed

STOPS, RUNS_ON = OnClose.STOPS, OnClose.RUNS_ON
STREAM: Mapping[str, Any] = {"unary": False}
UNARY: Mapping[str, Any] = {"stream": False}


class Case(NamedTuple):
    """One provider that behaves in one way."""

    dialect: str
    model: str
    does: OnClose
    more: Mapping[str, Any] = {}
    pace: float = 1.0
    """Engines that want to be looked at seldom are none here."""

    @property
    def name(self) -> str:
        kind = "whole replies" if self.more.get("stream") is False else "streams"
        return f"{self.dialect} {self.more.get('method', '')} that {self.does} in {kind}"


HERE = "llama3.2"
CASES = [
    Case(dialect, model, does, more, pace)
    for does in (STOPS, RUNS_ON)
    for dialect, model, more, pace in (
        ("vllm", HERE, STREAM, 1.0),
        ("vllm", HERE, UNARY, 1.0),
        ("llama_cpp", HERE, STREAM, 0.2),
        ("openrouter", "gpt-4o-mini", STREAM, 0.5),
        ("openai", "gpt-4o-mini", {"method": "responses", **STREAM}, 1.0),
        ("gemini", "gemini-2.5-flash", {"method": "interactions", **STREAM}, 1.0),
    )
] + [Case("openai", "gpt-4o-mini", RUNS_ON, UNARY)]


class Found(NamedTuple):
    said: dict[CallKind, str]
    billed: list[Finished]
    sources: str


async def found(case: Case) -> Found:
    async with ProbedProvider(case.does) as provider:
        _, measured = await probed(provider.url, case.dialect, case.model, case.pace, **case.more)
        await provider.settled()
        left = [entry for entry in provider.bill.entries if entry.caller_left_at is not None]
        said = {verdict.kind: verdict.on_close.value for verdict in measured.verdicts}
        return Found(said, [entry.finished_how for entry in left], measured.source)


# === the command ===


class Ran(NamedTuple):
    code: int
    out: str
    err: str


async def ran(folder: Path, url: str, *arguments: str, **variables: str) -> Ran:
    """`sidecar probe mine` in a process of its own, where nobody can be asked anything."""
    settings = {"SIDECAR_UPSTREAMS__MINE__URL": url, "SIDECAR_UPSTREAMS__MINE__PROVIDER": "openai", **variables}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sidecar", *arguments, cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **settings},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


PROBE = ("probe", "mine", "--model", "gpt-4o-mini", "--stream", "--rounds", "1")
OPENAI = {"SIDECAR_UPSTREAMS__MINE__DIALECT": "openai", "SIDECAR_UPSTREAMS__MINE__CREDENTIAL": "{env: MY_KEY}"}
KEY = "sk-a-key-that-nobody-may-see"


async def writing(folder: Path) -> tuple[Ran, Ran, ProbedProvider]:
    async with ProbedProvider(RUNS_ON) as provider:
        arguments = (*PROBE, "--method", "responses", "--yes", "--format", "json")
        answered = await ran(folder, provider.url, *arguments, MY_KEY=KEY, **OPENAI)
        return answered, await ran(folder, provider.url, "config", "print", "--format", "json", **OPENAI), provider


async def knowing_nothing(folder: Path) -> Ran:
    async with ProbedProvider(RUNS_ON) as provider:
        arguments = (
            "probe",
            "mine",
            "--model",
            "claude-haiku-4-5",
            "--stream",
            "--rounds",
            "1",
            "--yes",
            "--max-requests",
            "3",
        )
        return await ran(folder, provider.url, *arguments, SIDECAR_UPSTREAMS__MINE__DIALECT="anthropic")


REFUSED = {
    ("--yes", "--max-usd", "0.0001"): "3 calls may cost",
    (): "nobody is there to be asked; --yes begins without asking",
    ("--yes", "--method", "nonsense"): "no method nonsense in openai",
}


async def refused(folder: Path, arguments: tuple[str, ...]) -> tuple[Ran, ProbedProvider]:
    async with ProbedProvider(RUNS_ON) as provider:
        return await ran(folder, provider.url, *PROBE, *arguments, MY_KEY=KEY, **OPENAI), provider


class Scenes(NamedTuple):
    found: dict[str, Found]
    written: tuple[Ran, Ran, ProbedProvider]
    folder: Path
    unknown: Ran
    empty: Path
    refused: dict[tuple[str, ...], tuple[Ran, ProbedProvider]]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    """Some at once, each before a provider of its own: they wait most of the time. More of them would be late for their looks."""
    folder, empty = tmp_path_factory.mktemp("written"), tmp_path_factory.mktemp("empty")

    async def together() -> Scenes:
        half = len(CASES) // 2
        first = asyncio.gather(*map(found, CASES[:half]))
        cases, written = await asyncio.gather(first, writing(folder))
        cases += await asyncio.gather(*map(found, CASES[half:]))
        refusals = asyncio.gather(*(refused(empty, arguments) for arguments in REFUSED))
        unknown, no = await asyncio.gather(knowing_nothing(empty), refusals)
        named = dict(zip((case.name for case in CASES), cases, strict=True))
        return Scenes(named, written, folder, unknown, empty, dict(zip(REFUSED, no, strict=True)))

    return asyncio.run(together())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_found_is_what_the_provider_does(scenes, case):
    seen = scenes.found[case.name]
    assert set(seen.said.values()) == {case.does.value}, seen
    assert set(seen.billed) == {Finished.STOPPED if case.does is STOPS else Finished.COMPLETED}
    assert len(seen.billed) == len(seen.said)


def test_a_fact_is_written__and_counts_from_then_on(scenes):
    answered, shown, _ = scenes.written
    assert answered.code == 0, answered.err
    told = json.loads(answered.out)
    assert [verdict["on_close"] for verdict in told["verdicts"]] == ["runs_on"]
    assert [line["tokens"] for line in told["calls"]] == 3 * [OUTPUT_TOKENS]
    assert told["written"] == "sidecar-facts.yaml"
    said = json.loads(shown.out)["upstreams.mine.measured[0].stream"]
    assert said["value"] == "runs_on"
    assert said["origin"].startswith("file sidecar-facts.yaml:")


def test_the_key_goes_to_the_provider_and_nowhere_else(scenes):
    answered, shown, provider = scenes.written
    assert {headers.get("authorization") for headers in provider.headers} == {f"Bearer {KEY}"}
    written = (scenes.folder / "sidecar-facts.yaml").read_text()
    assert KEY not in answered.out + answered.err + shown.out + written


def test_where_nothing_can_be_known__it_says_so_and_where_to_look_and_writes_nothing(scenes):
    answered = scenes.unknown
    assert answered.code == 1
    assert "anthropic shows nowhere what becomes of a call of messages that was cut" in answered.out
    assert "the Claude Console, Usage and Logs" in answered.out
    assert "UTC; cut calls msg_simulated_2 (sent with X-Client-Request-Id)" in answered.out
    assert "the whole answer had 120 output tokens; cut calls show about " in answered.out
    assert "nothing is written" in answered.out
    assert list(scenes.empty.iterdir()) == []


@pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
def test_nothing_is_sent_before_it_may_be(scenes, arguments):
    answered, provider = scenes.refused[arguments]
    assert answered.code != 0
    assert REFUSED[arguments] in answered.err
    assert provider.headers == []
