"""One layer of settings for each place that values come from: what it says, and where each value stands."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from sidecar.config.problems import SettingProblem
from sidecar.config.schema import Path, dotted
from sidecar.config.settings import Settings
from sidecar.config.upstreams import implied_upstreams


class Origin(msgspec.Struct, frozen=True):
    """Where a value stands. `name` is the flag, the variable, or `path:line`; empty for a default."""

    source: str
    """`flag`, `variable`, `file` or `default`."""
    name: str = ""
    below: Path = ()
    """The path at which the flag or the variable itself stands; what it holds lies below."""

    def __str__(self) -> str:
        return f"{self.source} {self.name}" if self.name else self.source

    def problem(self, path: Path, problem: str, advice: str = "") -> SettingProblem:
        """What is wrong with the value at `path`, under the key that the user typed."""
        if self.source in {"flag", "variable"}:
            inner = dotted(path[len(self.below) :])
            return SettingProblem("", f"{self.name} ({inner})" if inner else self.name, problem, advice)
        return SettingProblem(self.name, dotted(path), problem, advice)


DEFAULT = Origin("default")

FLAGS: Mapping[str, Path] = {
    "--mode": ("mode",),
    "--proxy-listen": ("proxy", "listen"),
    "--control-listen": ("control", "listen"),
    "--observe-listen": ("observe", "listen"),
    "--ledger": ("ledger", "url"),
    "--on-departure": ("calls", "on_departure"),
    "--log-level": ("log", "level"),
    "--log-format": ("log", "format"),
}
"""The settings that have a flag."""


class Layer(PydanticBaseSettingsSource):
    """What one place says: a tree of values as `Settings` nests them, the origin of every node, and what was unreadable."""

    def __init__(self) -> None:
        super().__init__(Settings)
        self.values: dict[str, Any] = {}
        self.origins: dict[Path, Origin] = {}
        self.problems: list[SettingProblem] = []

    def __call__(self) -> dict[str, Any]:
        """The tree; pydantic-settings merges the layers', the first one's values winning."""
        return self.values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """One top-level value; asked for by nobody, as the whole tree is given at once."""
        return self.values.get(field_name), field_name, False

    def put(self, path: Path, value: object, origin: Origin) -> None:
        """Set one value, making the groups on the way. A later value at the same path wins."""
        tree = self.values
        for depth, step in enumerate(path[:-1], 1):
            self.origins.setdefault(path[:depth], origin)
            inner = tree.get(str(step))
            tree[str(step)] = tree = inner if isinstance(inner, dict) else {}
        tree[str(path[-1])] = value
        self.origins[path] = origin


def flag_layer(flags: Mapping[str, str | None]) -> Layer:
    """The layer of the command line: text by flag, None for a flag that was not given."""
    layer = Layer()
    for name, text in flags.items():
        if text is not None:
            layer.put(FLAGS[name], text, Origin("flag", name, FLAGS[name]))
    return layer


def default_layer(others: Iterable[Layer] = ()) -> Layer:
    """What the upstreams are without being told, those too that other layers name; every other default stands with its field."""
    layer = Layer()
    named = {str(path[1]) for other in others for path in other.origins if path[0] == "upstreams" and len(path) > 1}
    layer.values = {"upstreams": implied_upstreams(named)}
    return layer


def origin_of(path: Path, layers: Iterable[Layer]) -> Origin:
    """Where the value at a path stands: in the first layer that holds it, else among the defaults."""
    return next((layer.origins[path] for layer in layers if path in layer.origins), DEFAULT)


def nearest_origin(path: Path, layers: Sequence[Layer]) -> Origin:
    """Where the value at a path stands or, when it stands nowhere, the innermost group or list around it."""
    prefixes = (path[:length] for length in range(len(path), 0, -1))
    return next((origin for prefix in prefixes if (origin := origin_of(prefix, layers)) is not DEFAULT), DEFAULT)
