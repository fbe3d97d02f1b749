"""Calls whose keys and prompts are canaries: by the SDK of every house, and by hand where a credential may stand elsewhere."""

import http.client
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from google import genai
from google.genai.types import HttpOptions
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.end_to_end import boto3_clients, dialect_clients, stainless_clients
from tests.end_to_end.asking import Asking, Client
from tests.security.canaries import KEY, OPAQUE, PROMPT, SHAPED
from tests.security.indiscreet import MISBEHAVIORS

PATIENCE_SECONDS = 20.0
QUESTION = f"Tell {PROMPT} about the sea."
MESSAGES: Any = [{"role": "user", "content": QUESTION}]
CHAT = {"model": "gpt-5-mini", "messages": MESSAGES, "user": PROMPT, "metadata": {PROMPT: PROMPT}}
CONTENT = {"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]}
JSON = {"Content-Type": "application/json"}
BEARER = {"Authorization": f"Bearer {OPAQUE}"}
GENERATE = "/v1beta/models/gemini-2.5-flash"
LIVE = "/gemini/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
FAST = "seconds=0.05 chunks=2 prompt=20 output=60"
ENDLESS = "never_ending=1 seconds=600"
OTHER_HOUSES = (
    "azure", "xai", "deepseek", "together", "fireworks", "openrouter", "replicate", "fal", "fal-queue", "runpod", "cohere",
    "ollama",
)  # fmt: skip
"""Upstreams without a simulator: they lead to the indiscreet provider."""

BROKEN_WAYS = ("dead", "no-tls", "untrusted", "nowhere", "egress")
"""Upstreams that nobody reaches."""


class Raw(NamedTuple):
    """A request made by hand."""

    path: str
    body: bytes
    headers: dict[str, str]
    method: str = "POST"


def _json(path: str, body: object, **headers: str) -> Raw:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Raw(path, json.dumps(body).encode(), JSON | BEARER | told)


FORM = "\r\n".join((
    "--x", f'Content-Disposition: form-data; name="purpose"; filename="{PROMPT}.jsonl"', "Content-Type: text/plain", "",
    json.dumps({"custom_id": "1", "method": "POST", "url": "/v1/responses", "body": {"input": PROMPT, "model": "gpt-5-mini"}}),
    "--x--", "",
)).encode()  # fmt: skip
RAW: dict[str, Raw] = {
    "key in the query": _json(f"/gemini{GENERATE}:generateContent?key={SHAPED['google']}&access_token={OPAQUE}", CONTENT),
    "basic": _json("/openai/v1/chat/completions", CHAT, Authorization=f"Basic {OPAQUE}"),
    "shaped": _json("/openai/v1/chat/completions", CHAT, Authorization=f"Bearer {SHAPED['openai']}", Cookie=f"a={OPAQUE}"),
    "oauth": _json("/vertex/v1/projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent",
                   CONTENT, Authorization=f"Bearer {SHAPED['oauth']}"),
    "path of nobody": _json(f"/nobody/{KEY}?key={OPAQUE}", CHAT),
    "no json": Raw("/openai/v1/chat/completions", f'{{"model": "gpt-5-mini", "messages": {PROMPT}'.encode(), JSON | BEARER),
    "proxy credentials": _json("/openai/v1/chat/completions", CHAT, Proxy_Authorization=f"Basic {OPAQUE}"),
    "upload": Raw("/openai/v1/files", FORM, BEARER | {"Content-Type": "multipart/form-data; boundary=x"}),
    "batch": _json("/openai/v1/batches", {"input_file_id": "f", "endpoint": "/v1/responses", "completion_window": "24h",
                                          "metadata": {"a": PROMPT}}, X_Simulator=ENDLESS),
    "message batch": _json("/anthropic/v1/messages/batches", {"requests": [{"custom_id": PROMPT, "params": {
        "model": "claude-sonnet-5", "max_tokens": 9, "messages": MESSAGES}}]}, X_Simulator="seconds=0.3"),
    "video": _json("/gemini/v1beta/models/veo-3.1-generate-preview:predictLongRunning", {"instances": [{"prompt": PROMPT}]},
                   X_Simulator="seconds=0.3"),
    "response": _json("/openai/v1/responses", {"model": "gpt-5-mini", "input": PROMPT, "background": True},
                      X_Simulator=ENDLESS, X_Sidecar_Lease="1s"),
    "response of the indiscreet": _json("/loud/v1/responses", {"model": "gpt-5-mini", "input": PROMPT, "background": True},
                                        X_Sidecar_Lease="1s"),
    "header that breaks": Raw("/openai/v1/chat/completions", b"{}", {"X Y": f"{OPAQUE} {PROMPT}"} | BEARER),
    **{f"{how} of the indiscreet": _json("/loud/v1/chat/completions", CHAT | {"stream": "s" in how}, X_Misbehave=how)
       for how in MISBEHAVIORS},
    **{f"to {name}": _json(f"/{name}/v1/chat/completions", CHAT) for name in BROKEN_WAYS},
    **{f"to {name}": _json(f"/{name}/v1/chat/completions", CHAT, X_Api_Key=OPAQUE, Api_Key=OPAQUE) for name in OTHER_HOUSES},
    "planted bug": _json("/loud/v1/planted-bug", CHAT),
}  # fmt: skip
LEAVES = {
    "left stream": _json("/openai/v1/chat/completions", CHAT | {"stream": True}, X_Simulator="seconds=1 chunks=9 output=99"),
    "left unary": _json("/anthropic/v1/messages", {"model": "claude-sonnet-5", "max_tokens": 9, "messages": MESSAGES},
                        X_Simulator="seconds=0.5 on_close=runs_on", X_Sidecar_On_Departure="follow"),
}  # fmt: skip
"""Callers that do not wait for their answer."""
LEFT_BEHIND = _json(
    "/loud/v1/responses", {"model": "gpt-5-nano", "input": PROMPT, "background": True}, X_Sidecar_Lease="2s"
)
"""Opens an operation that a sidecar may leave to the next one."""


def send(proxy: str, name: str, raw: Raw) -> http.client.HTTPConnection:
    """A connection on which the request was sent."""
    place = urlsplit(proxy)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_SECONDS)
    named = {"X-Sidecar-Caller": name, "X-Simulator": FAST} | raw.headers
    connection.putrequest(raw.method, raw.path)
    for field, value in (named | {"Content-Length": str(len(raw.body))}).items():
        connection._buffer.append(f"{field}: {value}".encode())  # type: ignore[attr-defined]  # it would refuse a bad one
    connection.endheaders(raw.body)
    return connection


