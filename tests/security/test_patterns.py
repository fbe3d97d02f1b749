"""Threat 18: no regular expression of the sidecar takes more than its share of time, whatever it is given.

Each is tried on texts that are made of its own parts, repeated, with an end that does not fit: what makes a backtracking pattern
go through all the ways in which they can be cut. Eight times as long a text may take about eight times as long.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from sidecar.metering.model_name import plain_names
from sidecar.providers.registry import DIALECTS
from tests.readme import ROOT
from tests.security.patterns import SEARCHES, Compiled, attacks, functions_among, methods_at, sources

TINY, SHORT, LONG = 24, 2_000, 16_000
QUICK_SECONDS: Final = 0.001
"""For the short text. A linear pattern takes some ten microseconds, one that is worse several milliseconds."""
EXPONENTIAL_SECONDS: Final = 0.1
"""For two dozen characters."""
MOST_TIMES: Final = 3 * LONG / SHORT
"""As long for the long text as for the short one: of a linear pattern 8 times, of a quadratic one 64."""
APART: Final = {
    "sidecar/config/sources.py": "names of variables of our own environment; whoever sets those has started us",
    "sidecar/simulator/": "the simulator serves tests",
}
PIECES: Final = [
    "/", "/a", "/models/", "/models/a:", "models/", "/v1/", "/publishers/a/v1", "/endpoints/a:", "/projects/p/locations/l/",
    "/openai", "/model/a/", "/deployments/", "/operations/", ":a", "@", "/batches/", "/requests/", "%2F", "us.", "-2024-01-01",
]  # fmt: skip
REQUEST_LINE: Final = 8_000
"""The longest target there is (limits.request_line_bytes)."""


def compiled() -> Iterator[Compiled]:
    """Every pattern of the sidecar, those apart aside."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.security.patterns"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for line in told.stdout.splitlines():
        source, number, text, is_bytes, flags = json.loads(line)
        yield Compiled(f"{source}:{number}", text, is_bytes, flags, methods_at(source, number))
    for source in sources():
        for number, method, text in functions_among(source):
            yield Compiled(f"{source}:{number}", text, False, 0, frozenset({method}))


def seconds(act: Any, given: Any) -> float:
    began = time.process_time()
    act(given)
    return time.process_time() - began


def text_of(attack: tuple[str, str, str], length: int, compiled: Compiled) -> Any:
    before, pump, end = attack
    text = before + (pump * (length // len(pump) + 1))[:length] + end
    return text.encode("latin-1") if compiled.is_bytes else text


def explosions(each: Compiled) -> Iterator[str]:
    """The attacks under which a pattern grows worse than the text."""
    ways = {"search" if method in SEARCHES else method for method in each.methods}
    for act in [getattr(each.pattern, way) for way in ways]:
        for attack in attacks(each):
            if seconds(act, text_of(attack, TINY, each)) > EXPONENTIAL_SECONDS:
                yield f"{each.place} {act.__name__} of {each.text[:60]!r} on {attack}: twice as long for each character"
                continue
            short = text_of(attack, SHORT, each)
            if seconds(act, short) < QUICK_SECONDS:
                continue
            took = max(min(seconds(act, short) for _ in range(3)), QUICK_SECONDS / 4)
            if seconds(act, text_of(attack, LONG, each)) > MOST_TIMES * took:
                yield f"{each.place} {act.__name__} of {each.text[:60]!r} on {attack}"


def test_no_pattern_explodes() -> None:
    tried = [each for each in compiled() if not each.place.startswith(tuple(APART))]
    assert len(tried) > 300
    assert [found for each in tried for found in explosions(each)] == []


@pytest.mark.parametrize(
    ("text", "method"),
    [(r"(?:^|.*/)models/", "search"), (r"(a+)+b", "fullmatch"), (r"(?:a|a)*b", "match"), (r"\s*=\s*x", "search")],
)
def test_pattern_that_does__is_found(text: str, method: str) -> None:
    """The measure itself. The first stood in metering/model_name.py."""
    assert next(explosions(Compiled("here", text, False, 0, frozenset({method}))), "")


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
def test_paths_are_told_apart_in_time(dialect: Any) -> None:
    """Whatever the patterns of a dialect make of it together: one after another they are tried on each request's path."""
    for piece in PIECES:
        for end in (":generateContent", "!"):
            path = "/v1" + (piece * REQUEST_LINE)[:REQUEST_LINE] + end
            assert seconds(lambda path: (dialect.route("POST", path), dialect.refusal("POST", path)), path) < 0.5


@pytest.mark.parametrize("provider", ["google", "vertex", "bedrock", "fireworks", "openai"])
def test_names_of_models_are_made_plain_in_time(provider: str) -> None:
    for piece in PIECES:
        assert seconds(lambda name: plain_names(provider, name), (piece * 100_000)[:100_000]) < 0.5
