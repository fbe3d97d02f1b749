"""Nothing secret is logged: credentials are masked by the name of their key and by their own shape.

The last line of defense. The first is that nobody gives a header or a body to the log.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "[masked]"
SECRET_KEY = re.compile(
    r"authorization|api[-_]?key|secret|passw(or)?d|credential|cookie|signature|bearer"
    r"|(private|access)[-_]?key|(^|[-_])(token|auth|headers?|body|prompt|contents?)$",
    re.IGNORECASE,
)
"""Keys whose text is never shown. A count (`tokens`, `output_tokens`) is no text and passes."""
SECRET_TEXT = re.compile(
    r"(?P<before>\b(?:Bearer|Basic)\s+|[?&](?:key|access_token|api[-_]?key|token|signature|X-Goog-Signature)=)[^\s&\"']+"
    r"|\bAIza[\w-]{20,}|\bya29\.[\w.-]{8,}|\bsk-[\w-]{8,}|\bAKIA[0-9A-Z]{12,}|//[^/\s:@]+:[^/\s@]+(?=@)",
    re.IGNORECASE,
)
"""Google, OpenAI, Anthropic and AWS keys, authorization values, credentials in the query or the user part of a URL."""


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: the event with its secrets masked."""
    for key, value in event.items():
        event[key] = masked(value, key)
    return event


def masked(value: object, key: str = "") -> object:
    """A value as it may be shown under `key`, made of JSON's types; looks into mappings and sequences."""
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(name): masked(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(inner, key) for inner in value]
    if SECRET_KEY.search(key):
        return MASK
    return SECRET_TEXT.sub(_mask_text, value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def _mask_text(found: re.Match[str]) -> str:
    return f"{found['before'] or ''}{MASK}"
