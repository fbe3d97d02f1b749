"""Which requests tell Google how long their callers wait, and what they tell it."""

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.record import CallKind
from sidecar.providers.contract import Role, Route
from sidecar.providers.gemini import GEMINI
from sidecar.providers.google_deadline import WHOLE_ANSWERS, server_timeout_line
from sidecar.providers.sdk_family import caller_timeout_seconds
from sidecar.providers.vertex import VERTEX

MODEL = "/v1beta/models/gemini-2.5-flash"
PUBLISHERS = "/v1/projects/p/locations/us-east5/publishers"
CLAUDE = f"{PUBLISHERS}/anthropic/models/claude-x"

ANTHROPIC_PYTHON = (
    b"\r\nAccept: application/json\r\nX-Stainless-Lang: python\r\nx-stainless-timeout: 30\r\n"
    b"x-stainless-retry-count: 0\r\nx-stainless-read-timeout: 29.5\r\nContent-Type: application/json"
)
"""As anthropic-python 2.12 says it."""


def route(path: str) -> Route | None:
    return VERTEX.route("POST", path)


WHOLE = route(f"{CLAUDE}:rawPredict")


@pytest.mark.parametrize(
    "path",
    [
        f"{MODEL}:generateContent", f"{MODEL}:embedContent", f"{MODEL}:batchEmbedContents",
        f"{PUBLISHERS}/google/models/imagen-4:predict", f"{CLAUDE}:rawPredict",
        f"{PUBLISHERS}/mistralai/models/m:rawPredict", "/v1/projects/p/locations/eu/endpoints/7:rawPredict",
    ],
)  # fmt: skip
def test_whole_answers_of_models__told(path: str) -> None:
    assert server_timeout_line(route(path), ANTHROPIC_PYTHON) == b"X-Server-Timeout: 30\r\n"


@pytest.mark.parametrize(
    "path",
    [
        # streams: what the SDKs name is the longest silence, not the longest stream
        f"{MODEL}:streamGenerateContent", f"{CLAUDE}:streamRawPredict", f"{MODEL}:serverStreamingPredict",
        # only the body says which it will be
        "/v1beta/openai/chat/completions", "/v1beta/openai/embeddings",
        "/v1/projects/p/locations/us/endpoints/openapi/chat/completions",
        # google-genai says nothing there
        "/v1beta/interactions", "/v1beta/interactions:createStream", "/v1beta/decisions", "/v1beta/cachedContents",
        # no calls
        f"{MODEL}:countTokens", f"{PUBLISHERS}/anthropic/models/count-tokens:rawPredict", f"{MODEL}:predictLongRunning",
        f"{MODEL}:batchGenerateContent", "/v1beta/unheard-of",
    ],
)  # fmt: skip
def test_everything_else__not_told(path: str) -> None:
    assert server_timeout_line(route(path), ANTHROPIC_PYTHON) == b""


def test_no_method_in_the_list_streams() -> None:
    found = [GEMINI.route("POST", f"{MODEL}:{method}") for method in WHOLE_ANSWERS]
    assert {(one.kind, one.role, one.needs_body) for one in found if one} == {(CallKind.UNARY, Role.CALL, False)}
    assert None not in found


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (b"\r\nx-stainless-read-timeout: 600", b"X-Server-Timeout: 600\r\n"),
        (b"\r\nX-Stainless-Read-Timeout: 600.0", b"X-Server-Timeout: 600\r\n"),
        (b"\r\nx-stainless-read-timeout: 1.5", b"X-Server-Timeout: 2\r\n"),
        (b"\r\nx-stainless-read-timeout: 0.05", b"X-Server-Timeout: 1\r\n"),
        # SDKs for JavaScript drop the fraction: 1.9 s is sent as 1
        (b"\r\nX-Stainless-Lang: js\r\nX-Stainless-Timeout: 1", b"X-Server-Timeout: 2\r\n"),
        (b"\r\nX-Stainless-Lang: js\r\nX-Stainless-Timeout: 0", b""),
        (b"\r\nx-stainless-timeout: NOT_GIVEN", b""),
        (b"\r\nx-stainless-read-timeout: -1", b""),
        (b"\r\nAccept: */*", b""),
        (b"", b""),
    ],
)
def test_seconds_are_whole_and_never_fewer_than_the_caller_waits(fields: bytes, line: bytes) -> None:
    assert server_timeout_line(WHOLE, fields) == line


@pytest.mark.parametrize("own", [b"X-Server-Timeout: 7", b"x-server-timeout:7", b"X-SERVER-TIMEOUT:"])
def test_who_says_it_alone_is_left_alone(own: bytes) -> None:
    assert server_timeout_line(WHOLE, ANTHROPIC_PYTHON + b"\r\n" + own) == b""
    assert server_timeout_line(WHOLE, b"\r\n" + own + ANTHROPIC_PYTHON) == b""


@given(st.binary(max_size=200) | st.from_regex(rb"(\r\nx-stainless-(read-)?timeout: ?[0-9.eE+-]{0,12}){1,3}"))
def test_whatever_stands_there__nothing_or_one_line_of_enough_seconds(fields: bytes) -> None:
    line = server_timeout_line(WHOLE, fields)
    waits = caller_timeout_seconds(fields)
    if line:
        name, _, seconds = line.partition(b": ")
        assert name == b"X-Server-Timeout"
        assert seconds.endswith(b"\r\n")
        assert waits is not None
        assert waits <= int(seconds) < waits + 2
