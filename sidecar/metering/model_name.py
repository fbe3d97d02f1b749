"""One plain name for a model, however the request or the reply wrote it."""

import re
from typing import Final

_RESOURCE: Final = re.compile(r"(?:^|.*/)models/")
"""`models/`, `publishers/google/models/`, `projects/p/locations/l/publishers/google/models/`; not `tunedModels/`."""

PUBLISHERS: Final = {
    "gemini": ("google/",),
    "vertex": ("google/", "anthropic/"),
}
"""By provider: prefixes that name who made the model and are no part of its name (Vertex's OpenAI-compatible endpoint).

Elsewhere a slash belongs to the name (`Qwen/Qwen2.5-7B`), so a provider that is not here keeps it.
"""


def plain_names(provider: str, model: str) -> tuple[str, ...]:
    """The lower-case names to look a model up by, best first: with its `@version`, then without."""
    name = _RESOURCE.sub("", model.strip().lower(), count=1)
    for prefix in PUBLISHERS.get(provider, ()):
        name = name.removeprefix(prefix)
    bare = name.partition("@")[0]
    return (name,) if bare == name else (name, bare)
