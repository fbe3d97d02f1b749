import json

import pytest
from msgspec import Raw

from sidecar.bodies.lenient import Unreadable
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.google_reported import billed_searches, reported_in, searches_in, tier_of
from tests.providers.wire import Json, event, usage


def reported(document: object, **known) -> Reported | None:
    return reported_in(json.dumps(document).encode(), **known)


def of(used: Json, **more) -> Reported | None:
    return reported(event("hi", used=used, **more))


def test_a_reply_says_what_it_used_and_who_served():
    assert of(usage(9, 4)) == Reported(Usage(input=9, output=4), "gemini-3-flash")


@pytest.mark.parametrize(("name", "model"), [("models/m", "m"), ("m@001", "m@001"), ("x" * 500, ""), ("", "")])
def test_the_model_is_named_plainly(name, model):
    got = of(usage(9), modelVersion=name)
    assert got is not None
    assert got.model == model


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"candidates": []},
        {"error": {"code": 500}},
        event("x"),
        event(used={}),
        event(used={"trafficType": "ON_DEMAND"}),
        event(used=usage(0)),
    ],
)
def test_a_reply_without_counts_reports_nothing(document):
    assert reported(document) is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"not json", b'[{"usageMetadata": {"promptTokenCount": 1}}]', b"\xff"]
)
def test_what_is_no_object_is_unreadable(body):
    with pytest.raises(Unreadable):
        reported_in(body)


@pytest.mark.parametrize(
    "text",
    [
        '"usageMetadata": {"promptTokenCount": 999}',
        '{"usageMetadata": {"promptTokenCount": 999}}',
        '\\", "usageMetadata": {"promptTokenCount": 999}, "x": "\\',
        "\ud83d",
        "}]}]",
    ],
)
def test_what_a_model_writes_is_not_taken_for_usage(text):
    got = of(usage(9, 4), note=text)
    assert got is not None
    assert got.usage == Usage(input=9, output=4)
    assert reported(event(text)) is None


def test_the_same_key_in_an_object_of_the_model_is_not_usage():
    call = {"functionCall": {"name": "f", "args": {"usageMetadata": usage(999), "modelVersion": "x"}}}
    document = {"candidates": [{"content": {"parts": [call]}, "usageMetadata": usage(999)}]}
    assert reported(document) is None
    assert reported(document | {"usageMetadata": usage(9)}) == Reported(Usage(input=9))


# tiers


@pytest.mark.parametrize(
    ("name", "tier"),
    [
        ("", ""),
        ("ON_DEMAND", ""),
        ("TRAFFIC_TYPE_UNSPECIFIED", ""),
        ("standard", ""),
        ("SERVICE_TIER_STANDARD", ""),
        ("unspecified", ""),
        ("ON_DEMAND_FLEX", "flex"),
        ("flex", "flex"),
        ("SERVICE_TIER_FLEX", "flex"),
        ("ON_DEMAND_PRIORITY", "priority"),
        ("priority", "priority"),
        ("ON_DEMAND_OFFPEAK", "offpeak"),
        ("PROVISIONED_THROUGHPUT", "provisioned"),
        ("batch", "batch"),
        ("ON_DEMAND_SOMETHING_NEW", None),
    ],
)
def test_tiers_have_our_names(name, tier):
    assert tier_of(name) == tier


def test_the_tier_that_is_not_standard_counts():
    assert tier_of("ON_DEMAND", "flex", "") == "flex"
    assert tier_of("ON_DEMAND", "new", "flex") is None


def test_the_tier_comes_from_the_usage_or_from_the_head():
    for got in (
        of(usage(9, trafficType="ON_DEMAND_FLEX")),
        of(usage(9, serviceTier="flex")),
        reported(event(used=usage(9)), header_tier="flex"),
    ):
        assert got is not None
        assert (got.tier, got.basis) == ("flex", Basis.EXACT)


def test_an_unknown_tier_makes_an_estimate():
    got = of(usage(9, trafficType="ON_DEMAND_NEW"))
    assert got is not None
    assert (got.tier, got.basis, got.reason) == ("", Basis.ESTIMATED, "unknown_tier")


# searches


def grounded(queries: object, model: str) -> Reported | None:
    return reported(
        {
            "candidates": [{"groundingMetadata": {"webSearchQueries": queries}}],
            "usageMetadata": usage(9),
            "modelVersion": model,
        }
    )


@pytest.mark.parametrize(
    ("model", "queries", "count", "doubt"),
    [
        ("gemini-3-flash", ["a", "b", "a", "", "B"], 3, ""),
        ("gemini-3.1-pro-preview", ["a"], 1, ""),
        ("gemini-10-flash", ["a", "b"], 2, ""),
        ("gemini-2.5-flash", ["a", "b"], 1, ""),
        ("gemini-2.0-flash-001", ["a", "b"], 1, ""),
        ("something-else", ["a", "b"], 1, "search_unit_unknown"),
        ("something-else", ["a"], 1, ""),
        ("gemini-3-flash", [], 0, ""),
        ("gemini-3-flash", [""], 0, ""),
        ("gemini-3-flash", None, 0, ""),
        ("gemini-3-flash", "abc", 0, ""),
        ("gemini-3-flash", [1, {}], 0, ""),
    ],
)
def test_searches_are_counted_as_they_are_billed(model, queries, count, doubt):
    got = grounded(queries, model)
    assert got is not None
    assert (got.usage.web_searches, got.reason) == (count, doubt)


def test_searches_of_several_candidates_and_events_count_once_each():
    seen = searches_in(Raw(b'{"webSearchQueries": ["a", "z"]}'))
    document = event(used=usage(9)) | {
        "candidates": [
            {"groundingMetadata": {"webSearchQueries": ["a", "b"]}},
            {"groundingMetadata": {"webSearchQueries": ["b", "c"]}},
            {},
        ]
    }
    got = reported(document, searches=seen)
    assert got is not None
    assert got.usage.web_searches == len({"a", "b", "c", "z"})


@pytest.mark.parametrize("grounding", [b"7", b"null", b"[]", b"{", b'{"webSearchQueries": 5}'])
def test_odd_grounding_names_no_search(grounding):
    assert searches_in(Raw(grounding)) == set()


def test_an_unnamed_model_is_billed_by_the_prompt():
    assert billed_searches("", 3) == (1, False)
