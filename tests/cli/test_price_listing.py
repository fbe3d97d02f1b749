"""`sidecar prices show`, by the settings of a folder."""

import json
from pathlib import Path

import pytest

from sidecar.cli import FAILURE, OK, USAGE

SETTINGS = """
upstreams:
  my-vllm: {dialect: openai, url: "http://127.0.0.1:8000", price: {gpu_hour_usd: 2.50, slots: 8}}
prices:
  overrides:
    - {upstream: gemini, model: "gemini-2.5-*", factor: 0.85}
    - {model: "gemini-2.5-flash", method: "embed*", request_usd: 0.01}
"""


@pytest.fixture
def settings(empty_folder):
    Path("sidecar.yaml").write_text(SETTINGS)


def rows(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines()]


def test_table_says_source_prices_and_doubts(sidecar):
    out = sidecar("prices", "show", "gemini-2.5-pro", "--provider", "gemini", "--at", "2026-11-20").out
    said = rows(out)
    assert ["provider", "gemini"] in said
    assert ["basis", "exact"] in said
    assert "input per million tokens above 200000 input tokens" in out
    assert any(line[:1] == ["source"] and line[-1] == "google/gemini-2.5-pro" for line in said)


def test_without_a_provider_every_one_that_has_a_price_is_shown(sidecar):
    ran = sidecar("prices", "show", "gemini-2.5-flash", "--format", "json")
    assert ran.code == OK
    assert {price["provider"] for price in json.loads(ran.out)} >= {"gemini", "vertex"}


def test_an_override_says_what_it_hides(sidecar, settings):
    (price,) = json.loads(sidecar("prices", "show", "gemini-2.5-flash", "--upstream", "gemini", "--format", "json").out)
    assert price["override"] == "override:1"
    assert price["hides"].endswith("google/gemini-2.5-flash")
    assert price["source"] == f"{price['hides']} x 0.85"
    assert price["brackets"][0]["prices"]["input per million tokens"] == "0.255"
    assert "override:1; hides genai-prices" in sidecar("prices", "show", "gemini-2.5-flash", "--upstream", "gemini").out


def test_an_upstream_with_a_price_of_its_own_prices_every_model(sidecar, settings):
    (price,) = json.loads(sidecar("prices", "show", "qwen3-8b", "--format", "json").out)
    assert (price["provider"], price["source"]) == ("my-vllm", "upstream:my-vllm")
    assert price["brackets"] == [{"above": None, "prices": {"per hour of the machine, shared by 8": "2.5"}}]


def test_an_override_for_a_method_is_found_by_it(sidecar, settings):
    shown = ("prices", "show", "gemini-2.5-flash", "--upstream", "vertex", "--format", "json")
    assert json.loads(sidecar(*shown, "--method", "embedContent").out)[0]["override"] == "override:2"


def test_tier_and_moment_count(sidecar):
    shown = ("prices", "show", "gemini-3.8-flash", "--provider", "gemini", "--format", "json")
    (before,) = json.loads(sidecar(*shown, "--at", "2026-12-31", "--tier", "batch").out)
    (after,) = json.loads(sidecar(*shown, "--at", "2027-01-01").out)
    assert (before["tier"], before["until"]) == ("batch", "2027-01-01T00:00:00.000000Z")
    assert after["since"] == before["until"]


def test_a_row_of_our_own_table_shows_its_evidence(sidecar):
    out = sidecar("prices", "show", "imagen-4.0-generate-001", "--provider", "vertex").out
    assert "evidence" in out
    assert "media:imagen-4.0-generate-0*@" in out


def test_a_model_that_nobody_knows_is_a_failure_and_said_to_be_unpriced(sidecar):
    ran = sidecar("prices", "show", "no-such-model", "--provider", "gemini")
    assert (ran.code, ran.out) == (FAILURE, "no-such-model has no price at gemini: its calls are unpriced\n")
    assert sidecar("prices", "show", "no-such-model", "--format", "json").out == "[]\n"


def test_an_upstream_that_is_not_configured_is_named(sidecar):
    ran = sidecar("prices", "show", "gpt-4o", "--upstream", "gemni")
    assert ran.code == FAILURE
    assert ran.err.startswith("sidecar: no upstream gemni; there are: gemini, ")


def test_bad_settings_are_said(sidecar):
    Path("sidecar.yaml").write_text("prices: {overrides: [{model: a, slots: 8}]}")
    ran = sidecar("prices", "show", "gpt-4o")
    assert ran.code == USAGE
    assert "slots without gpu_hour_usd" in ran.err
