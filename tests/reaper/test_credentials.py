"""Whose credential is used for an operation, and that no secret gets out of those who know it."""

import gc
import traceback

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.reaper.credentials import KnownCredentials
from sidecar.reaper.credentials_seen import Seen
from tests.reaper.places import MovedClock, Said, upstreams

pytestmark = pytest.mark.anyio

CALLERS = b"\r\nX-Goog-Api-Key: canary-of-the-caller"
CANARY = "canary"


def an_operation(**fields: str) -> OperationRecord:
    usual = {"id": "o1", "upstream": "gemini", "dialect": "gemini", "path": "/v1beta/interactions", "method": "create"}
    return OperationRecord(
        **(usual | fields),  # type: ignore[arg-type]
        provider="google", kind=OperationKind.BACKGROUND, model="m", opened_at=0, lease_seconds=60.0, renewed_at=0, due_at=0,
    )  # fmt: skip


@pytest.fixture
def said() -> Said:
    return Said()


@pytest.fixture
def known(monkeypatch, said) -> KnownCredentials:
    """Gemini's is configured."""
    monkeypatch.setenv("MY_KEY", "canary-of-ours")
    return KnownCredentials(upstreams(gemini="{env: MY_KEY}"), MovedClock(), said)


async def sources(known, record=None):
    return [credential.source for credential in await known.candidates(record or an_operation())]


async def test_own_callers_goes_first__then_the_configured_one(known):
    known.saw("o1", "gemini", "gemini", "app", CALLERS, "/v1beta/interactions")
    first, second = await known.candidates(an_operation())
    assert first.fields == ((b"x-goog-api-key", b"canary-of-the-caller"),)
    assert second.fields == ((b"x-goog-api-key", b"canary-of-ours"),)


async def test_after_a_restart__the_configured_one_is_all_there_is(known):
    assert await sources(known) == ["env MY_KEY"]


async def test_settled_operation_has_only_the_configured_one(known):
    known.saw("o1", "gemini", "gemini", "app", CALLERS)
    known.forget("o1")
    assert await sources(known) == ["env MY_KEY"]


async def test_same_key_is_not_tried_twice(known):
    known.saw("o1", "gemini", "gemini", "app", b"\r\nx-goog-api-key: canary-of-ours")
    assert await sources(known) == ["caller"]


async def test_other_upstreams_have_none(known):
    assert await sources(known, an_operation(upstream="vertex", dialect="vertex")) == []


async def test_bedrocks_signature_by_a_caller_is_left_out__and_ours_is_made_anew(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    known = KnownCredentials(upstreams(bedrock="{aws: true}"), MovedClock(), Said())
    known.saw("o1", "bedrock", "bedrock", "app", b"\r\nAuthorization: AWS4-HMAC-SHA256 Credential=x")
    assert await sources(known, an_operation(upstream="bedrock", dialect="bedrock")) == ["aws"]


async def test_no_secret_is_shown_by_anything_that_holds_it(known, said, monkeypatch):
    known.saw("o1", "gemini", "gemini", "app", CALLERS)
    candidates = await known.candidates(an_operation())
    monkeypatch.setenv("MY_KEY", "canary\nof ours")
    await known.candidates(an_operation())
    holders = [each for each in gc.get_objects() if isinstance(each, KnownCredentials | Seen)]
    shown = [*map(repr, holders), *map(repr, candidates), *map(str, candidates), *said.sentences, repr(known.__dict__)]
    assert said.sentences
    assert CANARY not in "".join(shown)


async def test_no_secret_stands_in_a_traceback(known):
    known.saw("o1", "gemini", "gemini", "app", CALLERS)
    (first, _) = await known.candidates(an_operation())
    try:
        raise ValueError(first, [first], {"a": first})
    except ValueError:
        assert CANARY not in traceback.format_exc()
