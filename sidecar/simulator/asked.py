"""A request together with all that decides what becomes of it, and what the script leaves open, worked out. Pure.

The length of an answer nobody has scripted is drawn from the prompt's text, so that the same question always gets the same
answer; the time follows from the pace in the settings.
"""

import hashlib

import msgspec

from sidecar.simulator.catalog import Model
from sidecar.simulator.prompt import CHARACTERS_PER_TOKEN
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Route
from sidecar.simulator.script import Script
from sidecar.simulator.settings import Settings

SHORTEST_ANSWER, ANSWER_SPREAD = 16, 240
"""An answer nobody has scripted has at least so many tokens, and fewer than the sum of both."""
STEPS = 10
"""Equal steps in which an answer is made where no script says how many."""


class Asked(msgspec.Struct, frozen=True):
    """A request, the model it is for, and the script it follows."""

    route: Route
    model: Model
    script: Script
    request: Request
    settings: Settings

    @property
    def is_held(self) -> bool:
        """The body can be parsed; otherwise it is judged by its length."""
        return self.request.held is not None

    @property
    def tokens_by_length(self) -> int:
        """Tokens of a body that was not held."""
        return self.request.length // CHARACTERS_PER_TOKEN

    def prompt_tokens(self, counted: int) -> int:
        """Tokens of the prompt: as scripted, else as counted."""
        return self.script.prompt if self.script.prompt is not None else max(counted, self.script.parts_of_prompt)

    def seconds(self, tokens: int = 0, images: int = 0) -> float:
        """Time of the work: as scripted, else by the pace."""
        if self.script.seconds is not None:
            return self.script.seconds
        settings = self.settings
        return self.script.think + tokens / settings.tokens_per_second + images * settings.seconds_per_image

    def answer_tokens(self, text: str, bound: int | None) -> tuple[int, bool]:
        """Tokens of the answer to a text, and whether the request's bound cut it short."""
        if self.script.output is not None:
            return self.script.output, False
        seed = text or self.request.sha256
        drawn = SHORTEST_ANSWER + int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) % ANSWER_SPREAD
        return (drawn, False) if bound is None or drawn <= bound else (max(0, bound), True)
