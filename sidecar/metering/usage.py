"""What a call used, as a value."""

import msgspec


class Usage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Counts of what was used, in disjoint classes: the first five are all the tokens there were.

    The fields from `cache_write_input` on are *parts* of a class above them that may have a price of their own, and never
    exceed it.
    """

    input: int = 0
    """Prompt tokens read anew, without cached ones."""
    cached_input: int = 0
    """Prompt tokens served from a cache."""
    output: int = 0
    """Tokens of the visible answer."""
    reasoning: int = 0
    """Tokens of thinking; billed as output."""
    tool_use: int = 0
    """Tool results fed back to the model by the provider; billed as input."""
    images: int = 0
    """Whole images delivered by an image endpoint that bills by the image (not image *tokens*)."""
    video_seconds: int = 0
    """Seconds of video delivered by an endpoint that bills by the second."""
    web_searches: int = 0
    """Searches that the provider made for the answer and bills apart."""
    audio_seconds: int = 0
    """Seconds of audio transcribed by an endpoint that bills by the second."""
    characters: int = 0
    """Characters spoken or embedded by an endpoint that bills by the character."""
    units: int = 0
    """Units of the provider's own (search units, billable units), as it counted them."""
    compute_milliseconds: int = 0
    """Milliseconds of a machine, where the machine's time is what is billed."""

    cache_write_input: int = 0
    """Part of `input`: tokens written to a cache that keeps them for minutes."""
    cache_write_hour_input: int = 0
    """Part of `input`: tokens written to a cache that keeps them for an hour."""
    audio_input: int = 0
    """Part of `input`."""
    cached_text_input: int = 0
    """Part of `cached_input`; told only where the provider says what its cached tokens are."""
    cached_audio_input: int = 0
    """Part of `cached_input`."""
    cached_image_input: int = 0
    """Part of `cached_input`: tokens of images."""
    image_input: int = 0
    """Part of `input`: tokens of images."""
    video_input: int = 0
    """Part of `input`: tokens of video."""
    audio_output: int = 0
    """Part of `output`."""
    image_output: int = 0
    """Part of `output`: tokens of generated images."""
    video_output: int = 0
    """Part of `output`: tokens of generated video."""

    variant: str = ""
    """What the price of a piece hangs on, as the provider names it: an image's size class and quality (`2K`, `1024x1024 high`), a
    video's resolution and sound (`1080p audio`). Empty when unknown or standard."""

    @property
    def cached_unknown_input(self) -> int:
        """The rest of `cached_input`: nobody said whether it is text, sound or images. Not a field, and so in no row."""
        return self.cached_input - self.cached_text_input - self.cached_audio_input - self.cached_image_input

    def counts(self) -> dict[str, int]:
        """The classes above 0 by name, parts included: the `usage` column of the ledger."""
        counts: dict[str, int] = msgspec.to_builtins(self)  # without defaults, which are 0
        counts.pop("variant", None)
        return counts


COUNTED = tuple(name for name in Usage.__struct_fields__ if name != "variant")
"""Names of the counts, in the order of the fields."""
CACHED_PARTS = ("cached_text_input", "cached_audio_input", "cached_image_input")
"""The parts of `cached_input`; those of `input` and `output` are priced above or below these classes in the same way."""
TOKEN_CLASSES = ("input", "cached_input", "output", "reasoning", "tool_use")
"""The `type` label of `tokens_total`: disjoint."""
PIECES = ("images", "video_seconds", "web_searches", "audio_seconds", "characters", "units", "compute_milliseconds")
"""What is billed by the piece and not by the token."""
