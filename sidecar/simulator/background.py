"""Answers that a caller polls for: interactions of Google's two APIs, and OpenAI's responses (providers-wire 5). Pure."""

from typing import Any

from sidecar.clock import rfc3339
from sidecar.simulator import interactions, openai_responses
from sidecar.simulator.declined import Declined
from sidecar.simulator.family import Family
from sidecar.simulator.interactions import InteractionSpeech, interaction
from sidecar.simulator.openai_responses import ResponseSpeech, response
from sidecar.simulator.opening import in_background
from sidecar.simulator.phase import Phase
from sidecar.simulator.undertaking import Kind
from sidecar.simulator.view import View

STATUS = {
    Phase.QUEUED: "queued",
    Phase.RUNNING: "in_progress",
    Phase.CANCELLING: "in_progress",
    Phase.FAILED: "failed",
    Phase.CANCELLED: "cancelled",
}
"""In both languages. What has succeeded is completed, or incomplete where the request's bound cut it short."""
AGENT_ECHO = ("agent", "previous_interaction_id", "labels")
NOT_RUNNING = Declined(
    400, "Only background interactions that are still running can be cancelled.", "FAILED_PRECONDITION"
)


def told_interaction(view: View) -> dict[str, Any]:
    """The interaction as it stands."""
    status = STATUS.get(view.phase) or interactions.end_of(view.plan)
    said = interaction(view.plan, view.naming, status, view.made)
    return {**said, "updated": rfc3339(view.ended_at or view.now), **view.echo(*AGENT_ECHO)}


def told_response(view: View) -> dict[str, Any]:
    """The response as it stands; a cancelled one has no usage."""
    status = STATUS.get(view.phase) or openai_responses.end_of(view.plan)
    return {**response(view.plan, view.naming, status), **view.echo("metadata")}


INTERACTIONS = Family(
    name="interactions",
    kind=Kind.BACKGROUND,
    method="interactions",
    plan=in_background,
    name_of=lambda number: f"simulated-{number}",
    tell=told_interaction,
    tell_cancel=told_interaction,
    ended=NOT_RUNNING,
    is_queued_first=False,
    speak=InteractionSpeech,
)
RESPONSES = Family(
    name="responses",
    kind=Kind.BACKGROUND,
    method="responses",
    plan=in_background,
    name_of=lambda number: f"resp_simulated_{number}",
    tell=told_response,
    tell_cancel=told_response,
    stops_at_once=True,
    speak=ResponseSpeech,
)
"""A cancel of what has ended is answered with what it has come to: it is idempotent."""
