"""All settings as one value: DESIGN section 6, and what of it exists by now."""

from typing import Any, Self

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from sidecar.config.egress import Egress
from sidecar.config.ending import Drain, Pod
from sidecar.config.groups import (
    Calls,
    Labels,
    Ledger,
    Log,
    Mode,
    Operations,
    Rescue,
)
from sidecar.config.limits import Limits
from sidecar.config.otel import Otel
from sidecar.config.prices import Prices
from sidecar.config.sockets import Control, Observe, Proxy
from sidecar.config.upstreams import Upstream, built_in_upstreams
from sidecar.config.values import Text, UpstreamName


class Settings(BaseSettings):
    """Everything we are told. Frozen; made by `load`, which also says where each value came from."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mode: Mode = Mode.OBSERVE
    """`observe` changes nothing at a provider. `enforce` gives an abandoned answer to the caller's retry (`rescue`), and
    cancels operations whose caller is gone (`operations.on_orphan`)."""
    proxy: Proxy = Proxy()
    control: Control = Control()
    observe: Observe = Observe()
    ledger: Ledger = Ledger()
    upstreams: dict[UpstreamName, Upstream] = Field(default_factory=built_in_upstreams)
    """By name. Always holds the built-in ones."""
    facts_file: Text | None = None
    """Where `sidecar probe` writes what it measured, and where it is read from (`upstreams.<name>.measured`). None:
    `sidecar-facts.yaml` beside the settings file, or in the working directory where there is none."""
    debuggable: bool = False
    """Let debuggers and profilers of the same user look into the process, and let a crash leave a core where limits allow one.
    Both show the keys and prompts that are in memory; without it only root sees them."""
    egress: Egress = Egress()
    calls: Calls = Calls()
    rescue: Rescue = Rescue()
    operations: Operations = Operations()
    drain: Drain = Drain()
    pod: Pod = Pod()
    limits: Limits = Limits()
    prices: Prices = Prices()
    log: Log = Log()
    labels: Labels = Labels()
    otel: Otel = Otel()

    @property
    def rescues(self) -> bool:
        """Somewhere an abandoned answer may be given to a retry."""
        return self.mode is Mode.ENFORCE and any(
            upstream.may_be_rescued(self.rescue.enabled) or any(rule.rescue for rule in upstream.routes)
            for upstream in self.upstreams.values()
        )

    @classmethod
    def of(cls, *sources: PydanticBaseSettingsSource) -> Self:
        """The settings that these sources make together, the first one's values winning.

        Raises:
            ValidationError: a value can't be used.
        """
        arguments: dict[str, Any] = {"_build_sources": (sources, {})}  # mypy sees the fields only
        return cls(**arguments)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """`Settings(...)` is made of its arguments alone, never of variables that happen to be called `MODE` or `LOG`."""
        return (init_settings,)
