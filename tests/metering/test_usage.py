import msgspec
from hypothesis import given, strategies as st

from sidecar.metering.usage import CACHED_PARTS, COUNTED, PIECES, TOKEN_CLASSES, Usage

usages = st.builds(Usage, **dict.fromkeys(COUNTED, st.integers(0, 10**9)), variant=st.sampled_from(["", "1K"]))


@given(usages)
def test_counts_are_the_fields_above_0_by_name(usage):
    fields = msgspec.structs.asdict(usage)
    assert usage.counts() == {name: fields[name] for name in COUNTED if fields[name]}


def test_nothing_used_has_no_counts():
    assert Usage(variant="2K").counts() == {}


def test_every_field_but_the_size_is_a_count():
    assert set(Usage.__struct_fields__) - set(COUNTED) == {"variant"}
    assert Usage.__struct_fields__[-1] == "variant", "counts() reads the fields by position"


def test_cached_tokens_of_which_nobody_said_what_they_are_are_what_is_left():
    whole = Usage(cached_input=60, cached_text_input=10, cached_audio_input=20, cached_image_input=30)
    assert (Usage(cached_input=60).cached_unknown_input, whole.cached_unknown_input) == (60, 0)
    assert "cached_unknown_input" not in Usage(cached_input=60).counts()


def test_parts_are_no_classes():
    assert set(CACHED_PARTS) <= set(COUNTED) - set(TOKEN_CLASSES)


def test_token_classes_and_pieces_are_counts():
    assert set(TOKEN_CLASSES) | set(PIECES) <= set(COUNTED)
    assert not set(TOKEN_CLASSES) & set(PIECES)
