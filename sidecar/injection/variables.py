"""The variables by which SDKs are told where to call, as applications use them without a change of code."""

from collections.abc import Mapping
from types import MappingProxyType

BASE = "http://127.0.0.1:8780"
"""Where the sidecar takes the calls of its pod: `proxy.listen` as it is by default."""

SDK_VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "GOOGLE_GEMINI_BASE_URL": "gemini",
        "GOOGLE_VERTEX_BASE_URL": "vertex",  # google-genai wants both of its own (google-wire 5.2)
        "OPENAI_BASE_URL": "openai/v1",
        "ANTHROPIC_BASE_URL": "anthropic",
        "GROQ_BASE_URL": "groq",
        "TOGETHER_BASE_URL": "together",
        "FIREWORKS_BASE_URL": "fireworks",
        "CO_API_URL": "cohere",
    }
)
"""Variable -> what stands behind the proxy's address.

Left out on purpose: OLLAMA_HOST, because an `ollama serve` in the pod would listen there; Azure's and Bedrock's, whose upstreams
need names of yours; Mistral, whose SDK reads no variable.
"""

OFFICIAL = ("GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL")
"""Those that `sidecar serve` names when it starts; eight lines would be read by nobody."""


def sdk_values(base: str = BASE) -> dict[str, str]:
    """Variable -> value, in the order in which containers get them. `base` is a URL without a slash at its end."""
    return {variable: f"{base}/{route}" for variable, route in SDK_VARIABLES.items()}
