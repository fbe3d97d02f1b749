"""Names and other short strings, out of whatever stands in their place."""

from hashlib import sha256

LONGEST = 128
"""Characters; what is longer is no name of a model or of anything else."""


def name_of(value: object) -> str:
    """A string that may be a name; empty when it is none or too long to be one."""
    return value if isinstance(value, str) and len(value) <= LONGEST else ""


def model_of(value: object) -> str:
    """A model's name without `models/`, which Google's may have in every language; empty when it is none."""
    return value.removeprefix("models/") if isinstance(value, str) and len(value) <= LONGEST else ""


def text_of(value: object) -> str:
    """A string of any length, or nothing."""
    return value if isinstance(value, str) else ""


def mark_of(value: object) -> str:
    """Digest of what a caller called its operation: enough to find it in a listing, and nothing of the caller's words."""
    return sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:32] if isinstance(value, str) and value else ""
