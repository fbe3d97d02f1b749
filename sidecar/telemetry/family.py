"""What a metric family is, and how one is declared."""

from collections.abc import Mapping
from typing import Literal

import msgspec

PREFIX = "inference_sidecar_"

FamilyType = Literal["counter", "gauge", "histogram", "info", "stateset"]


class Family(msgspec.Struct, frozen=True):
    """One metric family. `buckets` are upper bounds in the family's unit, without the last, infinite one."""

    name: str
    """As it is scraped, prefix and `_total` or `_info` included."""
    type: FamilyType
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()


def counter(name: str, help: str, labels: tuple[str, ...] = (), unit: str = "") -> Family:
    """What only grows; its name ends in `_total`."""
    return Family(f"{PREFIX}{name}", "counter", help, labels, unit)


def gauge(name: str, help: str, labels: tuple[str, ...] = (), unit: str = "") -> Family:
    """What is so now."""
    return Family(f"{PREFIX}{name}", "gauge", help, labels, unit)


def seconds(name: str, help: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Family:
    """A histogram of durations."""
    return Family(f"{PREFIX}{name}", "histogram", help, labels, "seconds", buckets)


def info(name: str, help: str, labels: tuple[str, ...]) -> Family:
    """Text that does not change, as labels of a 1; its name ends in `_info`."""
    return Family(f"{PREFIX}{name}", "info", help, labels)


def stateset(name: str, help: str) -> Family:
    """One of several states; OpenMetrics names the label after the family."""
    return Family(f"{PREFIX}{name}", "stateset", help, (f"{PREFIX}{name}",))


def families_of(names: Mapping[str, object]) -> tuple[Family, ...]:
    """The families among a module's names, in the order in which it declares them."""
    return tuple(value for value in names.values() if isinstance(value, Family))
