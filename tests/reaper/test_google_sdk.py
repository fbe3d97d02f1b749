"""The SDK's clients: bounded in number, closed with the rest, and deaf to this machine's environment."""

import httpx2
import pytest

from sidecar.reaper.google_calls import Call, Client
from sidecar.reaper.google_sdk import MOST_CLIENTS, NoCarriage, Sdk

pytestmark = pytest.mark.anyio


def in_project(number: int) -> Call:
    return Call(Client("", "v1", f"p{number}", "us-central1"), "batches", "get", "1")


async def test_clients_are_bounded_in_number():
    sdk = Sdk()
    for number in range(MOST_CLIENTS + 3):
        await sdk.do(in_project(number))  # nobody's errand
    assert len(sdk._clients) == MOST_CLIENTS
    await sdk.close()
    assert not sdk._clients


def test_blocking_half_sends_nothing():
    with httpx2.Client(transport=NoCarriage()) as client, pytest.raises(httpx2.ConnectError, match="does not block"):
        client.get("http://127.0.0.1:1")
