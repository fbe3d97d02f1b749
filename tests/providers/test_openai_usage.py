import json

import msgspec
import pytest
from hypothesis import given, strategies as st

from sidecar.metering.usage import Usage
from sidecar.providers.openai_usage import Numbers, numbers_of, usage_of
from tests.providers.openai_wire import billed, used
from tests.providers.wire import Json


def usage(fields: Json) -> tuple[Usage, str]:
    return usage_of(msgspec.json.decode(json.dumps(fields), type=Numbers))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (used(10, 5), Usage(input=10, output=5)),
        (billed(10, 5), Usage(input=10, output=5)),
        ({"prompt_tokens": 8, "total_tokens": 8}, Usage(input=8)),
        (used(10, 5) | billed(10, 5), Usage(input=10, output=5)),
        (used(10, 5, prompt_tokens_details={"cached_tokens": 4}), Usage(input=6, cached_input=4, output=5)),
        (used(10, 5, completion_tokens_details={"reasoning_tokens": 3}), Usage(input=10, output=2, reasoning=3)),
        (billed(10, 5, input_tokens_details={"cached_tokens": 10}), Usage(cached_input=10, output=5)),
        (billed(10, 5, output_tokens_details={"reasoning_tokens": 5}), Usage(input=10, reasoning=5)),
        (used(10, 5, prompt_tokens_details=None, completion_tokens_details=None), Usage(input=10, output=5)),
        (
            used(10, 5, completion_tokens_details={"accepted_prediction_tokens": 2, "rejected_prediction_tokens": 2}),
            Usage(input=10, output=5),
        ),
        (
            used(10, 5, prompt_tokens_details={"audio_tokens": 4}, completion_tokens_details={"audio_tokens": 3}),
            Usage(input=10, output=5, audio_input=4, audio_output=3),
        ),
        (
            billed(10, 5, input_token_details={"audio_tokens": 8, "text_tokens": 2}),
            Usage(input=10, output=5, audio_input=8),
        ),
        (
            billed(30, 50, input_tokens_details={"image_tokens": 20}, output_tokens_details={"image_tokens": 40}),
            Usage(input=30, output=50, image_input=20, image_output=40),
        ),
        (
            billed(30, 5, input_tokens_details={"cached_tokens": 10, "cache_write_tokens": 15}),
            Usage(input=20, cached_input=10, output=5, cache_write_input=15),
        ),
        (
            billed(
                30,
                5,
                input_tokens_details={
                    "cache_write_tokens": 15,
                    "cache_write_tokens_details": {"ttl_30m_tokens": 5, "ttl_12h_tokens": 10},
                },
            ),
            Usage(input=30, output=5, cache_write_input=5, cache_write_hour_input=10),
        ),
        (
            billed(
                30,
                0,
                input_token_details={
                    "cached_tokens": 10,
                    "audio_tokens": 12,
                    "cached_tokens_details": {"audio_tokens": 4},
                },
            ),
            Usage(input=20, cached_input=10, audio_input=8, cached_audio_input=4),
        ),
        (
            billed(30, 0, input_tokens_details={"cached_tokens": 10, "cached_tokens_details": {"text_tokens": 10}}),
            Usage(input=20, cached_input=10, cached_text_input=10),
        ),
        (
            used(
                30,
                0,
                prompt_tokens_details={
                    "cached_tokens": 10,
                    "audio_tokens": 9,
                    "image_tokens": 8,
                    "cached_tokens_details": {"text_tokens": 2, "audio_tokens": 3, "image_tokens": 5},
                },
            ),
            Usage(
                input=20,
                cached_input=10,
                audio_input=6,
                image_input=3,
                cached_text_input=2,
                cached_audio_input=3,
                cached_image_input=5,
            ),
        ),
    ],
)
def test_usage_is_told_in_disjoint_classes(fields, expected):
    assert usage(fields) == (expected, "")


def test_reasoning_that_the_total_counts_beside_the_output_is_not_taken_out_of_it():
    beside = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 22} | {
        "completion_tokens_details": {"reasoning_tokens": 7}
    }
    assert usage(beside) == (Usage(input=10, output=5, reasoning=7), "")


