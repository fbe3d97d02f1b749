import json

import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.anthropic import open_completion, open_messages
from sidecar.providers.anthropic_reported import message_in
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.names import LONGEST
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.anthropic_wire import JSON, MODEL, message, used
from tests.providers.wire import Json, read, whole

WHOLE = Reported(Usage(input=25, output=15), MODEL)


def reported(usage: Json | None, **more: object) -> Reported | None:
    return message_in(whole(message(usage, **more)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (JSON, json.dumps(message(used(), 'a "usage": {brace')).encode()),
        (ReplyHead(200, "application/json", "gzip"), zipped(whole(message(used())))),
        (ReplyHead(200, ""), whole(message(used()))),
    ],
    ids=["plain", "gzip", "no content type"],
)
def test_a_whole_message_is_read_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = open_messages(head, NO_FACTS)
        assert read(reader, *pieces) == WHOLE
        assert reader.is_terminal


def test_a_message_that_breaks_off_reports_nothing():
    body = whole(message(used()))
    for end in range(len(body)):
        reader = open_messages(JSON, NO_FACTS)
        assert read(reader, body[:end]) is None
        assert not reader.is_terminal


def test_a_long_answer_does_not_hide_its_usage():
    body = whole(message(used(), 'line "one"\n\\' * 60_000))
    assert read(open_messages(JSON, NO_FACTS), *cut(body, range(0, len(body), 65_536))) == WHOLE


@pytest.mark.parametrize(
    ("usage", "expected", "reason"),
    [
        (used("25", "15"), Usage(input=25, output=15), ""),
        (used(25.0, 15), Usage(input=25, output=15), ""),
        (used(25, -15), Usage(input=25), "malformed_usage"),
        (used(25, 2**40), Usage(input=25), "malformed_usage"),
        (used(25, 1.5), Usage(input=25), "malformed_usage"),
        (used(25, "many"), Usage(input=25), "malformed_usage"),
        (used(25, [15]), Usage(input=25), "malformed_usage"),
        (used(25, True), Usage(input=25), "malformed_usage"),
        (used(25, None), Usage(input=25), ""),
        (used(25, 15, server_tool_use=7), Usage(input=25, output=15), "malformed_usage"),
        (
            used(25, 15, cache_creation={"ephemeral_5m_input_tokens": "x"}),
            Usage(input=25, output=15),
            "malformed_usage",
        ),
        (used(25, 15, iterations="x"), Usage(input=25, output=15), "malformed_usage"),
    ],
)
def test_odd_values_never_inflate(usage, expected, reason):
    basis = Basis.AT_LEAST if reason else Basis.EXACT
    assert reported(usage) == Reported(expected, MODEL, basis=basis, reason=reason)


@pytest.mark.parametrize("usage", [None, {}, 7, "x", [], used(0, 0)])
def test_no_usage_is_none_and_never_zero(usage):
    assert reported(usage) is None


@pytest.mark.parametrize("model", [None, 7, "x" * (LONGEST + 1)])
def test_a_name_that_is_none_names_no_model(model):
    assert reported(used(), model=model) == Reported(WHOLE.usage)


def test_a_tier_that_we_do_not_know_makes_its_price_a_guess():
    expected = Reported(WHOLE.usage, MODEL, basis=Basis.ESTIMATED, reason="unknown_tier")
    assert reported(used(service_tier="next_year")) == expected


def test_a_refusal_before_anything_was_written_may_cost_nothing():
    expected = Reported(Usage(input=25), MODEL, basis=Basis.ESTIMATED, reason="refused")
    assert reported(used(25, 0), stop_reason="refusal") == expected
    assert reported(used(), stop_reason="refusal") == WHOLE


@pytest.mark.parametrize("body", [b'{"type": "error", "error": {"type": "overloaded_error"}}', b"<html>", b"", b"[]"])
def test_an_error_reports_nothing(body):
    assert read(open_messages(ReplyHead(529, "application/json"), NO_FACTS), body) is None


def test_a_legacy_completion_is_counted():
    body = whole(
        {"type": "completion", "completion": " Hello wörld", "stop_reason": "stop_sequence", "model": "claude-2.1"}
    )
    expected = Reported(Usage(output=4), "claude-2.1", basis=Basis.ESTIMATED, reason="counted_text")
    assert read(open_completion(JSON, NO_FACTS), body) == expected
    assert read(open_completion(JSON, NO_FACTS), b'{"type": "error"}') is None
