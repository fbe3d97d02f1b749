import json

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.lenient import Unreadable
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.openai_extras import Extras
from sidecar.providers.openai_reported import named_in, reported_in
from tests.providers.openai_wire import billed, judged, used
from tests.providers.wire import Json


def reported(document: object, extras: Extras | None = None) -> Reported | None:
    body = json.dumps(document).encode()
    return reported_in(body, extras) if extras else reported_in(body)


def test_a_reply_of_chat_is_read():
    assert reported({"model": "gpt-5", "usage": used(10, 5)}) == Reported(Usage(input=10, output=5), "gpt-5")


def test_the_usage_of_an_event_stands_in_its_response():
    event = {
        "type": "response.completed",
        "response": {"model": "gpt-5", "usage": billed(10, 5), "service_tier": "flex"},
    }
    assert reported(event) == Reported(Usage(input=10, output=5), "gpt-5", "flex")


@pytest.mark.parametrize(
    ("tier", "ours"),
    [
        *(("default", ""), ("auto", ""), ("standard", ""), (None, ""), ("", "")),
        *(("Flex", "flex"), ("priority", "priority"), ("fast", "priority"), ("scale", "scale"), ("batch", "batch")),
    ],
)
def test_the_tier_that_served_is_named(tier, ours):
    got = reported({"usage": used(10, 5), "service_tier": tier})
    assert got == Reported(Usage(input=10, output=5), tier=ours)


def test_an_unknown_tier_makes_an_estimate():
    assert judged(reported({"usage": used(10, 5), "service_tier": "warp"})) == (Basis.ESTIMATED, "unknown_tier")


@pytest.mark.parametrize("value", [None, {}, used(0, 0), {"prompt_tokens": None}, 7, [], "x", False])
def test_usage_without_numbers_is_none(value):
    assert reported({"model": "gpt-5", "usage": value}) is None
    assert reported({"type": "response.completed", "response": {"usage": value}}) is None


def test_no_usage_is_none():
    assert reported({}) is None
    assert reported({"error": {"message": "no"}}) is None
    assert reported({"response": None, "usage": None}) is None


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'"x"', b'{"usage": {"prompt_tokens": 1}', b"<html>"])
def test_what_is_no_whole_object_is_unreadable(body):
    with pytest.raises(Unreadable):
        reported_in(body)


def test_what_can_not_be_read_makes_the_rest_a_lower_bound():
    got = reported({"model": 7, "usage": {"prompt_tokens": 10, "completion_tokens": -5, "total_tokens": None}})
    assert got == Reported(Usage(input=10), basis=Basis.AT_LEAST, reason="malformed_usage")
    got = reported({"model": ["x"], "service_tier": 3, "usage": {"prompt_tokens": "10", "completion_tokens": 5.0}})
    assert got == Reported(Usage(input=10, output=5))


def test_half_a_surrogate_pair_does_not_hide_the_usage():
    body = b'{"choices": [{"message": {"content": "\\ud83d"}}], "usage": ' + json.dumps(used(10, 5)).encode() + b"}"
    assert reported_in(body) == Reported(Usage(input=10, output=5))


def test_a_name_too_long_to_be_a_model_is_none():
    assert reported({"model": "m" * 500, "usage": used(10, 5)}) == Reported(Usage(input=10, output=5))


# hosted tools


def test_searches_are_counted_beside_the_tokens():
    tools = {"web_search": {"num_requests": 3}, "image_gen": billed(0, 0)}
    assert reported({"usage": billed(10, 5), "tool_usage": tools}) == Reported(
        Usage(input=10, output=5, web_searches=3)
    )


def test_images_that_a_tool_drew_are_counted_and_their_price_is_not_ours_to_know():
    drawn = billed(20, 300, input_tokens_details={"image_tokens": 5, "text_tokens": 15})
    got = reported({"usage": billed(10, 5), "tool_usage": {"image_gen": drawn, "web_search": None}})
    usage = Usage(input=30, output=305, image_input=5, image_output=300)
    assert got == Reported(usage, basis=Basis.AT_LEAST, reason="other_model_drew")


@pytest.mark.parametrize("tools", [7, [], {"web_search": 7}, {"image_gen": []}, {"web_search": {"num_requests": -1}}])
def test_hostile_tools_do_not_hide_the_usage(tools):
    got = reported({"usage": billed(10, 5), "tool_usage": tools})
    assert got is not None
    assert got.usage == Usage(input=10, output=5)


# extras


def test_usage_in_another_member_is_read_where_usage_is_absent():
    groq = Extras(usage_in="x_groq")
    assert reported({"x_groq": {"id": "r", "usage": used(10, 5)}}, groq) == Reported(Usage(input=10, output=5))
    assert reported({"x_groq": {"usage": used(10, 5)}, "usage": None}, groq) == Reported(Usage(input=10, output=5))
    assert reported({"x_groq": {"usage": used(10, 5)}, "usage": used(1, 2)}, groq) == Reported(Usage(input=1, output=2))
    for nothing in ({"id": "r"}, None, 7, {"usage": 3}):
        assert reported({"x_groq": nothing}, groq) is None


def test_a_provider_may_amend_what_was_read_with_all_of_usage():
    seen: list[object] = []

    def amend(got: Reported, usage: object) -> Reported:
        seen.append(usage)
        return got

    reported({"usage": used(10, 5, cost=0.5)}, Extras(amend=amend))
    reported({"response": {"usage": billed(1, 2, more="x")}}, Extras(amend=amend))
    assert seen == [used(10, 5, cost=0.5), billed(1, 2, more="x")]


def test_model_and_tier_are_named_without_usage():
    got = named_in(b'{"model": "gpt-5", "service_tier": "flex", "usage": null}')
    assert (got.model, got.tier) == ("gpt-5", "flex")
    got = named_in(b'{"response": {"model": "gpt-5"}}')
    assert (got.model, got.tier) == ("gpt-5", "")
    assert named_in(b"{").model == ""


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.sampled_from([*used(1, 2), "x"]), values, max_size=4)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["usage", "model", "service_tier", "response", "tool_usage"]), JSON_VALUES))
def test_nothing_raises_on_any_object_and_nothing_is_negative(document: Json):
    got = reported(document)
    assert got is None or all(count > 0 for count in got.usage.counts().values())
