"""A program in a container: it makes clients of SDKs as deploy/README.md's tables say, each of which calls once.

    python -P sdk_addresses.py http://127.0.0.1:8780 "gemini, key" "openai" ...

The first argument is the sidecar's address, each other a client's name in `CLIENTS`; its model is `model_of` that name, by which
the call is found again. Prints a JSON object: for each client the error that its SDK raised, empty where it raised none. A client
that is meant to go past the sidecar never sends: what carries its requests says where they were for.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

KEY = "a-key"
TURN: Any = [{"role": "user", "content": "hi"}]
PATIENCE_SECONDS = 20
LIVE_SECONDS = 5
"""The SDK itself gives up after ten."""
HTTP_OPTIONS = {"timeout": PATIENCE_SECONDS * 1000}


def model_of(name: str) -> str:
    """The model that a client asks for, and nobody else."""
    return "model-of-" + "".join(letter if letter.isalnum() else "-" for letter in name)


# === Google ===


def google(name: str, **arguments: Any) -> None:
    """`generate_content`."""
    from google import genai

    with genai.Client(**{"http_options": HTTP_OPTIONS, **arguments}) as client:
        client.models.generate_content(model=model_of(name), contents="hi")


def token() -> Any:
    """A credential that is never refreshed, in place of the pod's own (Workload Identity)."""
    from google.oauth2.credentials import Credentials

    return Credentials("a-token")


def google_that_never_sends(name: str, **arguments: Any) -> None:
    """The same; raises with the host that the request was for."""
    import httpx2

    def carried(request: httpx2.Request) -> httpx2.Response:
        raise RuntimeError(f"would have gone to {request.url.host}")

    client = httpx2.Client(transport=httpx2.MockTransport(carried))
    with client:
        google(name, http_options={"httpx_client": client}, **arguments)


def google_live(name: str) -> None:
    """A session of the Live API, which the Python SDK opens by TLS whatever the base URL says (google-wire 0, 12)."""
    from google import genai

    async def opened() -> None:
        async with asyncio.timeout(LIVE_SECONDS), genai.Client(api_key=KEY).aio.live.connect(model=model_of(name)):
            raise AssertionError("it was opened")

    asyncio.run(opened())


# === the others ===


def openai_chat(name: str, **arguments: Any) -> None:
    """`chat.completions` of OpenAI's SDK."""
    import openai

    with openai.OpenAI(api_key=KEY, max_retries=0, **arguments) as client:
        client.chat.completions.create(model=model_of(name), messages=TURN)


def azure_chat(name: str) -> None:
    """The same of a deployment of one's own."""
    import openai

    with openai.AzureOpenAI(api_key=KEY, api_version="2024-10-21", max_retries=0) as client:
        client.chat.completions.create(model=model_of(name), messages=TURN)


def anthropic_messages(name: str, client: str = "Anthropic", **arguments: Any) -> None:
    """`messages` of one of the clients of Anthropic's SDK."""
    import anthropic

    with contextlib.closing(getattr(anthropic, client)(max_retries=0, **arguments)) as made:
        made.messages.create(model=model_of(name), max_tokens=9, messages=TURN)


def groq_chat(name: str) -> None:
    """`chat.completions` of Groq's SDK."""
    import groq

    with groq.Groq(api_key=KEY, max_retries=0) as client:
        client.chat.completions.create(model=model_of(name), messages=TURN)


def cohere_chat(name: str) -> None:
    """`chat` of v2."""
    import cohere

    cohere.ClientV2(KEY).chat(model=model_of(name), messages=TURN)


def mistral_chat(name: str, base: str) -> None:
    """`chat.complete`."""
    from mistralai.client import Mistral

    with Mistral(api_key=KEY, server_url=f"{base}/mistral") as client:
        client.chat.complete(model=model_of(name), messages=TURN)


def ollama_chat(name: str) -> None:
    """`chat` of the module, whose client is made when it is imported."""
    import ollama

    ollama.chat(model_of(name), messages=TURN)


def bedrock_converse(name: str) -> None:
    """`converse`."""
    import boto3

    with contextlib.closing(boto3.client("bedrock-runtime")) as client:
        client.converse(modelId=model_of(name), messages=[{"role": "user", "content": [{"text": "hi"}]}])


AT = {"project": "a-project", "location": "us-central1"}
CLIENTS: Mapping[str, Callable[[str, str], None]] = {
    "gemini, key": lambda name, _: google(name, api_key=KEY),
    "vertex, project and location as arguments": lambda name, _: google(
        name, enterprise=True, credentials=token(), **AT
    ),
    "vertex, project or location from the environment": lambda name, _: google(
        name, enterprise=True, credentials=token(), project="a-project"
    ),
    "vertex by variable, project and location as arguments": lambda name, _: google(name, credentials=token(), **AT),
    "the same, sent to vertex": lambda name, _: google(name, credentials=token(), **AT),
    "vertex by variable, all from the environment": lambda name, _: google(name, credentials=token()),
    "vertex by variable, without GOOGLE_GEMINI_BASE_URL": lambda name, _: google_that_never_sends(
        name, credentials=token()
    ),
    "vertex, express": lambda name, _: google(name, enterprise=True, api_key=KEY),
    "google live": lambda name, _: google_live(name),
    "gemini, NO_PROXY": lambda name, _: google(name, api_key=KEY),
    "openai": lambda name, _: openai_chat(name),
    "openai, HTTP_PROXY": lambda name, _: openai_chat(name),
    "openai, NO_PROXY": lambda name, _: openai_chat(name),
    "openai, another upstream": lambda name, base: openai_chat(name, base_url=f"{base}/groq/openai/v1"),
    "openai AzureOpenAI": lambda name, _: azure_chat(name),
    "anthropic": lambda name, _: anthropic_messages(name, api_key=KEY),
    "anthropic AnthropicVertex": lambda name, _: anthropic_messages(
        name, "AnthropicVertex", access_token="a-token", project_id="a-project", region="us-east5"
    ),
    "anthropic AnthropicBedrock": lambda name, _: anthropic_messages(name, "AnthropicBedrock"),
    "boto3": lambda name, _: bedrock_converse(name),
    "groq": lambda name, _: groq_chat(name),
    "cohere": lambda name, _: cohere_chat(name),
    "openai, no address": lambda name, _: openai_chat(name),
    "anthropic, no address": lambda name, _: anthropic_messages(name, api_key=KEY),
    "groq, no address": lambda name, _: groq_chat(name),
    "cohere, no address": lambda name, _: cohere_chat(name),
    "mistralai": mistral_chat,
    "ollama": lambda name, _: ollama_chat(name),
}
"""By the names that the scenes of `test_sdk_addresses.py` have. Each is told its name and the sidecar's address."""


def error_of(name: str, base: str) -> str:
    """Make the client and its call; what was raised, in a line, or nothing."""
    try:
        CLIENTS[name](name, base)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:2000]
    return ""


if __name__ == "__main__":
    _, base, *names = sys.argv
    print(json.dumps({name: error_of(name, base) for name in names}))
