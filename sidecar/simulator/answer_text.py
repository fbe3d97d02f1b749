"""The text of answers that are counted from outside: four characters a token, hard to read carelessly. Pure.

An outsider who counts deltas, or bytes of text, comes near the tokens that are on the bill. Between the prose stand traps: what
looks like the wire format to a reader that searches instead of parsing. Google's frames have theirs in `content.py`.
"""

from sidecar.simulator.plan import Plan

CHARACTERS_PER_TOKEN = 4
TRAPS = (
    '"usage":{"prompt_tokens":999999,"completion_tokens":999999,"total_tokens":1999998} ',
    "\n\ndata: [DONE]\n\n",
    'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    '{"usage":{"inputTokens":777777,"outputTokens":777777}} ',
    '"input_tokens":888888,"output_tokens":888888}}]} \\" \\u007d ',
    "Größe 汉字 \U0001f680 \u2028 end of line, \t tab, </script> ",
)
PROSE = (
    "The sea was calm and the meter ran on. Nobody had asked for the rest of the story, and yet it was told to the end, "
    "word by word, to an empty room. In the morning the bill came, and it was exact. "
)
CYCLE = "".join(f"{PROSE}{PROSE}{trap}" for trap in TRAPS)


def text_of(first_token: int, last_token: int) -> str:
    """The text between two tokens of an endless answer."""
    start, length = CHARACTERS_PER_TOKEN * first_token % len(CYCLE), CHARACTERS_PER_TOKEN * (last_token - first_token)
    return (CYCLE * ((start + length) // len(CYCLE) + 1))[start : start + length]


def text_of_step(plan: Plan, step: int) -> str:
    """The text that a step adds; empty when it adds no token."""
    return text_of(plan.used_after(step - 1).output_tokens, plan.used_after(step).output_tokens)


def whole_text(plan: Plan) -> str:
    """The text of all steps."""
    return text_of(0, plan.used.output_tokens)
