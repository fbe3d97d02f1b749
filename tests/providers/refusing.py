"""Calls of SDKs that are refused, and in which language each of them reads the refusal."""

from mistralai.client import Mistral
from mistralai.client.utils import BackoffStrategy, RetryConfig

from sidecar.providers.anthropic import ANTHROPIC
from sidecar.providers.bedrock import BEDROCK
from sidecar.providers.cohere import COHERE
from sidecar.providers.contract import Dialect
from sidecar.providers.gemini import GEMINI
from sidecar.providers.groq import GROQ
from sidecar.providers.mistral import MISTRAL
from sidecar.providers.openai import OPENAI
from sidecar.providers.vertex import VERTEX
from tests.providers import attempts
from tests.providers.attempts import KEY, TURN, SdkCall
from tests.sdk_clients import Mode, Transport, sdk_client

# === calls that attempts.py does not have ===


def mistral_chat(url: str) -> object:
    """Told to try again, which it does not by itself."""
    soon = RetryConfig("backoff", BackoffStrategy(1, 10, 1.0, 300, 1), retry_connection_errors=True)
    with Mistral(api_key=KEY, server_url=url, retry_config=soon) as client:
        return client.chat.complete(model="m", messages=TURN)


def genai_interaction(url: str) -> object:
    """Tries again by itself, up to five times."""
    with sdk_client(Mode.GEMINI, url) as client:
        return client.interactions.create(model="m", input="x")


def genai_async_httpx2(url: str) -> object:
    return attempts.genai_async(url, Transport.HTTPX2)


def bedrock_converse_legacy(url: str) -> object:
    return attempts.bedrock_converse(url, "legacy")


STAINLESS = "openai, anthropic, groq, together, fireworks"
CALLS: dict[str, tuple[str, SdkCall, Dialect]] = {
    # the call, its row of RETRIES, and the dialect in whose shape it is refused
    "openai": (STAINLESS, attempts.openai_chat, OPENAI),
    "openai stream": (STAINLESS, attempts.openai_stream, OPENAI),
    "openai async": (STAINLESS, attempts.openai_async, OPENAI),
    "anthropic": (STAINLESS, attempts.anthropic_message, ANTHROPIC),
    "anthropic stream": (STAINLESS, attempts.anthropic_stream, ANTHROPIC),
    "groq": (STAINLESS, attempts.groq_chat, GROQ),
    "google-genai": ("google-genai", attempts.genai_content, GEMINI),
    "google-genai on Vertex AI": ("google-genai", attempts.genai_on_vertex, VERTEX),
    "google-genai on aiohttp": ("google-genai", attempts.genai_async, GEMINI),
    "google-genai on httpx2": ("google-genai", genai_async_httpx2, GEMINI),
    "google-genai Interactions": ("google-genai Interactions", genai_interaction, GEMINI),
    "boto3": ("boto3", attempts.bedrock_converse, BEDROCK),
    "boto3 legacy": ("boto3 legacy", bedrock_converse_legacy, BEDROCK),
    "cohere": ("cohere", attempts.cohere_chat, COHERE),
    "mistralai": ("mistralai", mistral_chat, MISTRAL),
}
