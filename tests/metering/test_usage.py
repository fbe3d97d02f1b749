import msgspec
from hypothesis import given, strategies as st

from sidecar.metering.usage import COUNTED, PIECES, TOKEN_CLASSES, Usage

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


def test_token_classes_and_pieces_are_counts():
    assert set(TOKEN_CLASSES) | set(PIECES) <= set(COUNTED)
    assert not set(TOKEN_CLASSES) & set(PIECES)
