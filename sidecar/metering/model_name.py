"""The plain names of a model, however the request or the reply wrote it."""

import re
from typing import Final

_RESOURCE: Final = re.compile(r"(?:|.*/)models/").match
"""Up to `models/`, `publishers/google/models/`, `projects/p/locations/l/publishers/google/models/`; not `tunedModels/`."""

PUBLISHERS: Final = {
    "gemini": ("google/",),
    "vertex": ("google/", "anthropic/"),
}
"""By provider: prefixes that name who made the model and are no part of its name (Vertex's OpenAI-compatible endpoint).

Elsewhere a slash belongs to the name (`Qwen/Qwen2.5-7B`), so a provider that is not here keeps it.
"""

_GEOGRAPHY: Final = re.compile(r"^(?:us|us-gov|eu|apac|au|jp|ca|in|sa|uk|il)\.")
"""Of a Bedrock inference profile that keeps the work in a part of the world. `global.` is none: it has prices of its own."""
_DATE: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
_PROVISIONED: Final = re.compile(r"^arn:[a-z-]+:bedrock:.*:provisioned-model/")
_FIREWORKS: Final = "accounts/fireworks/models/"


def plain_names(provider: str, model: str) -> tuple[str, ...]:
    """The lower-case names to look a model up by, best first: with its `@version`, then without."""
    name = model.strip().lower()
    match provider:
        case "bedrock":
            return _bedrock_names(name)
        case "fireworks":
            bare = name.removeprefix(_FIREWORKS)
            return (name, bare) if bare != name else (name, _FIREWORKS + name)
    if resource := _RESOURCE(name):
        name = name[resource.end() :]
    for prefix in PUBLISHERS.get(provider, ()):
        name = name.removeprefix(prefix)
    bare = name.partition("@")[0]
    return (name,) if bare == name else (name, bare)


def _bedrock_names(name: str) -> tuple[str, ...]:
    """A model's id, an inference profile's, or the ARN of either; the geography before it is no part of a price glob's name.

    The id of an application's inference profile or of an imported model says nothing of the model behind it.
    """
    if name.startswith("arn:"):
        name = name.rpartition("/")[2]
    bare = _GEOGRAPHY.sub("", name)
    return (name,) if bare == name else (name, bare)


def undated(name: str) -> str:
    """The name without a snapshot's date (`-2025-04-14`, `-20250929`) or `-latest`: that model's prices may be others."""
    return _DATE.sub("", name)


def is_provisioned(model: str) -> bool:
    """Whether the name itself says that the throughput is paid ahead: Bedrock's provisioned models are called by their ARN."""
    return model.startswith("arn:") and _PROVISIONED.match(model) is not None
