"""What one call will do, decided whole before its work begins: amounts, steps, times."""

import msgspec

from sidecar.simulator.catalog import FREE_METHODS, Model
from sidecar.simulator.declined import Declined
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Route
from sidecar.simulator.script import Script


class Wishes(msgspec.Struct, frozen=True):
    """How the caller wants the answer told."""

    as_events: bool = False
    """Google's streams: as server-sent events, not as one array."""
    include_usage: bool = False
    """OpenAI's streams: usage in a final chunk (`stream_options.include_usage`)."""
    usage_in_chunks: bool = False
    """Engines' streams: and in each chunk the usage so far (`stream_options.continuous_usage_stats`)."""
    as_base64: bool = False
    """Embeddings of OpenAI's: each vector as base64 of its 32-bit floats (`encoding_format`)."""
    variant: str = ""
    """Images of OpenAI's: size and quality, as they were asked for."""
    in_background: bool = False
    """The work is to go on when the caller is gone; the caller polls for its answer."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One call, decided."""

    route: Route
    model: Model
    script: Script
    used: Used = Used()
    """What is billed when the work comes to its end."""
    seconds: float = 0.0
    """From the request's last byte to the end of the work."""
    steps: int = 1
    finish_reason: str = "STOP"
    pieces: tuple[int, ...] = ()
    """Embeddings: tokens of each text."""
    dimensions: int = 0
    """Embeddings: length of each vector."""
    wishes: Wishes = Wishes()
    declined: Declined | None = None
    """Why the call is answered with an error; then it costs nothing."""

    @property
    def is_billable(self) -> bool:
        """Money is asked for this call."""
        return self.declined is None and self.route.method not in FREE_METHODS

    @property
    def is_stream(self) -> bool:
        """The answer comes step by step."""
        return self.declined is None and self.route.is_stream

    def due(self, step: int) -> float:
        """Seconds from the request's last byte to the end of a step."""
        return self.script.think + (self.seconds - self.script.think) * step / self.steps

    def used_after(self, step: int | None) -> Used:
        """What has been used when a step is done; with None, before step 0, it is the input alone."""
        whole = self.used
        if step is None:
            return msgspec.structs.replace(
                self.used_after(0), output_tokens=0, thought_tokens=0, image_tokens=0, images=0
            )
        return msgspec.structs.replace(
            whole,
            output_tokens=whole.output_tokens * step // self.steps,
            audio_output_tokens=whole.audio_output_tokens * step // self.steps,
            image_tokens=whole.image_tokens if step == self.steps else 0,
            images=min(step, whole.images),
            video_seconds=whole.video_seconds if step == self.steps else 0,
            trained_tokens=whole.trained_tokens * step // self.steps,
            compute_milliseconds=whole.compute_milliseconds * step // self.steps,
            audio_seconds=whole.audio_seconds * step // self.steps,
        )
