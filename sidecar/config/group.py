"""What all groups of settings have in common."""

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """Keys that belong together. Frozen; a key that is not here is an error, never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
