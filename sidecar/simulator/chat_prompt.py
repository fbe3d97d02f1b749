"""What the body of a chat says, in every dialect but Google's, and how long its prompt is. Pure.

OpenAI, Anthropic, Bedrock and Ollama differ in names only: one reading does for all. A token is four characters of text as in
`prompt.py`; a turn has three tokens besides its text, the figure that OpenAI's cookbook gives for the marks around a message.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from sidecar.simulator.prompt import TOKENS_OF_A_FILE, tokens_of_text

TOKENS_OF_A_TURN = 3
PICTURES = frozenset({"image", "image_url", "input_image", "document", "input_file", "source"})
"""Names under which a piece of a turn has a picture or a file."""


class Named(msgspec.Struct, frozen=True):
    """What a body says of its call, where the path does not."""

    model: str = ""
    agent: str = ""
    """Of an interaction, where there is no model."""
    stream: bool | None = None


class StreamOptions(msgspec.Struct, frozen=True):
    """OpenAI's, and what engines add to them."""

    include_usage: bool = False
    continuous_usage_stats: bool = False


class InferenceConfig(msgspec.Struct, frozen=True, rename="camel"):
    """Where Bedrock's Converse bounds an answer."""

    max_tokens: int | None = None


class Options(msgspec.Struct, frozen=True):
    """Where Ollama bounds an answer; -1 is no bound."""

    num_predict: int = -1


class GenerationConfig(msgspec.Struct, frozen=True):
    """Where an interaction bounds an answer."""

    max_output_tokens: int | None = None


class ChatBody(msgspec.Struct, frozen=True):
    """Body of a call whose answer is a text. Which of the fields there are tells whose dialect it is."""

    messages: list[Any] = []
    input: str | list[Any] | None = None
    prompt: str | list[Any] | None = None
    system: str | list[Any] | None = None
    instructions: str | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    inference_config: InferenceConfig = msgspec.field(default=InferenceConfig(), name="inferenceConfig")
    options: Options = Options()
    generation_config: GenerationConfig = GenerationConfig()
    system_instruction: str | None = None
    background: bool | None = None

    @property
    def turns(self) -> list[Any]:
        """Everything that counts as prompt; empty when nothing was asked."""
        asked = [*self.messages, *_several(self.input), *_several(self.prompt)]
        return (
            [*asked, *(told for told in (self.system, self.instructions, self.system_instruction) if told)]
            if asked
            else []
        )

    @property
    def bound(self) -> int | None:
        """The most tokens that the answer may have; None when there is no bound."""
        bounds = (
            self.max_tokens,
            self.max_completion_tokens,
            self.max_output_tokens,
            self.inference_config.max_tokens,
            self.generation_config.max_output_tokens,
            self.options.num_predict if self.options.num_predict >= 0 else None,
        )
        return min((bound for bound in bounds if bound is not None), default=None)

    @property
    def text(self) -> str:
        """All the text of the prompt."""
        return "\n".join(text for turn in self.turns for text in texts_in(turn))

    @property
    def tokens(self) -> int:
        """Tokens of the prompt."""
        return sum(TOKENS_OF_A_TURN + tokens_in(turn) for turn in self.turns)


def texts_in(value: Any) -> Iterator[str]:  # noqa: ANN401  JSON
    """Every text in a turn: it is one, or a list of pieces, each with a text or with pieces of its own."""
    match value:
        case str():
            yield value
        case list():
            for piece in value:
                yield from texts_in(piece)
        case {"text": str() as text}:
            yield text
        case {"content": content}:
            yield from texts_in(content)


def tokens_in(value: Any) -> int:  # noqa: ANN401  JSON
    """Tokens of a turn: of its texts, of its pictures and files, and of what it gives as tokens already."""
    match value:
        case int():
            return 1
        case list():
            return sum(map(tokens_in, value))
        case {"content": content}:
            return tokens_in(content)
        case dict() if PICTURES & value.keys():
            return TOKENS_OF_A_FILE
    return sum(map(tokens_of_text, texts_in(value)))


def _several(value: str | list[Any] | None) -> list[Any]:
    """One or many, as many. A list of numbers is one text, given as tokens."""
    if isinstance(value, list) and not all(isinstance(each, int) for each in value):
        return value
    return [value] if value else []
