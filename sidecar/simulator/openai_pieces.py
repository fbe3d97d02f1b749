"""How OpenAI's dialect answers what never streams here: embeddings and images. Pure."""

import base64
import struct
from functools import lru_cache
from typing import Any

from sidecar.simulator.declined import Declined
from sidecar.simulator.media import picture, vector
from sidecar.simulator.openai_usage import image_usage
from sidecar.simulator.plan import Plan
from sidecar.simulator.refusals import openai_error
from sidecar.simulator.script import ReportsUsage
from sidecar.simulator.speech import Header, Naming, Unstreamed, json_line


class PiecesSpeech(Unstreamed):
    """A reply of `/embeddings` or `/images/generations`."""

    def __init__(self, plan: Plan, naming: Naming) -> None:
        self._plan, self._naming = plan, naming

    def headers(self) -> list[Header]:
        """The id that OpenAI gives every request."""
        return [(b"x-request-id", b"req_simulated_%d" % self._naming.number)]

    def whole(self) -> bytes:
        """The reply."""
        reply = self._embeddings() if self._plan.route.method == "embeddings" else self._images()
        return json_line(reply)

    def refusal(self, declined: Declined) -> bytes:
        """OpenAI's error envelope."""
        return json_line(openai_error(declined))

    def _embeddings(self) -> dict[str, Any]:
        plan = self._plan
        numbers = coded(plan.dimensions) if plan.wishes.as_base64 else vector(plan.dimensions)
        entries = [{"object": "embedding", "index": index, "embedding": numbers} for index, _ in enumerate(plan.pieces)]
        reply: dict[str, Any] = {"object": "list", "data": entries, "model": plan.model.name}
        if plan.script.usage is not ReportsUsage.NONE:
            reply["usage"] = {"prompt_tokens": plan.used.prompt_tokens, "total_tokens": plan.used.prompt_tokens}
        return reply

    def _images(self) -> dict[str, Any]:
        plan, name = self._plan, self._naming.number
        reply: dict[str, Any] = {"created": self._naming.created}
        if plan.model.price.image:
            places = range(plan.used.images)
            return {**reply, "data": [{"url": f"https://images.invalid/{name}-{place}.png"} for place in places]}
        reply["data"] = [{"b64_json": picture(plan.script.image_bytes)}] * plan.steps
        reply |= {"output_format": "png", "quality": "medium", "size": plan.wishes.variant}
        if plan.script.usage is not ReportsUsage.NONE:
            reply["usage"] = image_usage(plan.used)
        return reply


@lru_cache(maxsize=16)
def coded(dimensions: int) -> str:
    """A vector as base64 of its 32-bit floats, little-endian: what the SDK asks for unless it is told otherwise."""
    return base64.b64encode(struct.pack(f"<{dimensions}f", *vector(dimensions))).decode("ascii")