@pytest.mark.parametrize(
    ("fields", "expected", "doubt"),
    [
        (
            used(10, 5, prompt_tokens_details={"cached_tokens": 11}),
            Usage(cached_input=10, output=5),
            "cached_over_input",
        ),
        (
            used(10, 5, completion_tokens_details={"reasoning_tokens": 6}),
            Usage(input=10, reasoning=5),
            "reasoning_over_output",
        ),
        (used(10, 5, total_tokens=12), Usage(input=10, output=2), "parts_over_total"),
        (used(10, 5, total_tokens=20), Usage(input=10, output=5), "total_over_parts"),
        ({"total_tokens": 9}, Usage(input=9), "only_a_total"),
        (used(10, 5) | {"input_tokens": 8, "total_tokens": 13}, Usage(input=8, output=5), "names_disagree"),
        (used(10, 5, prompt_tokens_details={"audio_tokens": 40}), Usage(input=10, output=5, audio_input=10), "details"),
        (
            used(10, 5, completion_tokens_details={"audio_tokens": 9}),
            Usage(input=10, output=5, audio_output=5),
            "details",
        ),
        (
            used(10, 5, prompt_tokens_details={"cached_tokens": 4, "audio_tokens": 6}),
            Usage(input=6, cached_input=4, output=5, audio_input=2),
            "cache_modality_unknown",
        ),
        (
            used(
                10,
                5,
                prompt_tokens_details={
                    "cached_tokens": 6,
                    "image_tokens": 3,
                    "cached_tokens_details": {"text_tokens": 9, "image_tokens": 4},
                },
            ),
            Usage(input=4, cached_input=6, output=5, cached_text_input=3, cached_image_input=3),
            "details",
        ),
        (
            used(10, 5, prompt_tokens_details={"cached_tokens": 4, "cache_write_tokens": 9}),
            Usage(input=6, cached_input=4, output=5, cache_write_input=6),
            "details",
        ),
    ],
)
def test_a_contradiction_takes_the_smaller_reading_and_has_a_name(fields, expected, doubt):
    got, word = usage(fields)
    assert got == expected
    assert word == doubt or word == f"{doubt}_over_total"


COUNTS = st.integers(0, 300)
DETAILS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "cached_tokens": COUNTS,
        "cache_write_tokens": COUNTS,
        "audio_tokens": COUNTS,
        "image_tokens": COUNTS,
        "reasoning_tokens": COUNTS,
        "cached_tokens_details": st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("text_tokens", "audio_tokens", "image_tokens"), COUNTS)
        ),
    },
)
ANY_USAGE = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("prompt_tokens", "completion_tokens", "input_tokens", "total_tokens"), COUNTS)
    | {"prompt_tokens_details": DETAILS, "completion_tokens_details": DETAILS},
)


@given(ANY_USAGE)
def test_parts_never_exceed_their_class_and_classes_never_their_total(fields):
    got, doubt = usage(fields)
    assert got.audio_input + got.image_input <= got.input
    assert got.cache_write_input + got.cache_write_hour_input <= got.input
    assert got.cached_unknown_input >= 0
    assert got.audio_output + got.image_output <= got.output
    if total := fields.get("total_tokens"):
        assert got.input + got.cached_input + got.output + got.reasoning <= total
    assert doubt or all(count >= 0 for count in got.counts().values())


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(-9, 9) | st.integers() | st.text(max_size=4), st.lists, max_leaves=4
    )
)
def test_numbers_are_read_out_of_whatever_stands_there(value):
    fields = dict.fromkeys(Numbers.__struct_fields__, value)
    numbers, is_sound = numbers_of(fields, Numbers)
    assert all(count >= 0 for count in (numbers.prompt_tokens, numbers.completion_tokens, numbers.total_tokens))
    assert is_sound == (value is None)


def test_strings_are_read_and_what_is_no_number_makes_the_rest_unsure():
    assert numbers_of({"prompt_tokens": "12"}, Numbers) == (Numbers(prompt_tokens=12), True)
    assert numbers_of({"prompt_tokens": -1, "completion_tokens": 5}, Numbers) == (Numbers(completion_tokens=5), False)
    assert numbers_of(7, Numbers) == (Numbers(), False)
    details = {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": "x"}}
    numbers, is_sound = numbers_of(details, Numbers)
    assert not is_sound
    assert usage_of(numbers) == (Usage(input=9), "")
