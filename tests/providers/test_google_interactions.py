import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.lenient import Unreadable
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.google_continuation import digest_of
from sidecar.providers.google_interactions import camel, interaction_in, open_interaction_document
from sidecar.providers.google_routes import route_of
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.wire import JSON, Json, read, whole

USAGE: Json = {
    "total_input_tokens": 30, "total_cached_tokens": 10, "total_output_tokens": 7, "total_thought_tokens": 3,
    "total_tool_use_tokens": 2, "total_tokens": 42, "initial_input_tokens": 30,
    "input_tokens_by_modality": [{"modality": "text", "tokens": 26}, {"modality": "image", "tokens": 4}],
    "output_tokens_by_modality": [{"modality": "text", "tokens": 7}],
    "cached_tokens_by_modality": [{"modality": "text", "tokens": 10}],
}  # fmt: skip
INTERACTION: Json = {
    "id": "i1", "status": "completed", "model": "gemini-3-flash", "created": "2026-11-20T00:00:00Z",
    "steps": [{"type": "model_output", "content": [{"type": "text", "text": 'a "usage": {brace'}]}], "usage": USAGE,
}  # fmt: skip
USED = Reported(Usage(20, 10, 7, 3, 2, image_input=4), "gemini-3-flash")


def interaction(document: object, header_tier: str = "") -> Reported | None:
    return interaction_in(json.dumps(document).encode(), header_tier)


def of(**used: Any) -> Reported | None:
    return interaction({"usage": used, "model": "m"})


def upper(details: Any) -> Any:
    return [{"modality": one["modality"].upper(), "tokens": one["tokens"]} for one in details]


def in_camel_case() -> Json:
    return {camel(name): upper(value) if isinstance(value, list) else value for name, value in USAGE.items()}


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (JSON, whole(INTERACTION)),
        (JSON, json.dumps(INTERACTION, separators=(",", ":")).encode()),
        (ReplyHead(200, "application/json", "gzip"), zipped(whole(INTERACTION))),
        (JSON, whole(INTERACTION | {"usage": in_camel_case()})),
    ],
    ids=["indented", "compact", "gzip", "camel case"],
)
def test_a_whole_interaction_is_read_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        assert read(open_interaction_document(head, NO_FACTS), *pieces) == USED


def test_one_that_breaks_off_reports_nothing():
    body = whole(INTERACTION)
    for end in range(len(body)):
        assert read(open_interaction_document(JSON, NO_FACTS), body[:end]) is None


def test_megabytes_of_images_do_not_hide_the_usage():
    bulk = {"steps": [{"type": "model_output", "content": [{"type": "image", "data": "iVBO/+" * 400_000}]}]}
    for document in (INTERACTION | bulk, bulk | INTERACTION):
        body = whole(document)
        assert read(open_interaction_document(JSON, NO_FACTS), *cut(body, range(0, len(body), 65_536))) == USED


def test_a_decision_reports_the_same():
    route = route_of("POST", "/v1beta/decisions")
    assert route is not None
    reply = {"answers": {"q": {"choice": "a"}}, "usage": {"total_input_tokens": 8, "total_tokens": 8}}
    assert read(route.open_reply(JSON, NO_FACTS), whole(reply)) == Reported(Usage(input=8))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"id": "i1", "status": "in_progress"},  # in the background
        {"usage": None},
        {"usage": {}},
        {"usage": {"total_tokens": 0}},
        {"usage": 7},
        {"usage": []},
        {"usage": "x"},
        {"error": {"code": 400}},
        {"model": "m", "steps": [{"usage": USAGE}]},
    ],
)
def test_one_without_counts_reports_nothing(document):
    assert interaction(document) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"not json", b"\xff"])
def test_what_is_no_object_is_unreadable(body):
    with pytest.raises(Unreadable):
        interaction_in(body)


