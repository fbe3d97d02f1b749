"""Texts that must never be written anywhere, and how they are looked for, also where they were encoded on the way."""

import base64
import urllib.parse
from collections.abc import Iterable, Mapping

KEY = "canarykey"
"""Stands in every credential of a scene."""
PROMPT = "canaryprompt"
"""Stands in all that callers ask."""
ANSWER = "canaryanswer"
"""Stands in what a provider answers, in its errors and in whatever else it says."""
SIMULATED = "the meter ran on"
"""Stands in every text that the simulator answers (`answer_text.PROSE`)."""
CANARIES = (KEY, PROMPT, ANSWER, SIMULATED)

OPAQUE = f"{KEY}-0f1e2d3c"
"""A credential whose shape tells nobody that it is one: what masks it must know where it stands, or never have had it."""
SHAPED = {"google": f"AIzaSy{KEY}0123456789abcdefg", "openai": f"sk-{KEY}0123456789", "oauth": f"ya29.{KEY}0123456789"}


def spellings(canary: str) -> set[bytes]:
    """How a text may be spelled: as it is, in another case, turned around by base64, hexadecimal or a URL."""
    plain = canary.encode()
    found = {plain, plain.upper(), plain.title(), plain.hex().encode(), urllib.parse.quote(canary).encode()}
    for shift in range(3):  # base64 takes three bytes at a time, and nobody knows where the text began
        coded = base64.b64encode(b"\0" * shift + plain)[4 if shift else 0 :]
        found.add(coded[: -4 if len(coded) % 4 or coded.endswith(b"=") else len(coded)].rstrip(b"="))
    return {one for one in found if len(one) >= 8}


def found_in(places: Mapping[str, bytes], canaries: Iterable[str] = CANARIES) -> list[str]:
    """A sentence for each place in which a canary stands, with what stands around it."""
    return [
        f"{canary} as {spelled!r} in {name}: {content[max(content.index(spelled) - 60, 0) :][:160]!r}"
        for canary in canaries
        for spelled in spellings(canary)
        for name, content in places.items()
        if spelled in content
    ]
