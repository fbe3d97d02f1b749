import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers.on_close import OnCloseFacts


@pytest.mark.parametrize(
    ("kind", "fact"),
    [(CallKind.STREAM, OnClose.STOPS), (CallKind.UNARY, OnClose.RUNS_ON), (CallKind.LIVE, OnClose.UNKNOWN)],
)
def test_streams_and_unary_calls_and_sockets_have_facts_of_their_own(kind, fact):
    facts = OnCloseFacts(stream=OnClose.STOPS, unary=OnClose.RUNS_ON, source="s", date="d", evidence="e")
    assert facts.of(kind) is fact
