"""A program for an older google-genai: it runs with that version first on its path, makes calls and prints what it was told.

    python -P old_google_genai.py '["content", "http://...", {"X-A-Header": "..."}]' ...

Each argument is one call: its name in `CALLS`, where the API is, and headers. Prints a JSON array: the SDK's version, and
for each call the items that it gave.
"""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import google.genai
from google.genai.types import HttpOptions

PROMPT = "Tell me about the sea."
MODEL = "gemini-2.5-flash"
EMBEDDING_MODEL = "gemini-embedding-001"
PATIENCE_MILLISECONDS = 20_000

Call = Callable[[Any, Mapping[str, Any]], list[Any]]


def content(models: Any, config: Mapping[str, Any]) -> list[Any]:
    """`generate_content`."""
    return [models.generate_content(model=MODEL, contents=PROMPT, config=config)]


def content_stream(models: Any, config: Mapping[str, Any]) -> list[Any]:
    """`generate_content_stream`."""
    return list(models.generate_content_stream(model=MODEL, contents=PROMPT, config=config))


def embed(models: Any, config: Mapping[str, Any]) -> list[Any]:
    """`embed_content`."""
    return [models.embed_content(model=EMBEDDING_MODEL, contents=PROMPT, config=config)]


CALLS: Mapping[str, Call] = {"content": content, "content_stream": content_stream, "embed": embed}


def items_of(name: str, base_url: str, headers: Mapping[str, str]) -> list[Any]:
    """Make a call; what was told."""
    options = HttpOptions(base_url=base_url, timeout=PATIENCE_MILLISECONDS)
    client = google.genai.Client(vertexai=False, api_key="a-key", http_options=options)
    told = CALLS[name](client.models, {"http_options": HttpOptions(headers=dict(headers))})
    return [plain(item) for item in told]


def plain(item: Any) -> Any:
    """What was told, without the head of the reply."""
    return {name: value for name, value in item.model_dump(mode="json").items() if name != "sdk_http_response"}


if __name__ == "__main__":
    print(json.dumps([google.genai.__version__, *(items_of(*json.loads(argument)) for argument in sys.argv[1:])]))
