from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings, strategies as st

from sidecar.metering.usage import Usage
from sidecar.providers.counts import MOST
from sidecar.providers.google_usage import UsageMetadata, usage_of


def of(modality: str, count: int) -> dict[str, Any]:
    return {"modality": modality, "tokenCount": count}


AUDIO_OF_40 = [of("TEXT", 60), of("AUDIO", 40)]


def meta(**fields: Any) -> UsageMetadata:
    return msgspec.convert(fields, UsageMetadata)


SOUND = {
    "nothing": ({}, Usage()),
    "a prompt": ({"promptTokenCount": 9, "totalTokenCount": 9}, Usage(input=9)),
    "an answer": ({"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13}, Usage(input=9, output=4)),
    "no total": ({"promptTokenCount": 9, "candidatesTokenCount": 4}, Usage(input=9, output=4)),
    "cached tokens are taken out of the prompt": (
        {"promptTokenCount": 9, "cachedContentTokenCount": 7, "totalTokenCount": 9},
        Usage(input=2, cached_input=7),
    ),
    "thoughts and tool results are apart": (
        {
            "promptTokenCount": 9,
            "candidatesTokenCount": 4,
            "thoughtsTokenCount": 30,
            "toolUsePromptTokenCount": 5,
            "totalTokenCount": 48,
        },
        Usage(input=9, output=4, reasoning=30, tool_use=5),
    ),
    "audio in": ({"promptTokenCount": 100, "promptTokensDetails": AUDIO_OF_40}, Usage(input=100, audio_input=40)),
    "audio, some of it cached": (
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 50,
            "promptTokensDetails": AUDIO_OF_40,
            "cacheTokensDetails": [of("AUDIO", 30), of("TEXT", 20)],
        },
        Usage(input=50, cached_input=50, audio_input=10, cached_audio_input=30),
    ),
    "images, documents and video in": (
        {
            "promptTokenCount": 100,
            "promptTokensDetails": [
                of("IMAGE", 10),
                of("DOCUMENT", 20),
                of("VIDEO", 30),
                of("MODALITY_UNSPECIFIED", 40),
            ],
        },
        Usage(input=100, image_input=30, video_input=30),
    ),
    "an image out": (
        {
            "promptTokenCount": 5,
            "candidatesTokenCount": 1300,
            "totalTokenCount": 1305,
            "candidatesTokensDetails": [of("IMAGE", 1290), of("TEXT", 10)],
        },
        Usage(input=5, output=1300, image_output=1290),
    ),
    "the same modality twice": (
        {"candidatesTokenCount": 7, "candidatesTokensDetails": [of("AUDIO", 3), of("AUDIO", 4)]},
        Usage(output=7, audio_output=7),
    ),
    "cached text only": (
        {
            "promptTokenCount": 9,
            "cachedContentTokenCount": 7,
            "promptTokensDetails": [of("TEXT", 9)],
        },
        Usage(input=2, cached_input=7),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), SOUND.values(), ids=SOUND)
def test_sound_numbers(fields, expected):
    assert usage_of(meta(**fields)) == (expected, "")


CONTRADICTIONS = {
    "more cached than prompted": (
        {"promptTokenCount": 5, "cachedContentTokenCount": 9},
        Usage(cached_input=5),
        "cached_over_prompt",
    ),
    "a total below its parts takes the dearest away first": (
        {"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 3, "totalTokenCount": 11},
        Usage(input=10, reasoning=1),
        "parts_over_total",
    ),
    "a total of almost nothing": (
        {"promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 4, "totalTokenCount": 1},
        Usage(cached_input=1),
        "parts_over_total",
    ),
    "a total above its parts": (
        {"promptTokenCount": 10, "candidatesTokenCount": 4, "totalTokenCount": 99},
        Usage(input=10, output=4),
        "total_over_parts",
    ),
    "more audio than prompt": (
        {"promptTokenCount": 10, "promptTokensDetails": [of("AUDIO", 11)]},
        Usage(input=10, audio_input=10),
        "details_over_total",
    ),
    "more images and audio than output": (
        {"candidatesTokenCount": 10, "candidatesTokensDetails": [of("AUDIO", 6), of("IMAGE", 7)]},
        Usage(output=10, image_output=7, audio_output=3),
        "details_over_total",
    ),
    "more cached audio than cached": (
        {
            "promptTokenCount": 100,
            "cachedContentTokenCount": 10,
            "promptTokensDetails": AUDIO_OF_40,
            "cacheTokensDetails": [of("AUDIO", 20)],
        },
        Usage(input=90, cached_input=10, audio_input=20, cached_audio_input=10),
        "details_over_total",
    ),
    "audio in a prompt of which some unknown part was cached": (
        {"promptTokenCount": 100, "cachedContentTokenCount": 30, "promptTokensDetails": AUDIO_OF_40},
        Usage(input=70, cached_input=30, audio_input=10),
        "cache_modality_unknown",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "expected", "doubt"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions_take_the_smaller_reading(fields, expected, doubt):
    assert usage_of(meta(**fields)) == (expected, doubt)


counts = st.integers(0, 40) | st.integers(0, MOST)
details = st.lists(
    st.fixed_dictionaries(
        {"modality": st.sampled_from(["TEXT", "AUDIO", "IMAGE", "VIDEO", "DOCUMENT", "X"]), "tokenCount": counts}
    ),
    max_size=4,
)
metas = st.fixed_dictionaries(
    {},
    optional={
        "promptTokenCount": counts,
        "cachedContentTokenCount": counts,
        "candidatesTokenCount": counts,
        "thoughtsTokenCount": counts,
        "toolUsePromptTokenCount": counts,
        "totalTokenCount": counts,
        "promptTokensDetails": details,
        "cacheTokensDetails": details,
        "candidatesTokensDetails": details,
    },
)


@settings(max_examples=200)
@given(metas)
def test_whatever_is_reported_is_never_inflated(fields):
    usage, _ = usage_of(meta(**fields))
    reported = sum(
        fields.get(name, 0)
        for name in ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")
    )
    tokens = usage.input + usage.cached_input + usage.output + usage.reasoning + usage.tool_use
    assert tokens <= min(reported, fields.get("totalTokenCount") or reported)
    assert min(usage.counts().values(), default=0) >= 0
    assert usage.audio_input + usage.image_input + usage.video_input <= usage.input
    assert usage.cached_audio_input <= usage.cached_input
    assert usage.audio_output + usage.image_output + usage.video_output <= usage.output
    assert usage.output <= fields.get("candidatesTokenCount", 0)
    assert usage.reasoning <= fields.get("thoughtsTokenCount", 0)


# another opinion


@st.composite
def consistent(draw: st.DrawFn) -> dict[str, Any]:
    """Numbers without a contradiction, every modality accounted for."""
    modalities = ["TEXT", "AUDIO", "IMAGE", "VIDEO"]
    cached = {name: draw(st.integers(0, 50)) for name in modalities}
    prompt = {name: cached[name] + draw(st.integers(0, 50)) for name in modalities}
    answer = {name: draw(st.integers(0, 50)) for name in modalities}
    thoughts, tool = draw(st.integers(0, 50)), draw(st.integers(0, 50))
    fields: dict[str, Any] = {
        "promptTokenCount": sum(prompt.values()),
        "cachedContentTokenCount": sum(cached.values()),
        "candidatesTokenCount": sum(answer.values()),
        "thoughtsTokenCount": thoughts,
        "toolUsePromptTokenCount": tool,
        "totalTokenCount": sum(prompt.values()) + sum(answer.values()) + thoughts + tool,
    }
    for name, parts in (
        ("promptTokensDetails", prompt),
        ("cacheTokensDetails", cached),
        ("candidatesTokensDetails", answer),
    ):
        fields[name] = [of(modality, count) for modality, count in parts.items()]
    return fields


@settings(max_examples=60)
@given(consistent())
def test_genai_prices_reads_the_same(fields):
    """Its extractor counts cached tokens within the input, and thoughts within the output."""
    from genai_prices.data import providers

    assume(fields["totalTokenCount"])
    google = next(provider for provider in providers if provider.id == "google")
    _, theirs = google.extract_usage({"modelVersion": "gemini-2.5-flash", "usageMetadata": fields})
    ours, doubt = usage_of(meta(**fields))
    assert doubt == ""
    assert {
        "input_tokens": ours.input + ours.cached_input + ours.tool_use,
        "cache_read_tokens": ours.cached_input,
        "output_tokens": ours.output + ours.reasoning,
        "output_reasoning_tokens": ours.reasoning,
        "input_audio_tokens": ours.audio_input + ours.cached_audio_input,
        "cache_audio_read_tokens": ours.cached_audio_input,
        "output_audio_tokens": ours.audio_output,
        "output_image_tokens": ours.image_output,
        "output_video_tokens": ours.video_output,
    }.items() <= {name: getattr(theirs, name) or 0 for name in dir(theirs) if name.endswith("_tokens")}.items()
