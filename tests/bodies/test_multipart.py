import pytest
from hypothesis import given, settings, strategies as st

from sidecar.bodies.multipart import LONGEST_FIELD, MOST_FIELDS, MultipartForm
from tests.bodies.cutting import bytewise, cut, in_two
from tests.bodies.forms import BOUNDARY, END, FORM, TOLD, field, file


def fields(*pieces: bytes, boundary: str = f"boundary={BOUNDARY}") -> dict[str, str]:
    form = MultipartForm(f"multipart/form-data; {boundary}")
    for piece in pieces:
        form.feed(piece)
    return form.finish()


def test_small_fields_are_told_and_files_are_not_at_every_cut():
    for pieces in [bytewise(FORM), *in_two(FORM)]:
        assert fields(*pieces) == TOLD


@settings(max_examples=60)
@given(st.lists(st.integers(0, 700), max_size=12))
def test_a_form_is_read_the_same_at_many_cuts(places):
    assert fields(*cut(FORM, places)) == TOLD


@pytest.mark.parametrize("boundary", ['boundary="8f3c"', "charset=utf-8; Boundary=8f3c", "boundary=8f3c; x=y"])
def test_the_boundary_is_found_however_it_is_written(boundary):
    assert fields(FORM, boundary=boundary) == TOLD


def test_what_stands_before_the_first_boundary_is_passed_over():
    assert fields(b"preamble\r\n" + FORM + b"epilogue\r\n--8f3c\r\n") == TOLD


def test_a_part_without_its_boundary_is_no_part():
    assert fields(field("model", b"whisper-1") + field("stream", b"tr")[:-2]) == {"model": "whisper-1"}


def test_an_empty_field_and_an_empty_head_are_parts():
    assert fields(field("a", b"") + f"--{BOUNDARY}\r\n\r\nnameless\r\n".encode() + field("b", b"1") + END) == {
        "a": "",
        "b": "1",
    }


EMPTY = (
    b"".join(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() for name in "ab") + END
)


def test_an_empty_part_whose_line_end_is_its_boundarys__the_same_at_every_cut():
    """RFC 2046 section 5.1.1: a part need not have more than the line end behind its head."""
    for pieces in [bytewise(EMPTY), *in_two(EMPTY)]:
        assert fields(*pieces) == {"a": "", "b": ""}


def test_the_first_of_two_fields_of_one_name_counts():
    assert fields(field("model", b"one") + field("model", b"two") + END) == {"model": "one"}


def test_text_is_counted_and_files_are_not():
    form = MultipartForm(f"multipart/form-data; boundary={BOUNDARY}")
    form.feed(field("prompt", b"x" * 5000) + file(b"y" * 5000) + field("model", b"m") + END)
    assert form.finish() == {"model": "m"}
    assert form.text_bytes() == 5001


def test_a_form_without_a_boundary_tells_nothing():
    assert fields(FORM, boundary="x=y") == {}
    assert fields(FORM, boundary="boundary=" + "b" * 71) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--8f3c",
        b"--8f3c--",
        b"--8f3c\n\n",
        b"--8f3c" + b"x" * 9999,
        b"--8f3c\r\n" + b"x: y\r\n" * 9999,
        b"\x00" * 9999,
    ],
)
def test_what_is_no_form_tells_nothing(body):
    assert fields(body) == {}
    assert fields(*cut(body, range(0, len(body), 97))) == {}


def test_memory_is_bounded_by_small_fields():
    form = MultipartForm(f"multipart/form-data; boundary={BOUNDARY}")
    form.feed(b"".join(field(f"f{number}", b"v") for number in range(1000)) + field("long", b"z" * (LONGEST_FIELD + 1)))
    for _ in range(100):
        form.feed(b"q" * 100_000)
    assert len(form._rest) < 200_000
    assert len(form.finish()) == MOST_FIELDS


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\r\n--8f3c", b"\r\n\r\n", b"--", field("model", b"m")])))
def test_nothing_raises_on_any_bytes(pieces):
    fields(*pieces)
