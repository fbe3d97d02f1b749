"""`usageMetadata` of Gemini Live: the numbers of one run of the model (google-wire 8; python-genai 3.4.0, `UsageMetadata`).

The answer's tokens are called `response..` here and not `candidates..`; all else is as everywhere (`google_usage`). Each report
bills the whole conversation up to it again, so that they add up: google-wire 8, and three turns of two models read off the wire
in pydantic-ai's pull request 7269.
"""

import msgspec
from msgspec import Raw

from sidecar.bodies.lenient import Unreadable, decoded, value_of
from sidecar.providers.contract import Reported
from sidecar.providers.counts import Count
from sidecar.providers.google_reported import careful_metadata, tier_of
from sidecar.providers.google_usage import Details, UsageMetadata, usage_of
from sidecar.providers.reported import MALFORMED, NOTHING, judged


class LiveUsage(UsageMetadata, rename="camel", gc=False):
    """The same with the names that it has here."""

    response_token_count: Count = 0
    response_tokens_details: Details = msgspec.field(default_factory=list)


LIVE_USAGE = msgspec.json.Decoder(LiveUsage)


def live_usage_in(raw: Raw) -> Reported | None:
    """What a message reports as used; None when that is nothing."""
    try:
        meta, doubt = decoded(LIVE_USAGE, bytes(raw)), ""
    except Unreadable:
        fields = value_of(raw)
        if not isinstance(fields, dict):
            return None
        meta, is_sound = careful_metadata(fields, LiveUsage)
        doubt = "" if is_sound else MALFORMED
    meta.candidates_token_count = meta.candidates_token_count or meta.response_token_count
    meta.candidates_tokens_details = meta.candidates_tokens_details or meta.response_tokens_details
    doubt = doubt or without_thoughts(meta)
    usage, contradiction = usage_of(meta)
    if usage == NOTHING:
        return None
    return judged(usage, "", tier_of(meta.traffic_type, meta.service_tier), doubt or contradiction)


def without_thoughts(meta: UsageMetadata) -> str:
    """Leave out thoughts that the total leaves out; a word if so.

    gemini-3.8-live reports 522 prompt, 42 response, 136 thoughts, 564 in total (discuss.ai.google.dev/t/188765). Nobody says
    whether they are billed. Taking them off the answer, as everywhere else, would lose the sound, which is dearest.
    """
    others = meta.prompt_token_count + meta.candidates_token_count + meta.tool_use_prompt_token_count
    if not meta.thoughts_token_count or meta.total_token_count != others:
        return ""
    meta.thoughts_token_count = 0
    return "thoughts_over_total"
