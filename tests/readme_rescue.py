"""README's table of rescued calls: what each scene of `tests/end_to_end/test_rescue.py` has to measure, and measures."""

from typing import NamedTuple

ANSWER = "the answer"


class Figures(NamedTuple):
    """What one scene comes to, without the sidecar and through it."""

    client: str
    happened: str
    billed_without: int
    """POSTs on the provider's own bill."""
    got_without: str
    """`ANSWER`, or the type of what the SDK raised."""
    billed_through: int = 1
    got_through: str = ANSWER


GAVE_UP = "answer after 3 s, timeout 1 s, default retries"
FIGURES = {
    "openai": Figures("openai-python", GAVE_UP, 3, "APITimeoutError"),
    "anthropic": Figures("anthropic-python", GAVE_UP, 3, "APITimeoutError"),
    "genai": Figures("google-genai", "answer after 3 s, timeout 1 s, `retry_options` of 3 attempts", 3, "ReadTimeout"),
    "genai aiohttp": Figures("google-genai, aiohttp", "path broken while the answer was made; the SDK posts again", 2, ANSWER),
    "boto3": Figures("boto3, `converse`", "answer after 2.5 s, read timeout 1 s, default retries", 3, "ReadTimeoutError"),
    "openai stream": Figures("openai-python, stream", "first byte after 3 s, timeout 1 s, default retries", 3, "APITimeoutError"),
    "openai stream midway": Figures("openai-python, stream", "the program gave up after 1 s of 3 and asked again", 2, ANSWER),
}  # fmt: skip
"""By scene. The tests fail where what they measure differs, so these are their figures."""


def rescue_table() -> str:
    """Every scene: how many POSTs the provider billed, and what the program got."""
    rows = (
        f"| {row.client} | {row.happened} | {row.billed_without} | {_got(row.got_without)} "
        f"| {row.billed_through} | {_got(row.got_through)} |\n"
        for row in FIGURES.values()
    )
    return (
        "| client | what happened | billed without | the program got | billed through | the program got |\n"
        "| --- | --- | --- | --- | --- | --- |\n" + "".join(rows)
    )


def _got(what: str) -> str:
    return what if what == ANSWER else f"`{what}`"
