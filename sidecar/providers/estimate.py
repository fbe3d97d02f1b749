"""What a call used, as far as can be told when the provider did not say.

A rule, not a tokenizer: one fits one model, takes as long as the whole call takes us, and has to be downloaded. The rule is
the one that providers publish for English text: a token is about four bytes. What is told by it is marked `estimated`.
"""

import msgspec

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.reported import NOTHING

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
    """An estimate of the tokens that were made, with one of the input if nothing told it. Pieces have no input to be told."""
    usage = reported.usage
    is_by_piece = usage != NOTHING and not (usage.output or usage.reasoning or usage.tool_use)
    is_told = usage.input or usage.cached_input or is_by_piece
    if reported.basis is not Basis.ESTIMATED or is_told or not text_bytes:
        return reported
    return msgspec.structs.replace(reported, usage=msgspec.structs.replace(usage, input=tokens_of(text_bytes)))
