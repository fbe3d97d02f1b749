import base64

import pytest
from hypothesis import given, strategies as st
from msgspec import Raw

from sidecar.bodies.lenient import NULL
from sidecar.providers.google_continuation import digest_in, digest_of


@given(st.binary(min_size=1, max_size=200))
def test_a_token_is_the_same_in_both_alphabets_of_base64(token):
    standard, for_urls = base64.b64encode(token).decode(), base64.urlsafe_b64encode(token).decode()
    assert digest_of(standard) == digest_of(for_urls) == digest_of(standard.rstrip("="))


def test_two_tokens_have_two_digests_of_32_digits():
    assert digest_of("a") != digest_of("b")
    assert len(digest_of("a")) == len(digest_of("x" * 5_000)) == 32
    assert "secret" not in digest_of("secret")


def test_the_token_that_python_genai_repeats_is_the_one_that_it_was_given():
    types = pytest.importorskip("google.genai.types")
    token = "+/9/+Q=="  # as protobuf's JSON writes it
    candidate = types.Candidate.model_validate({"continuationToken": token})
    repeated = types.GenerateContentConfig(continuation_token=candidate.continuation_token).model_dump(mode="json")
    assert repeated["continuation_token"] != token
    assert digest_of(repeated["continuation_token"]) == digest_of(token)


def test_the_first_that_is_a_token_counts():
    assert digest_in(NULL, Raw(b"null"), Raw(b'"t\\u003d"')) == digest_of("t=")
    assert digest_in(Raw(b'"a"'), Raw(b'"b"')) == digest_of("a")


@pytest.mark.parametrize("raw", [b"null", b"7", b'""', b"{}", b'["t"]', b'"', b'"..."', b'"\\ud83d"'])
def test_what_is_no_token_has_no_digest(raw):
    assert digest_in(Raw(raw)) == ""


def test_half_a_character_in_a_token_does_not_raise():
    assert digest_of("\ud83d")
