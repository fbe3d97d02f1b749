"""What Grafana puts into a query before it asks: the dashboard's variables, and its macros for times.

As Grafana's documentation of the Prometheus data source has it ("Template variables", "Use $__rate_interval"). Pure.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

REFERENCE = re.compile(r"\$\{(?P<braced>\w+)(?::(?P<format>\w+))?\}|\$(?P<plain>\w+)|\[\[(?P<old>\w+)\]\]")
LEGEND_LABEL = re.compile(r"\{\{\s*(?P<label>[\w.]+)\s*\}\}")
LABEL_VALUES = re.compile(r"^label_values\((?:(?P<selector>.+),)?\s*(?P<label>\w+)\s*\)$", re.DOTALL)
ROUND_SECONDS = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600)
SPECIAL = re.compile(r"[\\^$.|?*+()\[\]{}]")
ALL = "$__all"

Values = Mapping[str, Sequence[str]]
"""What each variable stands for now."""


class Times(NamedTuple):
    """The time range of a panel, and how finely it is asked, in seconds (moments since the epoch)."""

    start: float
    end: float
    interval: float
    """`$__interval`, and the step of range queries."""
    rate_interval: float

    @property
    def range(self) -> float:
        """Its length."""
        return self.end - self.start


def times_of(start: float, end: float, points: int, least_interval: float) -> Times:
    """The interval that Grafana takes for a panel so many points wide, where the data source says the least one.

    `$__rate_interval` is the interval and one more scrape, at least four of them.
    """
    fine = max(least_interval, (end - start) / max(1, points))
    interval = float(next((seconds for seconds in ROUND_SECONDS if seconds >= fine), math.ceil(fine)))
    return Times(start, end, interval, max(interval + least_interval, 4 * least_interval))


def macros(times: Times) -> dict[str, str]:
    """The built-in variables that are times."""
    whole = round(times.range)
    return {
        "__interval": f"{times.interval:g}s",
        "__interval_ms": f"{times.interval * 1000:g}",
        "__rate_interval": f"{times.rate_interval:g}s",
        "__range": f"{whole}s",
        "__range_s": f"{whole}",
        "__range_ms": f"{whole * 1000}",
    }


def substituted(text: str, values: Values, times: Times) -> str:
    """A query, as it is sent.

    Raises:
        LookupError: it names a variable that nobody has declared; Grafana would send the name.
    """
    built_in = macros(times)

    def value_of(found: re.Match[str]) -> str:
        name = found["braced"] or found["plain"] or found["old"]
        if name in built_in:
            return built_in[name]
        if name not in values:
            raise LookupError(f"no variable has the name {name}")
        return as_regex(values[name])

    return REFERENCE.sub(value_of, text)


def as_regex(values: Sequence[str]) -> str:
    """Some values in a matcher: one as it is, several as an alternative. `.*` and the like come from `allValue`, unescaped."""
    if len(values) == 1:
        return values[0]
    return f"({'|'.join(SPECIAL.sub(lambda found: chr(92) * 2 + found[0], value) for value in values)})"


def label_values(query: str) -> tuple[str, str]:
    """The selector (empty: all series) and the label of a variable's query.

    Raises:
        ValueError: it is none of the kind `label_values(selector, label)`.
    """
    found = LABEL_VALUES.match(query.strip())
    if found is None:
        raise ValueError(f"{query!r} is not label_values(...): the preview knows no other query of a variable")
    return (found["selector"] or "").strip(), found["label"]


def series_name(legend: str, labels: Mapping[str, str]) -> str:
    """What a series is called: the query's legend with its labels in it, or all labels where it has none."""
    if legend in ("", "__auto"):
        name = labels.get("__name__", "")
        told = ", ".join(f'{label}="{value}"' for label, value in sorted(labels.items()) if label != "__name__")
        return f"{name}{{{told}}}" if told else name or "Value"
    return LEGEND_LABEL.sub(lambda found: labels.get(found["label"], found["label"]), legend)


RELATIVE = re.compile(r"^now(?:-(?P<count>\d+)(?P<unit>[smhdw]))?(?P<floor>/d)?$")
UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def start_of(relative: str, end: float) -> float:
    """When a range begins that a panel has for itself: `now/d` (UTC), `now-1h` or, as panels may say it, `1h`.

    Raises:
        ValueError: it is none of these.
    """
    text = relative if relative.startswith("now") else f"now-{relative}"
    found = RELATIVE.match(text)
    if found is None:
        raise ValueError(f"{relative!r} is no time range that the preview knows")
    moment = end - int(found["count"] or 0) * UNIT_SECONDS[found["unit"] or "s"]
    return moment - moment % 86_400 if found["floor"] else moment
