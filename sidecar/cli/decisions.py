"""What was done when a caller left, in words: a row holds one word for it, and one for why."""

from collections.abc import Mapping
from typing import Final

DONE: Final[Mapping[str, str]] = {
    "follow": "the answer was read on",
    "hold": "the connection was held for a retry",
    "cut": "the provider's connection was closed",
}
"""By `decision`."""
WHY: Final[Mapping[str, str]] = {
    "request": "the request asked for it (X-Sidecar-On-Departure)",
    "route": "a route of the upstream is set so (upstreams.<name>.routes)",
    "upstream": "the upstream is set so (upstreams.<name>.on_departure)",
    "setting": "it is set so (calls.on_departure)",
    "provider_stops": "that stops the provider's work",
    "provider_runs_on": "the provider works on after a closed connection",
    "provider_unknown": "what the provider does then is not known, and it is done as without a sidecar",
    "retry_grace": "its SDK may send it again at once, and would be given the answer",
    "no_retry_came": "no retry came in the time that its SDK takes",
    "answer_taken": "a retry is given it",
    "opens_operation": "it holds the id of an operation",
    "operation_known": "the id of its operation had come",
    "request_incomplete": "the provider never had the whole request",
    "request_broken": "the request broke off",
    "not_a_call": "it was no call",
    "drain": "the sidecar was ending",
    "follow_max_calls": "as many were read on as may be (calls.follow.max_calls)",
    "follow_max_seconds": "it had been read on for as long as may be (calls.follow.max_seconds)",
    "follow_max_bytes": "more of it had been read on than may be (calls.follow.max_bytes)",
    "message_too_large": "a message in its socket was larger than may be (calls.live.max_message_bytes)",
    "idle": "nothing had passed through its socket for as long as may be (calls.live.idle_seconds)",
    "upstream_stalled": "nothing had come of it for as long as may be (limits.upstream_stall_seconds)",
    "close_unanswered": "the close of its socket was not answered",
}
"""By `decision_reason`."""


def in_words(decision: str | None, reason: str | None) -> str:
    """A decision and why it was made; a word that is not known here stands as it is. Empty where nothing was decided."""
    if decision is None:
        return ""
    done = DONE.get(decision, decision)
    return f"{done}: {WHY.get(reason, reason)}" if reason else done
