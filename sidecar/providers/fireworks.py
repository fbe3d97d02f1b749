"""Fireworks: OpenAI's dialect below `/inference/v1`, images in a form of its own, and jobs of an account (providers-wire 5).

An image comes as itself, or in JSON, as the caller accepts; models that edit images are asked for theirs later
(docs.fireworks.ai, "Get generated image from FLUX.1 Kontext"; paths also in @ai-sdk/fireworks 2.0.13). No reply says what was
billed: images are.
"""

import re

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, ReplyReader, Reported, RequestFacts, Role
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.paths import Row, unread
from sidecar.providers.unread import UnreadReply

ONE_IMAGE = Reported(Usage(images=1))
SOME_IMAGES = Reported(Usage(images=1), basis=Basis.AT_LEAST, reason="images_uncounted")
"""A reply in JSON may hold more than one; its form is not documented for all models, so they are not counted."""


def open_image(head: ReplyHead, facts: RequestFacts) -> ReplyReader:
    """The reader of a reply that is an image: it was made before its first byte came."""
    if head.status >= 400:
        return UnreadReply()
    return UnreadReply(ONE_IMAGE if head.content_type.lower().startswith("image/") else SOME_IMAGES)


MODEL = r"(?P<model>accounts/[^/]+/models/[^/]+)"
JOBS = r"/v1/accounts/[^/]+/(?:batchInferenceJobs|batchJobs|supervisedFineTuningJobs|reinforcementFineTuningJobs)"

ROWS = (
    Row("text_to_image", re.compile(rf"/workflows/{MODEL}/text_to_image$"), Role.CALL, open_image),
    Row("image_generation", re.compile(rf"/image_generation/{MODEL}$"), Role.CALL, open_image),
    unread("workflows", rf"/workflows/{MODEL}$", Role.SUBMIT),
    unread("workflows.get", rf"/workflows/{MODEL}/get_result$", Role.POLL),
    unread("jobs", rf"{JOBS}$", Role.SUBMIT),
    unread("jobs.list", rf"{JOBS}$", verb="GET"),
    unread("jobs.get", rf"{JOBS}/[^/:]+$", Role.POLL, verb="GET"),
    unread("jobs.cancel", rf"{JOBS}/[^/:]+:cancel$", Role.CANCEL),
    unread("account", r"/v1/accounts(/.*)?$", verb="GET"),
)

FIREWORKS = OpenAIDialect(
    name="fireworks",
    provider="fireworks",
    hosts=("api.fireworks.ai",),
    on_close=ON_CLOSE["fireworks"],
    rows=ROWS,
)
