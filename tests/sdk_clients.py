"""google-genai clients that need no network, no account and no environment: the same calls as an application's own."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import httpx2
from google.auth.credentials import Credentials
from google.genai import Client
from google.genai.types import HttpOptions


class Mode(StrEnum):
    """Which of Google's two APIs the client speaks to."""

    GEMINI = "gemini"
    VERTEX = "vertex"


class Transport(StrEnum):
    """What carries the client's asynchronous calls; synchronous ones are always httpx2."""

    AIOHTTP = "aiohttp"
    """The SDK's choice where aiohttp is installed."""
    HTTPX2 = "httpx2"


class StandingToken(Credentials):
    """A Google credential that is never refreshed."""

    def __init__(self, token: str = "a-token") -> None:
        super().__init__()
        self.token = token

    def refresh(self, request: Any) -> None:
        raise AssertionError("a standing token has no reason to be refreshed")


def sdk_client(
    mode: Mode | str,
    base_url: str,
    headers: Mapping[str, str] | None = None,
    transport: Transport | str = Transport.AIOHTTP,
    timeout_seconds: float | None = None,
) -> Client:
    """A client whose every call goes to `base_url` and carries `headers`.

    Use it as a context manager for synchronous calls, and `async with client.aio` for asynchronous ones: what is not closed
    is a ResourceWarning.
    """
    options = HttpOptions(
        base_url=base_url,
        headers=dict(headers or {}),
        timeout=None if timeout_seconds is None else round(timeout_seconds * 1000),
        async_client_args={"transport": httpx2.AsyncHTTPTransport()}
        if Transport(transport) is Transport.HTTPX2
        else None,
    )
    if Mode(mode) is Mode.GEMINI:
        return Client(vertexai=False, api_key="a-key", http_options=options)
    # Project and location have to be arguments: from the environment the SDK drops the path (google-wire.md, 5.2).
    return Client(
        vertexai=True, project="a-project", location="us-central1", credentials=StandingToken(), http_options=options
    )
