"""What a request body says, as far as the simulated provider cares, and how long its prompt is.

A token is four characters of text and at least one a text; a picture or a file is 258 tokens, Google's figure for a small image.
"""

from typing import Annotated, TypeVar

import msgspec

from sidecar.simulator.declined import Declined

CHARACTERS_PER_TOKEN = 4
TOKENS_OF_A_FILE = 258


class Camel(msgspec.Struct, frozen=True, rename="camel"):
    """An object with the field names of Google's JSON; unknown fields are passed over."""


class Blob(Camel, frozen=True):
    """A picture or file, inline or by reference. What is in it is passed over."""

    mime_type: str = ""


class Part(Camel, frozen=True):
    """A piece of a prompt: text, or a picture or file."""

    text: str = ""
    inline_data: Blob | None = None
    file_data: Blob | None = None


class Content(Camel, frozen=True):
    """One turn of a prompt."""

    parts: list[Part] = []
    role: str = "user"


class GenerationConfig(Camel, frozen=True):
    """What bounds an answer."""

    max_output_tokens: int | None = None


class ContentBody(Camel, frozen=True):
    """Body of `generateContent`, `streamGenerateContent` and `countTokens`."""

    contents: list[Content] = []
    system_instruction: Content | None = None
    generation_config: GenerationConfig = GenerationConfig()

    def turns(self) -> list[Content]:
        """Everything that counts as prompt."""
        return [*self.contents, *([self.system_instruction] if self.system_instruction else [])]


class EmbedConfig(Camel, frozen=True):
    """Where Vertex puts the parameters of `embedContent`."""

    output_dimensionality: int | None = None


class EmbedBody(Camel, frozen=True):
    """Body of `embedContent`, and each entry of `batchEmbedContents`."""

    content: Content = Content()
    output_dimensionality: int | None = None
    embed_content_config: EmbedConfig = EmbedConfig()


class BatchEmbedBody(Camel, frozen=True):
    """Body of `batchEmbedContents`."""

    requests: list[EmbedBody] = []


class Instance(Camel, frozen=True):
    """One input of `predict`: a text to embed, or a picture to paint."""

    content: str = ""
    prompt: str = ""


class Parameters(Camel, frozen=True):
    """Parameters of `predict`."""

    sample_count: Annotated[int, msgspec.Meta(ge=1, le=8)] = 4
    """Images asked for; 4 is the API's default."""
    output_dimensionality: int | None = None


class PredictBody(Camel, frozen=True):
    """Body of `predict`."""

    instances: list[Instance] = []
    parameters: Parameters = Parameters()


Body = TypeVar("Body", bound=msgspec.Struct)


def read_body(held: bytes | None, kind: type[Body]) -> Body:
    """The body as a value; an empty one when it was too long to be held.

    Raises:
        Declined: 400, the body is not JSON of this kind.
    """
    if held is None:
        return kind()
    try:
        return msgspec.json.decode(held, type=kind)
    except msgspec.MsgspecError as error:
        raise Declined(400, f"Invalid JSON payload received. {error}") from error


def tokens_of_text(text: str) -> int:
    """Tokens of a text; 0 for an empty one."""
    return max(1, len(text) // CHARACTERS_PER_TOKEN) if text else 0


def tokens_of(content: Content) -> int:
    """Tokens of a turn."""
    return sum(
        TOKENS_OF_A_FILE if part.inline_data or part.file_data else tokens_of_text(part.text) for part in content.parts
    )


def text_of(contents: list[Content]) -> str:
    """All the text of some turns."""
    return "\n".join(part.text for content in contents for part in content.parts)


def characters_of(text: str) -> int:
    """Characters that are charged for: white space is not."""
    return sum(not character.isspace() for character in text)