def ask(proxy: str, name: str, raw: Raw) -> bytes:
    """What came, as far as something came."""
    connection = send(proxy, name, raw)
    try:
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return b""
    finally:
        connection.close()


def talk(proxy: str) -> None:
    """Two sockets: one that is answered, one to which somebody unknown is asked for, with the key where browsers put it."""
    place = proxy.replace("http", "ws", 1)
    setup = {"setup": {"model": "models/gemini-live-2.5-flash", "systemInstruction": {"parts": [{"text": PROMPT}]}}}
    turn = {"clientContent": {"turns": CONTENT["contents"], "turnComplete": True}}
    named = {"X-Sidecar-Caller": "talks", "X-Simulator": FAST}
    with connect(f"{place}{LIVE}?key={OPAQUE}", additional_headers=named, proxy=None) as socket:
        for message in (setup, turn):
            socket.send(json.dumps(message))
            while not {"setupComplete", "turnComplete"} & set(_flat(json.loads(socket.recv(PATIENCE_SECONDS)))):
                pass
    with suppress(WebSocketException, OSError):
        subprotocols: Any = ["realtime", f"openai-insecure-api-key.{OPAQUE}"]
        with connect(f"{place}/loud/v1/realtime?model={PROMPT}", subprotocols=subprotocols, proxy=None):
            pass


def _flat(message: dict[str, Any]) -> list[str]:
    return [*message, *message.get("serverContent", {})]


def by_sdks(proxy: str) -> None:
    """A whole and a streamed answer by each house's own SDK."""
    simulated = {"X-Simulator": FAST, "X-Sidecar-Caller": "sdk"}
    with ThreadPoolExecutor(4) as pool, _keys_of_sdks():
        list(pool.map(lambda one: _by_sdk(f"{proxy}/{one[0]}", one[1], one[2], simulated), SDKS))
    for is_vertex in (False, True):
        _by_google(proxy, simulated, is_vertex=is_vertex)


SDKS: list[tuple[str, Client, str]] = [
    ("openai", stainless_clients.openai_chat, "gpt-5-mini"), ("openai", stainless_clients.openai_responses, "gpt-5-mini"),
    ("loud", stainless_clients.openai_chat, "gpt-5-mini"), ("loud-azure", stainless_clients.azure_chat, "a-deployment"),
    ("anthropic", stainless_clients.anthropic_messages, "claude-sonnet-5"),
    ("groq", stainless_clients.groq_chat, "openai/gpt-oss-120b"),
    ("mistral", dialect_clients.mistral_chat, "mistral-medium-latest"),
    ("cohere", dialect_clients.cohere_chat, "command-a"), ("ollama", dialect_clients.ollama_chat, "llama"),
    ("bedrock", boto3_clients.bedrock_converse, "anthropic.claude-sonnet-5-v1:0"),
]  # fmt: skip


@contextmanager
def _keys_of_sdks() -> Iterator[None]:
    """The clients of other tests, with canaries in place of their keys and prompts."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (stainless_clients, dialect_clients, boto3_clients):
            own = {
                "KEY": OPAQUE,
                "PROMPT": QUESTION,
                "TURN": MESSAGES,
                "SECRET_KEY": OPAQUE,
                "ACCESS_KEY": f"AKIA{KEY.upper()}0123",
            }
            for name, value in own.items():
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        yield


def _by_sdk(url: str, client: Client, model: str, headers: dict[str, str]) -> None:
    for is_stream in (False, True):
        with suppress(
            Exception
        ):  # the SDK's own complaint about an answer of the wrong dialect is nobody's business here
            list(client(Asking(url, model, headers, is_stream)))


def _by_google(proxy: str, headers: dict[str, str], *, is_vertex: bool) -> None:
    options = HttpOptions(base_url=f"{proxy}/{'vertex' if is_vertex else 'gemini'}", headers=headers)
    place: dict[str, Any] = {"vertexai": is_vertex, "api_key": SHAPED["google"], "http_options": options}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GOOGLE_")]:
            patch.delenv(name)
        with genai.Client(**place) as client:
            client.models.generate_content(model="gemini-2.5-flash", contents=QUESTION)
            for _ in client.models.generate_content_stream(model="gemini-2.5-flash", contents=QUESTION):
                pass
