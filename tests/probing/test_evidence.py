"""What was found, in words and as a fact."""

import json

import msgspec

from sidecar.clock import rfc3339
from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.probing.evidence import document, elsewhere, fact_of, lines, sentence
from sidecar.probing.measuring import Measured
from sidecar.probing.verdict import Confidence, Verdict
from tests.probing.calls import BEGIN, WHOLE, at, call, look
from tests.probing.test_plan import plan

STREAM, UNARY = CallKind.STREAM, CallKind.UNARY
STOPS = Verdict(STREAM, OnClose.STOPS, Confidence.HIGH, "it was seen")
UNKNOWN = Verdict(UNARY, OnClose.UNKNOWN, Confidence.NONE, "nobody knows")
CUT = call(
    1.0, (look(0.9, True), look(1.2, True), look(1.6, False)), identity="resp_1", limits={"x-ratelimit-remaining": "9"}
)
UNARY_CUT = call(1.0, kind=UNARY, mark="p7")
UNARY_WHOLE = msgspec.structs.replace(WHOLE, kind=UNARY)


def measured(*verdicts: Verdict) -> Measured:
    return Measured((WHOLE, CUT, UNARY_WHOLE, UNARY_CUT), verdicts, "its /metrics", "")


def test_a_line_for_each_call():
    whole, cut, _, other = lines(measured())
    assert (whole.call, whole.seconds, whole.tokens, whole.at_work_seconds, whole.named) == (
        "stream, whole",
        4.0,
        400,
        None,
        "p1",
    )
    assert (cut.call, cut.sent_at, cut.at_work_seconds, cut.named) == ("stream, cut", rfc3339(BEGIN), 0.2, "resp_1")
    assert cut.limits == "x-ratelimit-remaining: 9"
    assert (other.call, other.named, other.tokens) == ("unary, cut", "p7", None)


def test_sentences():
    assert sentence(STOPS) == "stream: stops (high confidence): it was seen"
    assert sentence(UNKNOWN) == "unary: unknown: nobody knows"


def test_where_to_look_for_what_could_not_be_known():
    said = list(elsewhere(plan(), measured(STOPS, UNKNOWN)))
    window = f"from {rfc3339(BEGIN)[:16].replace('T', ' ')} to {rfc3339(at(64))[:16].replace('T', ' ')} UTC"
    assert len(said) == 2
    assert said[0].startswith("unary: look at platform.openai.com, Logs and Usage")
    assert f"gpt-4o-mini {window}; cut calls p7 (sent with X-Client-Request-Id)" in said[0]
    assert said[1].endswith("cut calls show about 100 each where the work stops, about 400 where it runs on")


def test_the_fact_says_what_was_found_and_leaves_out_what_was_not():
    fact = fact_of(plan(), measured(STOPS, UNKNOWN), BEGIN, "1.2.3")
    assert fact is not None
    assert (fact.stream, fact.unary) == (OnClose.STOPS, None)
    assert (fact.dialect, fact.model, fact.method, fact.version) == (
        "openai",
        "gpt-4o-mini",
        "chat.completions",
        "1.2.3",
    )
    assert fact.measured_at == rfc3339(BEGIN)
    assert fact.evidence == "stream: stops (high confidence): it was seen; seen in its /metrics"


def test_nothing_found__no_fact():
    assert fact_of(plan(), measured(UNKNOWN), BEGIN, "1.2.3") is None


def test_all_of_it_for_machines():
    told = json.loads(msgspec.json.encode(document(plan(), measured(STOPS, UNKNOWN), None)))
    assert [verdict["on_close"] for verdict in told["verdicts"]] == ["stops", "unknown"]
    assert len(told["calls"]) == 4
    assert told["written"] is None
