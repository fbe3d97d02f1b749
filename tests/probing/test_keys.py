"""Where the key is looked for, and to whom it may go."""

import asyncio
from typing import Any

import pytest

from sidecar.config.upstreams import Upstream
from sidecar.probing.keys import NONE, SEARCHED, VARIABLES, NoKey, key_for
from sidecar.providers.answer import Credential
from sidecar.providers.registry import DIALECTS


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for names in VARIABLES.values():
        for name in names:
            monkeypatch.delenv(name, raising=False)


def key(dialect: str, url: str, **keys: Any) -> Credential:
    upstream = Upstream.model_validate({"dialect": dialect, "url": url, **keys})
    return asyncio.run(key_for(upstream, DIALECTS[dialect]))


def test_the_sdks_variable_goes_to_the_provider_itself(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert key("openai", "https://api.openai.com").fields == ((b"authorization", b"Bearer sk-1"),)


def test_and_to_nobody_else(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    assert key("openai", "https://gateway.example") == NONE
    assert key("vllm", "http://127.0.0.1:8000") == NONE


def test_what_the_settings_name_comes_first(monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "usual")
    monkeypatch.setenv("MINE", "mine")
    found = key("gemini", "https://generativelanguage.googleapis.com", credential={"env": "MINE"})
    assert found.fields == ((b"x-goog-api-key", b"mine"),)
    assert found.source == "env MINE"
    assert "mine" not in repr(found)


def test_no_key__said_with_the_names_of_the_variables():
    with pytest.raises(NoKey, match=r"set GOOGLE_API_KEY or GEMINI_API_KEY, or upstreams\.<name>\.credential"):
        key("gemini", "https://generativelanguage.googleapis.com")
    with pytest.raises(NoKey, match="env MINE holds nothing"):
        key("gemini", "http://127.0.0.1:1", credential={"env": "MINE"})


def test_every_dialect_that_has_hosts_of_its_own_has_a_place_where_its_key_is():
    hosted = {name for name, dialect in DIALECTS.items() if dialect.hosts and not dialect.hosts[0].endswith(".invalid")}
    assert hosted - {*VARIABLES, *SEARCHED} <= {"replicate", "fal", "fal_queue", "runpod", "ollama"}
