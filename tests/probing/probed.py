"""A measurement of a provider that is there, without flags and files."""

from decimal import Decimal
from typing import Any

from sidecar.cli.probing import Asked, plan_for
from sidecar.clock import SystemClock
from sidecar.config.settings import Settings
from sidecar.config.upstreams import Upstream, built_in_upstreams
from sidecar.metering.price import PriceBook
from sidecar.probing.keys import NONE
from sidecar.probing.measuring import Measured, Measuring
from sidecar.probing.plan import Budget, Plan
from sidecar.probing.wire import Wire
from sidecar.proxy.destination import Destination, destinations_of


def destination_at(url: str, dialect: str) -> Destination:
    upstream = Upstream.model_validate({"dialect": dialect, "url": url})
    return destinations_of(Settings(upstreams={**built_in_upstreams(), "mine": upstream}))[b"mine"]


def wire_to(destination: Destination) -> Wire:
    return Wire(destination, Settings().egress, NONE, SystemClock())


def asked(model: str, **more: Any) -> Asked:
    given: dict[str, Any] = {
        "upstream": "mine", "model": model, "max_usd": Decimal(0), "max_requests": 9, "method": None, "stream": True,
        "unary": True, "rounds": 1, "tokens": 500, "yes": True, "write": None,
    }  # fmt: skip
    return Asked(**{**given, **more})


async def probed(url: str, dialect: str, model: str, pace: float = 1.0, **more: Any) -> tuple[Plan, Measured]:
    """Measure; nothing is written."""
    destination = destination_at(url, dialect)
    plan = plan_for(asked(model, **more), destination, url)
    budget = Budget(Decimal(0), None, plan.requests)
    measuring = Measuring(plan, wire_to(destination), budget, PriceBook(), SystemClock(), lambda _: None, pace)
    return plan, await measuring.run()
