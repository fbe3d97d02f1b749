import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.google_reported import reported_in
from tests.providers.wire import Json, event, usage


def reported(document: object) -> Reported | None:
    return reported_in(json.dumps(document).encode())


def of(used: Json) -> Reported | None:
    return reported(event("hi", used=used))


ODD = {
    "strings": ({"promptTokenCount": "12", "totalTokenCount": "12"}, Usage(input=12), ""),
    "whole floats": ({"promptTokenCount": 12.0}, Usage(input=12), ""),
    "nulls": ({"promptTokenCount": 12, "candidatesTokenCount": None, "promptTokensDetails": None}, Usage(input=12), ""),
    "a negative count": ({"promptTokenCount": 12, "candidatesTokenCount": -5}, Usage(input=12), "malformed_usage"),
    "a fraction": ({"promptTokenCount": 12, "candidatesTokenCount": 1.5}, Usage(input=12), "malformed_usage"),
    "more than int32": ({"promptTokenCount": 12, "candidatesTokenCount": 2**31}, Usage(input=12), "malformed_usage"),
    "very much more": ({"promptTokenCount": 12, "candidatesTokenCount": 10**100}, Usage(input=12), "malformed_usage"),
    "a long string of digits": ({"promptTokenCount": 12, "candidatesTokenCount": "1" * 50}, Usage(input=12), "malformed_usage"),
    "digits that are not ours": ({"promptTokenCount": 12, "candidatesTokenCount": "\u0662"}, Usage(input=12), "malformed_usage"),
    "a truth": ({"promptTokenCount": 12, "candidatesTokenCount": True}, Usage(input=12), "malformed_usage"),
    "an object": ({"promptTokenCount": 12, "candidatesTokenCount": {}}, Usage(input=12), "malformed_usage"),
    "details of a wrong kind": ({"promptTokenCount": 12, "promptTokensDetails": {}}, Usage(input=12), "malformed_usage"),
    "odd details": (
        {"promptTokenCount": 12, "promptTokensDetails": [7, {"modality": 1}, {"tokenCount": "5", "modality": "AUDIO"}, {}]},
        Usage(input=12, audio_input=5),
        "malformed_usage",
    ),
    "null in details": (
        {"promptTokenCount": 12, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": None}]},
        Usage(input=12),
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("used", "expected", "doubt"), ODD.values(), ids=ODD)
def test_odd_values_never_raise_and_never_inflate(used, expected, doubt):
    basis = Basis.AT_LEAST if doubt else Basis.EXACT
    assert of(used) == Reported(expected, "gemini-3-flash", "", basis, doubt)


@pytest.mark.parametrize("used", [None, 5, "x", [], [usage(9)], {"promptTokenCount": "x"}])
def test_usage_that_is_none_reports_nothing(used):
    assert reported({"usageMetadata": used, "modelVersion": "m"}) is None


@pytest.mark.parametrize(
    "document",
    [{"modelVersion": 7}, {"modelVersion": None}, {"candidates": None}, {"candidates": 7}, {"candidates": [7]}],
)
def test_oddities_elsewhere_do_not_hide_the_usage(document):
    assert reported({"usageMetadata": usage(9)} | document) == Reported(Usage(input=9))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["modality", "tokenCount", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = [
    "promptTokenCount",
    "candidatesTokenCount",
    "totalTokenCount",
    "promptTokensDetails",
    "cacheTokensDetails",
    "trafficType",
    "serviceTier",
]


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(NAMES), json_values), json_values, json_values)
def test_any_values_at_all_give_usage_or_nothing(used, model, candidates):
    got = reported({"usageMetadata": used, "modelVersion": model, "candidates": candidates})
    assert got is None or all(count > 0 for count in got.usage.counts().values())
