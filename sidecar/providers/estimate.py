"""What a call used, as far as can be told when the provider did not say.

A rule, not a tokenizer: one fits one model, takes as long as the whole call takes us, and has to be downloaded. The rule is
the one that providers publish for English text: a token is about four bytes. What is told by it is marked `estimated`.
"""

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported

BYTES_A_TOKEN = 4
"""OpenAI: "A helpful rule of thumb is that one token generally corresponds to ~4 characters of text for common English text"
(platform.openai.com/tokenizer); Google: "A token is equivalent to about 4 characters for Gemini models" (ai.google.dev, tokens).
Of a JSON request every string counts, roles and names too, as chat templates say them to the model; keys and brackets don't."""


def tokens_of(text_bytes: int) -> int:
    """Tokens that so many bytes of text make, rounded up."""
    return -(-text_bytes // BYTES_A_TOKEN)


def of_request(text_bytes: int) -> Reported | None:
    """What is known of a call that had no answer: its input. None when there was no text either."""
    if not text_bytes:
        return None
    return Reported(Usage(input=tokens_of(text_bytes)), basis=Basis.ESTIMATED, reason="no_answer")


def with_input(reported: Reported, text_bytes: int) -> Reported:
    """An estimate of what was made, with one of the input if nothing told it."""
    usage = reported.usage
    if reported.basis is not Basis.ESTIMATED or usage.input or usage.cached_input or not text_bytes:
        return reported
    return Reported(
        usage=Usage(input=tokens_of(text_bytes), output=usage.output, reasoning=usage.reasoning, tool_use=usage.tool_use),
        model=reported.model, tier=reported.tier, basis=reported.basis, reason=reported.reason,
        continuation=reported.continuation, cost_usd=reported.cost_usd,
    )  # fmt: skip
