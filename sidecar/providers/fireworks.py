"""Fireworks: OpenAI's dialect below `/inference/v1`, images in a form of its own, and jobs of an account (providers-wire 5).

An image comes as itself, or in JSON, as the caller accepts; models that edit images are asked for theirs later
(docs.fireworks.ai, "Get generated image from FLUX.1 Kontext"; paths also in @ai-sdk/fireworks 2.0.13). No reply says what was
billed: images are.
"""

import re

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.paths import Row

ONE_IMAGE = Reported(Usage(images=1))
SOME_IMAGES = Reported(Usage(images=1), basis=Basis.AT_LEAST, reason="images_uncounted")
"""A reply in JSON may hold more than one; its form is not documented for all models, so they are not counted."""


class ImageReader:
    """Reads a reply that is an image: it is there when its last byte is."""

    __slots__ = ("_has_bytes", "_is_image", "is_terminal")

    def __init__(self, head: ReplyHead, facts: RequestFacts) -> None:
        self.is_terminal = False
        self._has_bytes = False
        self._is_image = head.content_type.lower().startswith("image/")

    @property
    def gave_up(self) -> str:
        """Empty: what the image shows is of no interest."""
        return ""

    def feed(self, chunk: bytes) -> None:
        """Look at the next piece of the image."""
        self._has_bytes = self._has_bytes or bool(chunk)

    def finish(self) -> None:
        """The body has ended."""
        self.is_terminal = self._has_bytes

    def reported(self) -> Reported | None:
        """The image, once it is whole."""
        if not self.is_terminal:
            return None
        return ONE_IMAGE if self._is_image else SOME_IMAGES


MODEL = r"(?P<model>accounts/[^/]+/models/[^/]+)"
JOBS = r"/v1/accounts/[^/]+/(?:batchInferenceJobs|batchJobs|supervisedFineTuningJobs|reinforcementFineTuningJobs)"

ROWS = (
    Row("text_to_image", re.compile(rf"/workflows/{MODEL}/text_to_image$"), Role.CALL, ImageReader),
    Row("image_generation", re.compile(rf"/image_generation/{MODEL}$"), Role.CALL, ImageReader),
    Row("workflows", re.compile(rf"/workflows/{MODEL}$"), Role.SUBMIT),
    Row("workflows.get", re.compile(rf"/workflows/{MODEL}/get_result$"), Role.POLL),
    Row("jobs", re.compile(rf"{JOBS}$"), Role.SUBMIT),
    Row("jobs.list", re.compile(rf"{JOBS}$"), Role.FREE, verb="GET"),
    Row("jobs.get", re.compile(rf"{JOBS}/[^/:]+$"), Role.POLL, verb="GET"),
    Row("jobs.cancel", re.compile(rf"{JOBS}/[^/:]+:cancel$"), Role.CANCEL),
    Row("account", re.compile(r"/v1/accounts(/.*)?$"), Role.FREE, verb="GET"),
)

FIREWORKS = OpenAIDialect(
    name="fireworks",
    provider="fireworks",
    hosts=("api.fireworks.ai",),
    on_close=ON_CLOSE["fireworks"],
    rows=ROWS,
)