ODD: dict[str, tuple[Json, Usage, str]] = {
    "strings": ({"total_input_tokens": "12", "total_tokens": "12"}, Usage(input=12), ""),
    "whole floats": ({"total_input_tokens": 12.0}, Usage(input=12), ""),
    "nulls": ({"total_input_tokens": 12, "total_output_tokens": None, "grounding_tool_count": None}, Usage(input=12), ""),
    "a negative count": ({"total_input_tokens": 12, "total_output_tokens": -5}, Usage(input=12), "malformed_usage"),
    "more than int32": ({"total_input_tokens": 12, "total_output_tokens": 2**31}, Usage(input=12), "malformed_usage"),
    "a truth": ({"total_input_tokens": 12, "total_output_tokens": True}, Usage(input=12), "malformed_usage"),
    "more cached than read": (
        {"total_input_tokens": 12, "total_cached_tokens": 20}, Usage(cached_input=12), "cached_over_prompt",
    ),
    "parts over the total": (
        {"total_input_tokens": 12, "total_output_tokens": 5, "total_tokens": 15}, Usage(12, 0, 3), "parts_over_total",
    ),
    "a total over the parts": ({"total_input_tokens": 12, "total_tokens": 15}, Usage(input=12), "total_over_parts"),
    "odd modalities": (
        {"total_input_tokens": 12, "input_tokens_by_modality": [7, {"modality": 1}, {"tokens": "5", "modality": "audio"}]},
        Usage(input=12, audio_input=5), "malformed_usage",
    ),
    "modalities of a wrong kind": (
        {"total_input_tokens": 12, "input_tokens_by_modality": {}}, Usage(input=12), "malformed_usage",
    ),
    "both names": ({"total_input_tokens": 12, "totalInputTokens": 99}, Usage(input=12), ""),
}  # fmt: skip


@pytest.mark.parametrize(("used", "usage", "doubt"), ODD.values(), ids=ODD)
def test_odd_values_never_raise_and_never_inflate(used, usage, doubt):
    assert of(**used) == Reported(usage, "m", "", Basis.AT_LEAST if doubt else Basis.EXACT, doubt)


@pytest.mark.parametrize(
    ("tools", "model", "searches", "doubt"),
    [
        ([{"type": "google_search", "count": 3}], "gemini-3-flash", 3, ""),
        ([{"type": "GOOGLE_SEARCH", "count": 3}], "gemini-3-flash", 3, ""),
        ([{"type": "google_search", "count": 3}], "gemini-2.5-flash", 1, ""),
        ([{"type": "google_search", "count": 3}], "other", 1, "search_unit_unknown"),
        ([{"type": "google_search", "count": 1}, {"type": "google_search", "count": 2}], "gemini-3-flash", 3, ""),
        ([{"type": "google_maps", "count": 2}], "gemini-3-flash", 0, "grounding_uncounted"),
        ([{"type": "google_search", "count": 1}, {"type": "retrieval", "count": 1}], "gemini-3-flash", 1, "grounding_uncounted"),
        ([{"type": "google_search", "count": 0}], "gemini-3-flash", 0, ""),
        ([{"type": "google_search"}], "gemini-3-flash", 0, ""),
        ([], "gemini-3-flash", 0, ""),
        ([{"type": "google_search", "count": -1}], "gemini-3-flash", 0, "malformed_usage"),
    ],
)  # fmt: skip
def test_searches_are_counted_as_they_are_billed(tools, model, searches, doubt):
    got = interaction({"model": model, "usage": {"total_input_tokens": 5, "grounding_tool_count": tools}})
    assert got is not None
    assert (got.usage.web_searches, got.reason) == (searches, doubt)


def test_the_tier_that_served_is_named_in_the_body_or_in_the_head():
    for got in (
        interaction(INTERACTION | {"service_tier": "flex"}),
        interaction(INTERACTION | {"serviceTier": "SERVICE_TIER_FLEX"}),
        interaction(INTERACTION, "flex"),
        read(
            open_interaction_document(ReplyHead(200, "", "", {"x-gemini-service-tier": "flex"}), NO_FACTS),
            whole(INTERACTION),
        ),
    ):
        assert got is not None
        assert (got.tier, got.basis) == ("flex", Basis.EXACT)


def test_a_tier_whose_price_nobody_knows_makes_an_estimate():
    got = interaction(INTERACTION | {"service_tier": "deferred"})
    assert got is not None
    assert (got.basis, got.reason) == (Basis.ESTIMATED, "unknown_tier")


def test_an_answer_that_goes_on_elsewhere_says_by_which_token():
    for name in ("continuation_token", "continuationToken"):
        got = interaction(INTERACTION | {"status": "requires_continuation", name: "t0ken"})
        assert got is not None
        assert got.continuation == digest_of("t0ken")
    assert interaction(INTERACTION | {"continuation_token": None}) == USED


@given(
    st.dictionaries(
        st.sampled_from(sorted(USAGE)), st.integers() | st.none() | st.text(max_size=3) | st.lists(st.integers())
    )
)
def test_no_counts_go_below_zero(used):
    got = of(**used)
    assert got is None or all(count > 0 for count in got.usage.counts().values())
