"""What is allowed, and worth a word."""

import pytest

from sidecar.config.conflicts import conflicts, notes
from sidecar.config.settings import Settings


def noted(**keys) -> list[str]:
    return list(notes(Settings.model_validate(keys)))


def test_defaults_have_no_conflict_and_need_no_note():
    assert list(conflicts(Settings())) == []
    assert noted() == []


def test_enforce_is_said_to_do_nothing_more_yet():
    (note,) = noted(mode="enforce")
    assert "behaves as observe" in note
    assert "never cancels anything" in note


def test_proxy_that_others_can_reach_is_noted():
    (note,) = noted(proxy={"listen": "0.0.0.0:8780"})
    assert note.startswith("the proxy listens on 0.0.0.0:8780, beyond this machine")


@pytest.mark.parametrize(
    ("url", "count"), [("http://10.0.0.1", 1), ("http://127.0.0.1:8000", 0), ("https://10.0.0.1", 0)]
)
def test_plain_http_beyond_this_machine_is_noted(url, count):
    assert len(noted(upstreams={"mine": {"dialect": "gemini", "url": url}})) == count


def test_glob_in_a_price_matches_some_upstream():
    settings = Settings.model_validate({"prices": {"overrides": [{"upstream": "gem*", "model": "a", "image_usd": 1}]}})
    assert list(conflicts(settings)) == []
