"""How a simulator is set up."""

from collections.abc import Mapping

import msgspec

from sidecar.simulator.catalog import CATALOG, Model
from sidecar.simulator.script import Script


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One simulator's setup; the defaults suit a test."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    script: Script = Script()
    """What a call does where its header says nothing."""
    tokens_per_second: float = 250.0
    """Pace of thinking and writing where no script gives `seconds`; about that of a fast model."""
    seconds_per_image: float = 0.5
    keys: frozenset[str] | None = None
    """The keys and tokens that are let in; None lets in everybody."""
    catalog: Mapping[str, Model] = msgspec.field(default_factory=lambda: CATALOG)
    """Models by name; a request for any other is answered 404."""
