"""Every dialect says where its credential stands."""

import re

import pytest

from sidecar.http1.framing import TOKEN
from sidecar.providers.credential_headers import BEARER, HEADERS, credential_fields
from sidecar.providers.registry import DIALECTS


def test_every_dialect_has_its_fields__and_no_other_name_does() -> None:
    assert set(HEADERS) == set(DIALECTS)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_names_are_header_fields_in_lower_case(dialect: str) -> None:
    fields = credential_fields(dialect)
    always = tuple(name for name, _ in fields.always)
    for name in (*fields.secret, *fields.companions, *always, fields.key_field):
        assert name == name.lower()
        assert re.fullmatch(TOKEN, name)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_configured_key_goes_where_a_callers_would__so_that_it_is_treated_as_a_secret(dialect: str) -> None:
    fields = credential_fields(dialect)
    assert fields.key_field in fields.secret
    assert not set(fields.secret) & set(fields.companions)


@pytest.mark.parametrize(
    ("dialect", "field", "prefix"),
    [
        ("gemini", b"x-goog-api-key", b""),
        ("vertex", b"authorization", b"Bearer "),
        ("openai", b"authorization", b"Bearer "),
        ("azure", b"api-key", b""),
        ("anthropic", b"x-api-key", b""),
        ("bedrock", b"authorization", b"Bearer "),
        ("fal", b"authorization", b"Key "),
        ("fal_queue", b"authorization", b"Key "),
        ("replicate", b"authorization", b"Bearer "),
        ("runpod", b"authorization", b"Bearer "),
    ],
)
def test_a_configured_key_is_sent_as_the_provider_documents_it(dialect: str, field: bytes, prefix: bytes) -> None:
    fields = credential_fields(dialect)
    assert (fields.key_field, fields.key_prefix) == (field, prefix)


def test_anthropic_demands_a_version__which_is_sent_even_where_no_caller_named_one() -> None:
    fields = credential_fields("anthropic")
    assert fields.always == ((b"anthropic-version", b"2023-06-01"),)
    assert fields.always[0][0] in fields.companions


def test_what_names_the_account_or_the_beta_goes_along_with_openais_key() -> None:
    assert {b"openai-organization", b"openai-project", b"openai-beta"} <= set(credential_fields("openai").companions)


def test_a_signature_of_aws_is_good_for_its_own_request_alone() -> None:
    assert b"AWS4-HMAC-SHA256 Credential=".startswith(credential_fields("bedrock").one_time)


def test_a_dialect_that_nobody_listed_is_taken_to_send_a_bearers_token() -> None:
    assert credential_fields("tomorrow") is BEARER
