import pytest

from sidecar.providers.names import LONGEST, model_of, name_of, text_of

NO_STRINGS: tuple[object, ...] = (None, 7, True, ["llama"], {})


def test_a_name_is_a_short_string():
    assert name_of("llama") == "llama"
    assert name_of("x" * LONGEST) == "x" * LONGEST
    assert name_of("x" * (LONGEST + 1)) == ""


def test_a_text_may_be_long():
    assert text_of("x" * (LONGEST + 1)) == "x" * (LONGEST + 1)


@pytest.mark.parametrize("value", NO_STRINGS)
def test_what_is_no_string_is_nothing(value):
    assert name_of(value) == model_of(value) == text_of(value) == ""


def test_a_model_is_named_without_its_collection():
    assert model_of("models/gemini-3-flash") == model_of("gemini-3-flash") == "gemini-3-flash"
    assert model_of("google/gemini-3-flash") == "google/gemini-3-flash"
