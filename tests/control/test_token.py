"""The control socket's token; through a real socket it is asked for in test_people.py."""

import hmac

import pytest
from hypothesis import given, strategies as st
from starlette.datastructures import Headers

from sidecar.control.token import digest_of, is_authorized

TOKEN = "0123456789abcdef"
DIGEST = digest_of(TOKEN)


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
def test_token_is_accepted(given: str):
    assert is_authorized(Headers({"authorization": given}), DIGEST)


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}, x", "Bearer \xe9"]
)
def test_anything_else_is_not(given: str):
    assert not is_authorized(Headers({"authorization": given}), DIGEST)


def test_no_field_or_two_are_not():
    assert not is_authorized(Headers({}), DIGEST)
    twice = [(b"authorization", f"Bearer {TOKEN}".encode())] * 2
    assert not is_authorized(Headers(raw=twice), DIGEST)


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_whatever_is_given_is_judged_without_an_error(text: str):
    assert is_authorized(Headers(raw=[(b"authorization", text.encode("latin-1"))]), DIGEST) is (
        text.partition(" ")[0].lower() == "bearer" and text.partition(" ")[2].strip() == TOKEN
    )


def test_tokens_are_compared_in_constant_time_and_at_one_length(monkeypatch: pytest.MonkeyPatch):
    compared: list[tuple[int, int]] = []
    really = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return really(one, other)

    monkeypatch.setattr("sidecar.control.token.hmac.compare_digest", compare)
    for text in ("a", TOKEN, "x" * 4_000):
        is_authorized(Headers({"authorization": f"Bearer {text}"}), DIGEST)
    assert compared == [(32, 32)] * 3
