"""What each of many callers does, drawn from a seed: the dialect, the call, the provider's temper, and when the caller vanishes.

Prompts are English of varying length, which the provider counts by its own rule and an outsider by his. Only where the figures
are sure to be reported is a call given what nobody can see from outside: tokens of a cache, tokens of thinking.
"""

import random
from collections.abc import Iterator
from functools import lru_cache

import msgspec

SEED = 20261120
VANISHING = 1 / 3
LINGERING = 1 / 8
"""Of the calls whose caller vanishes, those that go on for so long that nobody can take them for finished."""
IMPATIENCE = (0.05, 0.15, 0.3, 0.5, 0.8)
"""Read timeouts of the callers who can't be interrupted: threads with a blocking SDK, which vanish by giving up."""

SENTENCES = (
    "The harbor was quiet when the last ferry came in and nobody stepped off.",
    "Please summarize the following report for a reader who has two minutes and no patience.",
    "Every gauge on the wall told the same story, and nobody in the room believed it.",
    "What would have to change in the design so that a lost connection costs nothing?",
    "She had kept the receipts of eleven years in a box that once held oranges.",
    "List the three strongest objections to this plan, the weakest one first.",
    "It rained on the day of the launch, and it rained on the day of the inquiry.",
    "Compare both drafts and say plainly which one you would send to the board.",
)

MODELS = {
    "gemini": "gemini-2.5-flash",
    "vertex": "gemini-2.5-flash",
    "openai": "gpt-5-mini",
    "anthropic": "claude-sonnet-5",
    "bedrock": "anthropic.claude-haiku-4-5-20251001-v1:0",
}
DOINGS = {
    "gemini": ("unary", "unary", "stream", "stream", "embed"),
    "vertex": ("unary", "unary", "stream", "stream", "embed", "image"),
    "openai": ("chat", "chat", "chat stream", "chat stream", "responses", "responses stream", "embed", "image"),
    "anthropic": ("unary", "stream"),
    "bedrock": ("converse", "converse stream", "invoke", "invoke stream"),
}
DIALECTS = ("gemini", "gemini", "vertex", "vertex", "openai", "openai", "openai", "anthropic", "anthropic", "bedrock")


class Plan(msgspec.Struct, frozen=True):
    """What one caller does."""

    name: str
    dialect: str
    doing: str
    stops: bool
    """The provider stops when its caller leaves, and the sidecar has been told so. Otherwise both say that it runs on."""
    transport: str
    """google-genai's: `aiohttp` or `httpx2`."""
    asks_usage: bool
    """An OpenAI stream that asks for its usage."""
    prompt: str
    script: str
    vanishes_after: float | None
    """Seconds from the beginning of the call; None stays."""

    @property
    def upstream(self) -> str:
        """The route through the sidecar."""
        return f"{self.dialect}-stops" if self.stops else self.dialect

    @property
    def model(self) -> str:
        """The model that is asked for an answer in words."""
        return MODELS[self.dialect]

    @property
    def is_declined(self) -> bool:
        """The provider answers 429."""
        return "status=" in self.script

    @property
    def headers(self) -> dict[str, str]:
        """What the call carries for the sidecar and the simulator."""
        return {"X-Sidecar-Caller": self.name, "X-Simulator-Call": self.name, "X-Simulator": self.script}


@lru_cache
def plans(count: int, seed: int = SEED) -> tuple[Plan, ...]:
    """The plans of so many callers; the same seed gives the same."""
    return tuple(_drawn(count, random.Random(seed)))


def _drawn(count: int, dice: random.Random) -> Iterator[Plan]:
    for number in range(count):
        dialect = dice.choice(DIALECTS)
        doing = dice.choice(DOINGS[dialect])
        stops = dice.random() < 0.5 and doing != "image"
        vanishes_after = _vanishing(dialect, dice)
        asks_usage = dice.random() < 0.5
        is_reported = (not stops or vanishes_after is None) and (asks_usage or doing != "chat stream")
        yield Plan(
            name=f"caller-{number:04d}",
            dialect=dialect,
            doing=doing,
            stops=stops,
            transport=dice.choice(["aiohttp", "httpx2"]),
            asks_usage=asks_usage,
            prompt=_prompt(dice),
            script=_script(dialect, doing, stops, is_reported, vanishes_after, dice),
            vanishes_after=vanishes_after,
        )


def _vanishing(dialect: str, dice: random.Random) -> float | None:
    if dice.random() >= VANISHING:
        return None
    return dice.choice(IMPATIENCE) if dialect == "bedrock" else dice.uniform(0.0, 0.8)


def _prompt(dice: random.Random) -> str:
    length, sentences = dice.randint(400, 6000), list[str]()
    while sum(map(len, sentences)) < length:
        sentences.append(dice.choice(SENTENCES))
    return " ".join(sentences)


def _script(
    dialect: str, doing: str, stops: bool, is_reported: bool, vanishes_after: float | None, dice: random.Random
) -> str:
    lingers = vanishes_after is not None and dice.random() < LINGERING
    seconds = (vanishes_after or 0.0) + dice.uniform(1.2, 2.0) if lingers else dice.uniform(0.05, 0.8)
    words = [f"seconds={seconds:.3f}", f"on_close={'stops' if stops else 'runs_on'}", f"gzip={dice.randint(0, 1)}"]
    if dice.random() < 0.08:
        return f"status=429 seconds={seconds:.3f}"
    if doing == "image":
        return " ".join([*words, "image_bytes=5000"])
    if doing != "embed":
        words.append(f"output={dice.randint(4, 60)}")
        words += [f"chunks={dice.randint(2, 12)}"] if dialect != "openai" else []
        words += _unseen(dialect, dice) if is_reported else []
    return " ".join(words)


def _unseen(dialect: str, dice: random.Random) -> list[str]:
    """Tokens that only a report can tell of."""
    words = [f"cached={dice.randint(0, 80)}", f"thoughts={dice.choice([0, 0, 300])}"]
    if dialect in ("anthropic", "bedrock"):
        words.append(f"cache_write={dice.randint(0, 20)}")
    if dialect == "anthropic":
        words.append(f"cache_write_hour={dice.choice([0, 10])}")
    return words
