"""Flags over variables over the settings file over `HTTPS_PROXY` and its like over defaults.

One value, the origin of every key, or every problem at once.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path as File
from typing import Any

import msgspec
from pydantic import BaseModel, ValidationError

from sidecar.config.conflicts import conflicts
from sidecar.config.faults import faults
from sidecar.config.layers import Layer, default_layer, flag_layer, nearest_origin, origin_of
from sidecar.config.local_facts import FOUND_FACTS, facts_layer, facts_path
from sidecar.config.problems import BadSettings, SettingProblem
from sidecar.config.schema import Path, dotted
from sidecar.config.settings import Settings
from sidecar.config.socket_rules import Conflict
from sidecar.config.sources import ChosenFile, choose_file, convention_layer, file_layer, variable_layer

ONE_OF_MANY = ("price", "credential", "headers", "token")
"""Groups with many keys of which few are set: what is not is left out when they are shown."""


Check = Callable[[Settings], Iterable[Conflict]]
"""Finds what keeps settings from working that only others can know: folders on one floor do not know each other."""


class Loaded(msgspec.Struct, frozen=True):
    """The settings and where they came from."""

    settings: Settings
    origins: Mapping[str, str]
    """By dotted key, of every key: `flag --mode`, `variable SIDECAR_MODE`, `file sidecar.yaml:3` or `default`."""
    file: ChosenFile | None
    """The settings file that was read, if any."""
    facts_file: File = File(FOUND_FACTS)
    """Where measurements are read from, and written to; it need not exist."""


def load(
    flags: Mapping[str, str | None],
    variables: Mapping[str, str],
    config: str | None = None,
    checks: Iterable[Check] = (),
) -> Loaded:
    """Read all settings.

    `flags` holds the text of the flags in `layers.FLAGS` (None: not given), `variables` is the environment, `config` the value
    of `--config`. `checks` are made of settings that are each well formed.

    Raises:
        BadSettings: names everything that is wrong, each by the key as it was typed.
    """
    chosen = choose_file(config, variables)
    told = (flag_layer(flags), variable_layer(variables), file_layer(chosen), convention_layer(variables))
    facts_file = facts_path(told, chosen)
    layers = (*told, facts_layer(facts_file, told), default_layer(told))
    problems = [problem for layer in layers for problem in layer.problems]
    try:
        settings = Settings.of(*layers)
    except ValidationError as error:
        raise BadSettings(in_order(problems + list(faults(error, layers)))) from None
    for path, problem, advice in chain(conflicts(settings), *(check(settings) for check in checks)):
        problems.append(nearest_origin(path, layers).problem(path, problem, advice))
    if problems:
        raise BadSettings(in_order(problems))
    return Loaded(settings, origins(settings, layers), chosen, facts_file)


def origins(settings: Settings, layers: tuple[Layer, ...]) -> dict[str, str]:
    """Where every key's value came from."""
    return {dotted(path): str(origin_of(path, layers)) for path, _ in leaves(settings)}


def leaves(value: object, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every setting that is not a group, in the order of the classes. What a list's item leaves unset is left out."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            if inner is not None or not path or not (isinstance(path[-1], int) or path[-1] in ONE_OF_MANY):
                yield from leaves(inner, (*path, name))
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif type(value) is tuple and value:  # Address and Url are tuples too, and leaves
        for place, inner in enumerate(value):
            yield from leaves(inner, (*path, place))
    else:
        yield path, value


def in_order(problems: list[SettingProblem]) -> list[SettingProblem]:
    """Flags first, then variables, then the file by its lines."""
    return sorted(problems, key=_place)


def _place(problem: SettingProblem) -> tuple[int, str, int]:
    if not problem.where:
        return (0 if problem.key.startswith("--") else 1, problem.key, 0)
    path, _, line = problem.where.rpartition(":")
    return (2, path, int(line)) if line.isdecimal() else (2, problem.where, 0)
