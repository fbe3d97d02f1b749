"""The credential that a request carries, or that a configured key makes."""

import pytest
from hypothesis import given, strategies as st

from sidecar.providers.credential_headers import HEADERS
from sidecar.providers.credential_seen import credential_in, credential_of

COMMON = b"\r\nAccept: */*\r\nUser-Agent: a\r\nContent-Type: application/json"


@pytest.mark.parametrize(
    ("dialect", "fields", "found"),
    [
        ("gemini", b"\r\nX-Goog-Api-Key: K", ((b"x-goog-api-key", b"K"),)),
        (
            "vertex",
            b"\r\nAuthorization: Bearer ya29.T\r\nX-Goog-User-Project: q",
            ((b"authorization", b"Bearer ya29.T"), (b"x-goog-user-project", b"q")),
        ),
        (
            "openai",
            b"\r\nOpenAI-Project: p\r\nauthorization:Bearer sk-1",
            ((b"authorization", b"Bearer sk-1"), (b"openai-project", b"p")),
        ),
        (
            "anthropic",
            b"\r\nX-Api-Key: k\r\nanthropic-version: 2026-10-21",
            ((b"x-api-key", b"k"), (b"anthropic-version", b"2026-10-21")),
        ),
        ("anthropic", b"\r\nX-Api-Key: k", ((b"x-api-key", b"k"), (b"anthropic-version", b"2023-06-01"))),
        ("azure", b"\r\napi-key: k", ((b"api-key", b"k"),)),
        ("fal", b"\r\nAuthorization: Key id:s", ((b"authorization", b"Key id:s"),)),
        ("a dialect of tomorrow", b"\r\nAuthorization: Bearer t", ((b"authorization", b"Bearer t"),)),
    ],
)
def test_fields_of_the_dialect_are_kept__and_no_others(dialect, fields, found):
    assert credential_in(dialect, COMMON + fields + COMMON) == found


@pytest.mark.parametrize("dialect", sorted(HEADERS))
def test_request_without_a_secret_has_no_credential(dialect):
    assert credential_in(dialect, COMMON + b"\r\nanthropic-version: 1\r\nx-goog-user-project: p", "/x") == ()


def test_signature_is_no_credential__not_even_in_part():
    signed = b"\r\nAuthorization: AWS4-HMAC-SHA256 Credential=A/b, Signature=c\r\nX-Amz-Security-Token: t"
    assert credential_in("bedrock", signed) == ()
    assert credential_in("bedrock", b"\r\nAuthorization: Bearer k") == ((b"authorization", b"Bearer k"),)


def test_key_in_the_query_is_sent_as_a_field():
    assert credential_in("gemini", COMMON, "/v1/batches?alt=json&key=K%2B1") == ((b"x-goog-api-key", b"K+1"),)
    assert credential_in("openai", COMMON, "/v1/batches?key=K") == ()


def test_field_goes_before_the_query():
    assert credential_in("gemini", b"\r\nx-goog-api-key: F", "/v1?key=Q") == ((b"x-goog-api-key", b"F"),)


@pytest.mark.parametrize("value", ["", "a%0d%0ab:c", "%C3%A9", "a%20b", "%00"])
def test_key_in_the_query_that_could_be_more_than_a_value__is_none(value):
    assert credential_in("gemini", COMMON, f"/v1?key={value}") == ()


def test_query_of_very_many_parameters_is_not_looked_at():
    assert credential_in("gemini", COMMON, "/v1?" + "a=b&" * 101 + "key=K") == ()


@given(st.sampled_from(sorted(HEADERS)), st.binary(max_size=100), st.text(max_size=60))
def test_it_never_raises(dialect, fields, target):
    for _, value in credential_in(dialect, fields, target):
        assert b"\r\n" not in value


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("gemini", ((b"x-goog-api-key", b"K"),)),
        ("vertex", ((b"authorization", b"Bearer K"),)),
        ("openai", ((b"authorization", b"Bearer K"),)),
        ("azure", ((b"api-key", b"K"),)),
        ("anthropic", ((b"x-api-key", b"K"), (b"anthropic-version", b"2023-06-01"))),
        ("fal_queue", ((b"authorization", b"Key K"),)),
    ],
)
def test_configured_key_goes_where_the_dialect_wants_it(dialect, fields):
    assert credential_of(dialect, "K") == fields
