"""The shape of `Settings`, asked by path: what stands at `calls.follow.max_bytes`, and which keys stand beside it."""

import types
from collections.abc import Iterator
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from sidecar.config.settings import Settings
from sidecar.config.upstreams import BUILT_IN_UPSTREAMS

Path = tuple[str | int, ...]
"""The way to a setting through groups, names and places in lists."""


def dotted(path: Path) -> str:
    """A path as people write it: `prices.overrides[0].model`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def kind_at(path: Path) -> Any:  # noqa: ANN401  a type annotation may be any object
    """The type annotation of what stands at a path, without Optional and Annotated; None where nothing can stand."""
    kind: Any = Settings
    for step in path:
        kind = _step(kind, step)
        if kind is None:
            return None
    return kind


def is_group(kind: Any) -> bool:  # noqa: ANN401
    """Keys stand below it: a group of settings, or things by name."""
    return (isinstance(kind, type) and issubclass(kind, BaseModel)) or get_origin(kind) is dict


def is_structure(kind: Any) -> bool:  # noqa: ANN401
    """It is written as YAML or JSON, not as one word."""
    return is_group(kind) or get_origin(kind) is tuple


def keys_at(path: Path) -> tuple[str, ...]:
    """The keys that may stand directly below a path; for things by name, the built-in ones."""
    kind = kind_at(path)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    return tuple(BUILT_IN_UPSTREAMS) if path == ("upstreams",) else ()


def leaf_paths(names: tuple[str, ...] = tuple(BUILT_IN_UPSTREAMS)) -> Iterator[Path]:
    """The path of every setting that is not a group; `names` stand for the upstreams."""
    yield from _leaves((), names)


def _leaves(path: Path, names: tuple[str, ...]) -> Iterator[Path]:
    if not is_group(kind_at(path)):
        yield path
        return
    for key in names if path == ("upstreams",) else keys_at(path):
        yield from _leaves((*path, key), names)


def _step(kind: Any, step: str | int) -> Any:  # noqa: ANN401
    if isinstance(step, int):
        return _plain(get_args(kind)[0]) if get_origin(kind) is tuple else None
    if get_origin(kind) is dict:
        return _plain(get_args(kind)[1])
    if isinstance(kind, type) and issubclass(kind, BaseModel) and step in kind.model_fields:
        return _plain(kind.model_fields[step].annotation)
    return None


def _plain(kind: Any) -> Any:  # noqa: ANN401
    """An annotation without `Annotated` and without `| None`."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return _plain(next(arm for arm in get_args(kind) if arm is not types.NoneType))
    return kind


def may_be_none(path: Path) -> bool:
    """`null` is a value there."""
    parent = kind_at(path[:-1])
    field = (
        parent.model_fields.get(str(path[-1])) if isinstance(parent, type) and issubclass(parent, BaseModel) else None
    )
    return field is not None and types.NoneType in get_args(field.annotation)
