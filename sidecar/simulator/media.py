"""Pictures, sounds and vectors: large, cheap to make, and always the same."""

import base64
from functools import lru_cache

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PATTERN = bytes(range(256))


@lru_cache(maxsize=16)
def picture(size: int) -> str:
    """`size` bytes that begin like a PNG file, as base64. Kept, for a load test asks for the same size again and again."""
    filled = PNG_SIGNATURE + PATTERN * (size // len(PATTERN) + 1)
    return base64.b64encode(filled[:size]).decode("ascii")


@lru_cache(maxsize=16)
def vector(dimensions: int) -> tuple[float, ...]:
    """A vector of so many numbers between -0.5 and 0.5."""
    return tuple(((index * 7919) % 10_007) / 10_007 - 0.5 for index in range(dimensions))


@lru_cache(maxsize=16)
def sound(size: int) -> str:
    """`size` bytes of noise, as base64."""
    return base64.b64encode((PATTERN * (size // len(PATTERN) + 1))[:size]).decode("ascii")
