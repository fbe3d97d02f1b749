"""Frames and whole answers of content calls."""

import json
from typing import Any

import pytest

from sidecar.clock import from_rfc3339
from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.content import TRAPS, frame, late_usage, usage_metadata, whole
from sidecar.simulator.declined import one_line
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import ReportsUsage, Script
from sidecar.simulator.speech import Naming

USED = Used(
    prompt_tokens=120,
    cached_tokens=20,
    audio_tokens=10,
    tool_tokens=5,
    output_tokens=30,
    thought_tokens=40,
    image_tokens=1290,
)


def a_plan(dialect: Dialect = Dialect.GEMINI, steps: int = 3, used: Used = USED, **script: Any) -> Plan:
    route = Route(dialect, "streamGenerateContent", "gemini-2.5-flash")
    return Plan(route=route, model=CATALOG["gemini-2.5-flash"], script=Script(**script), used=used, steps=steps)


NAMING = Naming(7, from_rfc3339("2026-11-20T10:00:00Z"))


def frames(plan: Plan) -> list[dict[str, Any]]:
    return [frame(plan, NAMING, step) for step in range(1, plan.steps + 1)]


def test_usage__every_class_and_the_parts_of_other_modalities():
    assert usage_metadata(a_plan(), USED) == {
        "promptTokenCount": 120,
        "cachedContentTokenCount": 20,
        "candidatesTokenCount": 1320,
        "toolUsePromptTokenCount": 5,
        "thoughtsTokenCount": 40,
        "totalTokenCount": 1485,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 110}, {"modality": "AUDIO", "tokenCount": 10}],
        "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 20}],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 30}, {"modality": "IMAGE", "tokenCount": 1290}],
        "toolUsePromptTokensDetails": [{"modality": "TEXT", "tokenCount": 5}],
        "serviceTier": "standard",
    }


def test_usage__what_is_nothing_is_absent():
    said = usage_metadata(a_plan(), Used(prompt_tokens=3))
    assert set(said) == {"promptTokenCount", "totalTokenCount", "promptTokensDetails", "serviceTier"}


def test_frames__carry_a_running_total():
    totals = [each["usageMetadata"] for each in frames(a_plan())]
    assert [total["candidatesTokenCount"] for total in totals] == [10, 20, 1320]
    assert {total["promptTokenCount"] for total in totals} == {120}


def test_frames__only_the_last_one_finishes():
    reasons = [each["candidates"][0].get("finishReason") for each in frames(a_plan())]
    assert reasons == [None, None, "STOP"]


@pytest.mark.parametrize(
    ("usage", "dialect", "said"),
    [
        (ReportsUsage.LAST, Dialect.GEMINI, [None, None, 120]),
        (ReportsUsage.LATE, Dialect.GEMINI, [None, None, None]),
        (ReportsUsage.NONE, Dialect.VERTEX, [None, None, None]),
    ],
)
def test_frames__say_of_usage_what_the_script_says(usage: ReportsUsage, dialect: Dialect, said: list[int | None]):
    counts = [each.get("usageMetadata", {}).get("promptTokenCount") for each in frames(a_plan(dialect, usage=usage))]
    assert counts == said


def test_frames_of_vertex__carry_traffic_type_and_creation():
    first, *_, last = frames(a_plan(Dialect.VERTEX, usage=ReportsUsage.LAST))
    assert first["usageMetadata"] == {"trafficType": "ON_DEMAND"}
    assert last["usageMetadata"]["trafficType"] == "ON_DEMAND"
    assert first["createTime"] == "2026-11-20T10:00:00.000000Z"


def test_late_usage__a_frame_without_candidates():
    plan = a_plan()
    assert late_usage(plan, NAMING) == {
        "usageMetadata": usage_metadata(plan, USED),
        "modelVersion": "gemini-2.5-flash",
        "responseId": "simulated-7",
    }


def test_every_frame__has_a_trap_in_its_text_and_is_one_line():
    each = [
        (frame["candidates"][0]["content"]["parts"][0]["text"], one_line(frame)) for frame in frames(a_plan(steps=5))
    ]
    assert [text.startswith(trap) for (text, _), trap in zip(each, TRAPS, strict=True)] == [True] * 5
    assert not any(b"\n" in line or b"\r" in line for _, line in each)
    assert all(json.loads(line)["usageMetadata"]["promptTokenCount"] == 120 for _, line in each)


def test_an_answer_in_one_piece__is_the_frames_together():
    plan = a_plan()
    parts = whole(plan, NAMING)["candidates"][0]["content"]["parts"]
    assert parts[0]["text"] == "".join(each["candidates"][0]["content"]["parts"][0]["text"] for each in frames(plan))
    assert parts[1]["inlineData"]["mimeType"] == "image/png"
    assert whole(plan, NAMING)["usageMetadata"] == usage_metadata(plan, USED)


def test_a_blocked_prompt__feedback_instead_of_candidates():
    reply = whole(a_plan(steps=1, used=Used(prompt_tokens=9), filtered=1), NAMING)
    assert reply["promptFeedback"] == {"blockReason": "SAFETY"}
    assert "candidates" not in reply
    assert reply["usageMetadata"]["promptTokenCount"] == 9
