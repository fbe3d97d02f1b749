import pytest

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import OnCloseFacts


@pytest.mark.parametrize(("kind", "fact"), [(CallKind.STREAM, OnClose.STOPS), (CallKind.UNARY, OnClose.UNKNOWN)])
def test_streams_and_unary_calls_have_facts_of_their_own(kind, fact):
    facts = OnCloseFacts(stream=OnClose.STOPS, unary=OnClose.UNKNOWN, source="s", date="d", evidence="e")
    assert facts.of(kind) is fact
