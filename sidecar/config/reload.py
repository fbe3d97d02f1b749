"""Which settings may change while the program runs: what of those that were read anew is taken over, and what needs a restart.

Prices and policies may: they are looked up for each call, and one that has begun keeps what it began with. What is built once
does not: sockets, the ledger, upstreams and how they are reached, limits, exports.

`mode` may change in one direction. From `enforce` to `observe` it is the brake, which must work at once and everywhere. The
other way, a line in a file that many pods read would have all of them cancel paid work within a minute, what was orphaned
hours ago first of all: that wants a rollout, which can be watched and rolled back.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from pydantic import BaseModel

from sidecar.config.groups import Mode
from sidecar.config.load import Loaded, leaves
from sidecar.config.problems import BadSettings, SettingProblem
from sidecar.config.schema import Path, dotted
from sidecar.config.settings import Settings

ANY: Final = "*"
MODE: Final[Path] = ("mode",)

RELOADABLE: Final[tuple[Path, ...]] = (
    ("prices",),
    ("calls", "on_departure"),
    ("calls", "follow"),
    ("calls", "server_timeout"),
    ("rescue",),
    ("operations",),
    ("labels", "allow"),
    ("log", "level"),
    *(
        ("upstreams", ANY, key)
        for key in ("on_close", "measured", "on_departure", "routes", "rescue", "inject_usage", "provider", "price")
    ),
)  # fmt: skip
"""What may change, with all that stands below it. For one upstream it is what a call asks it for, and not the way there."""


class Reload(msgspec.Struct, frozen=True):
    """What comes of reading the settings again."""

    loaded: Loaded
    """What is in force from now on."""
    changed: tuple[str, ...]
    """The keys that are taken over; a list stands for what is in it."""
    needs_restart: tuple[str, ...]
    """The keys that stay as they were; an upstream that is new, or gone, by its name alone."""


def reload(before: Loaded, read: Loaded) -> Reload:
    """The settings that are in force when `read` was read while `before` was in force.

    Raises:
        BadSettings: there was a settings file, and now there is none.
    """
    if before.file is not None and read.file is None:
        raise BadSettings([SettingProblem("", before.file.path, "is gone", "put it back, or restart without it")])
    settings = _taken_over(before.settings, read.settings, ())
    assert isinstance(settings, Settings)
    in_force = msgspec.structs.replace(read, settings=settings, origins=_origins(settings, before, read))
    changed = _differences(before.settings, settings)
    return Reload(in_force, changed, _differences(settings, read.settings))


def may_change(path: Path, value: object) -> bool:
    """Whether the setting at a path may become this value while the program runs."""
    if path == MODE:
        return value is Mode.OBSERVE
    return any(_is_below(path, reloadable) for reloadable in RELOADABLE)


def _is_below(path: Path, other: Path) -> bool:
    return len(path) >= len(other) and all(at in (ANY, step) for at, step in zip(other, path, strict=False))


def _taken_over(before: Any, read: Any, path: Path) -> object:  # noqa: ANN401  any group, or a value
    """What stands at a path from now on; upstreams that are not in both stay as they were."""
    if before == read or may_change(path, read):
        return read
    if isinstance(before, BaseModel):
        names = type(before).model_fields
        return before.model_copy(
            update={name: _taken_over(getattr(before, name), getattr(read, name), (*path, name)) for name in names}
        )
    if isinstance(before, dict):
        return {
            name: _taken_over(inner, read[name], (*path, name)) if name in read else inner
            for name, inner in before.items()
        }
    return before


def _origins(settings: Settings, before: Loaded, read: Loaded) -> Mapping[str, str]:
    """Where each value stands now; one that was not taken over still comes from where it was read."""
    as_read = dict(leaves(read.settings))
    return {
        dotted(path): (read if path in as_read and as_read[path] == value else before).origins[dotted(path)]
        for path, value in leaves(settings)
    }


def _differences(one: Settings, other: Settings) -> tuple[str, ...]:
    """The keys in which two settings differ: in the order of the classes, what only the other one has behind."""
    here, there = dict(leaves(one)), dict(leaves(other))
    missing = object()
    paths = (path for path in {**here, **there} if here.get(path, missing) != there.get(path, missing))
    known = one.upstreams.keys() & other.upstreams.keys()
    return tuple(dict.fromkeys(dotted(_as_said(path, known)) for path in paths))


def _as_said(path: Path, upstreams: Collection[str]) -> Path:
    """The key that people are told of."""
    if path[0] == "upstreams" and path[1] not in upstreams:
        return path[:2]
    return path[: next((place for place, step in enumerate(path) if isinstance(step, int)), len(path))]
