"""What has been said in a socket so far, which every further answer is charged for anew, and the plan of such an answer. Pure.

Google: "accumulated context, including past audio, is re-billed on every turn" (google-wire 8). OpenAI: "output from previous
turns (text and audio tokens) will become the input for later turns" (openai-python, `RealtimeResponseUsage`).
"""

import msgspec

from sidecar.simulator.answer_text import text_of
from sidecar.simulator.asked import STEPS, Asked
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.prompt import tokens_of_text


class Context(msgspec.Struct):
    """Tokens of all that was said by either side."""

    text: int = 0
    audio: int = 0
    newest: str = ""
    """The last text of the caller: the length of an answer that nobody has scripted is drawn from it."""

    def hear(self, text: str) -> None:
        """The caller has said something."""
        self.text += tokens_of_text(text)
        self.newest = text or self.newest

    def answer(self, used: Used) -> None:
        """An answer was given, and is part of what later ones read; its thoughts are not."""
        self.text += used.output_tokens
        self.audio += used.audio_output_tokens

    def copy(self) -> "Context":
        """The same, which goes its own way from here."""
        return msgspec.structs.replace(self)


def plan_answer(asked: Asked, context: Context, bound: int | None, *, speaks: bool) -> Plan:
    """The plan of the next answer: in text, or where it speaks in sound, whose tokens are then what the script says of output."""
    script = asked.script
    output, is_cut_short = asked.answer_tokens(context.newest, bound)
    audio = script.audio if script.prompt is not None else max(script.audio, context.audio)
    used = Used(
        prompt_tokens=asked.prompt_tokens(context.text + context.audio),
        cached_tokens=script.cached,
        audio_tokens=audio,
        tool_tokens=script.tool,
        output_tokens=0 if speaks else output,
        audio_output_tokens=output if speaks else 0,
        thought_tokens=script.thoughts,
    )
    return Plan(
        route=asked.route,
        model=asked.model,
        script=script,
        used=used,
        seconds=asked.seconds(output + script.thoughts),
        steps=script.chunks or STEPS,
        finish_reason="MAX_TOKENS" if is_cut_short else "STOP",
    )


def spoken_tokens(plan: Plan, step: int) -> int:
    """Tokens that a step adds to the answer, written or spoken."""
    if step == 0:
        return 0
    before, after = plan.used_after(step - 1), plan.used_after(step)
    return after.output_tokens + after.audio_output_tokens - before.output_tokens - before.audio_output_tokens


def words_of_step(plan: Plan, step: int) -> str:
    """The text that a step adds, or what is heard in its sound."""
    made = plan.used_after(step)
    last = made.output_tokens + made.audio_output_tokens
    return text_of(last - spoken_tokens(plan, step), last)


def words_up_to(plan: Plan, step: int | None) -> str:
    """All of it, up to a step."""
    made = plan.used_after(step)
    return text_of(0, made.output_tokens + made.audio_output_tokens)
