import json
from typing import Any

import msgspec
import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.google_live_usage import live_usage_in


def read(**fields: Any) -> Reported | None:
    return live_usage_in(msgspec.Raw(json.dumps(fields).encode()))


def of(modality: str, count: int) -> dict[str, Any]:
    return {"modality": modality, "tokenCount": count}


def test_tokens_are_told_apart_by_modality():
    got = read(
        promptTokenCount=500,
        responseTokenCount=42,
        totalTokenCount=542,
        promptTokensDetails=[of("TEXT", 335), of("AUDIO", 165)],
        responseTokensDetails=[of("AUDIO", 42)],
    )
    assert got == Reported(Usage(input=500, output=42, audio_input=165, audio_output=42))


def test_thoughts_that_the_total_counts_are_counted():
    got = read(promptTokenCount=500, responseTokenCount=40, thoughtsTokenCount=60, totalTokenCount=600)
    assert got == Reported(Usage(input=500, output=40, reasoning=60))


def test_thoughts_that_the_total_leaves_out_are_left_out__and_the_sound_is_kept():
    # the first report of discuss.ai.google.dev/t/188765, gemini-3.8-live
    got = read(
        promptTokenCount=522,
        responseTokenCount=42,
        totalTokenCount=564,
        promptTokensDetails=[of("TEXT", 332), of("AUDIO", 165)],
        responseTokensDetails=[of("AUDIO", 42)],
        thoughtsTokenCount=136,
    )
    usage = Usage(input=522, output=42, audio_input=165, audio_output=42)
    assert got == Reported(usage, basis=Basis.AT_LEAST, reason="thoughts_over_total")


def test_tool_results_and_what_was_cached_are_apart():
    got = read(
        promptTokenCount=100,
        cachedContentTokenCount=60,
        toolUsePromptTokenCount=9,
        responseTokenCount=5,
        totalTokenCount=114,
    )
    assert got == Reported(Usage(input=40, cached_input=60, tool_use=9, output=5))


def test_the_names_of_other_methods_are_read_too():
    got = read(promptTokenCount=9, candidatesTokenCount=4, candidatesTokensDetails=[of("AUDIO", 4)])
    assert got == Reported(Usage(input=9, output=4, audio_output=4))


@pytest.mark.parametrize(
    ("fields", "tier"), [({"trafficType": "PROVISIONED_THROUGHPUT"}, "provisioned"), ({"serviceTier": "flex"}, "flex")]
)
def test_the_tier_that_served_is_told(fields, tier):
    assert read(promptTokenCount=9, **fields) == Reported(Usage(input=9), tier=tier)


def test_what_is_no_number_makes_the_rest_a_lower_bound():
    got = read(promptTokenCount="9", responseTokenCount=-4, responseTokensDetails=[5])
    assert got == Reported(Usage(input=9), basis=Basis.AT_LEAST, reason="malformed_usage")


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"null", b"7", b'{"trafficType":"ON_DEMAND"}'])
def test_nothing_that_was_reported_is_none(raw):
    assert live_usage_in(msgspec.Raw(raw)) is None
