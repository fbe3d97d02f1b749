"""The credential that an upstream's settings name, and what is said when it can't be had."""

import pytest

from sidecar.reaper import credentials_configured
from sidecar.reaper.credentials_configured import AGAIN_SECONDS, ConfiguredCredentials
from sidecar.reaper.credentials_source import NoCredential
from tests.reaper.places import MovedClock, Said, upstreams

pytestmark = pytest.mark.anyio


async def test_each_upstream_has_its_own(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("from-file")
    monkeypatch.setenv("MY_KEY", "from-env")
    places = upstreams(gemini="{env: MY_KEY}", anthropic=f"{{file: {tmp_path}/key}}")
    configured = ConfiguredCredentials(places, MovedClock(), Said())
    found = [await configured.of(name) for name in ("gemini", "anthropic", "openai", "not in the settings")]
    assert [each and each.fields[0] for each in found] == [
        (b"x-goog-api-key", b"from-env"), (b"x-api-key", b"from-file"), None, None,
    ]  # fmt: skip


async def test_what_can_not_be_had_is_said_once__and_again_after_it_was_right(monkeypatch):
    said = Said()
    configured = ConfiguredCredentials(upstreams(gemini="{env: MY_KEY}"), MovedClock(), said)
    for value in (None, None, "k", None):
        monkeypatch.setenv("MY_KEY", value) if value else monkeypatch.delenv("MY_KEY", raising=False)
        assert ((await configured.of("gemini")) is None) == (value is None)
    sentence = "env MY_KEY holds nothing; set it to the key, and start the sidecar with it"
    assert said.sentences == [f"gemini: upstreams.gemini.credential: {sentence}"] * 2


async def test_library_that_found_nothing_is_not_asked_again_at_once(monkeypatch):
    asked = []

    class Nothing:
        is_slow = True

        async def credential(self):
            asked.append(1)
            raise NoCredential("found nothing")

    monkeypatch.setattr(credentials_configured, "GoogleTokens", Nothing)
    clock = MovedClock()
    configured = ConfiguredCredentials(upstreams(vertex="{google_adc: true}"), clock, Said())
    for seconds, times in ((0.0, 1), (AGAIN_SECONDS - 1, 1), (2.0, 2)):
        clock.ahead_seconds += seconds
        assert await configured.of("vertex") is None
        assert len(asked) == times
