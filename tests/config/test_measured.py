"""A measurement as a setting."""

import pytest

from sidecar.lifecycle.policy import OnClose
from tests.config.loading import loaded, refusal

pytestmark = pytest.mark.usefixtures("folder")

FACT = (
    "{dialect: vllm, url: 'http://vllm:8000', model: m, method: chat.completions, stream: stops, "
    "measured_at: 2026-11-22T10:00:00Z, evidence: it was seen, version: 1.0.0}"
)
MINE = "upstreams: {mine: {dialect: vllm, url: 'http://vllm:8000', measured: [%s]}}"


def test_a_moment_may_stand_there_with_quotes_and_without():
    (fact,) = loaded(MINE % FACT).settings.upstreams["mine"].measured
    assert fact.measured_at == "2026-11-22T10:00:00.000000Z"
    (quoted,) = (
        loaded(MINE % FACT.replace("2026-11-22T10:00:00Z", "'2026-11-22T10:00:00Z'"))
        .settings.upstreams["mine"]
        .measured
    )
    assert quoted == fact
    assert (fact.stream, fact.unary) == (OnClose.STOPS, None)


def test_it_counts_where_it_was_measured():
    (fact,) = loaded(MINE % FACT).settings.upstreams["mine"].measured
    assert fact.is_of("vllm", "http://vllm:8000")
    assert not fact.is_of("vllm", "http://vllm:8001")
    assert not fact.is_of("openai", "http://vllm:8000")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2026-11-22T10:00:00Z", "yesterday", "'yesterday' is not a moment; write RFC 3339: 2026-11-22T10:00:00Z"),
        ("stream: stops, ", "", "says nothing; write stream: stops or runs_on, or unary, or remove it"),
        ("stream: stops", "stream: unknown", "says nothing; write stream: stops or runs_on, or unary, or remove it"),
        ("stream: stops", "stream: halts", "'halts' is not one of stops, runs_on, unknown"),
    ],
)
def test_what_can_not_be_meant(old, new, said):
    assert said in refusal(MINE % FACT.replace(old, new))
