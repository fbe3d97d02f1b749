"""What pydantic found wrong, as problems: the key as it was typed, and a sentence for people."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sidecar.config.layers import Layer, nearest_origin
from sidecar.config.problems import SettingProblem, did_you_mean, shown
from sidecar.config.schema import keys_at
from sidecar.config.values import UNUSABLE

Said = tuple[str, str]
"""Problem and advice."""

UPSTREAM_DEPTH = 2
"""Steps of the path to an upstream: `upstreams.<name>`."""


def faults(error: ValidationError, layers: Sequence[Layer]) -> Iterator[SettingProblem]:
    """A problem for each of the errors, placed where its value stands."""
    for detail in error.errors(include_url=False):
        path = tuple(step for step in detail["loc"] if step != "[key]")
        stands_at = path[:-1] if detail["type"] == "missing" else path
        problem, advice = SENTENCES.get(detail["type"], _as_pydantic_says)(detail)
        yield nearest_origin(stands_at, layers).problem(path, problem, advice)


def _unusable(detail: ErrorDetails) -> Said:
    return str(detail["ctx"]["problem"]), str(detail["ctx"]["advice"])


def _unknown_key(detail: ErrorDetails) -> Said:
    *group, typed = detail["loc"]
    known = keys_at(tuple(group))
    return "unknown key", did_you_mean(str(typed), known) or f"known here: {', '.join(known)}"


def _not_one_of(detail: ErrorDetails) -> Said:
    allowed = re.findall(r"'([^']*)'", str(detail["ctx"]["expected"]))
    return f"{shown(detail['input'])} is not one of {', '.join(allowed)}", did_you_mean(str(detail["input"]), allowed)


def _missing(detail: ErrorDetails) -> Said:
    group = detail["loc"][:-1]
    if group[:1] != ("upstreams",) or len(group) != UPSTREAM_DEPTH:
        return "is missing", ""
    return "is missing", did_you_mean(str(group[1]), keys_at(("upstreams",))) or "an upstream of your own needs one"


def _not_a_group(detail: ErrorDetails) -> Said:
    keys = ", ".join(keys_at(tuple(detail["loc"])))
    return f"{shown(detail['input'])} is not a group of keys", f"known here: {keys}" if keys else ""


def _not_a_list(detail: ErrorDetails) -> Said:
    return f"{shown(detail['input'])} is not a list", "write one item a line, each behind a hyphen"


def _not_a_claim(detail: ErrorDetails) -> Said:
    return f"{shown(detail['input'])} is not true or false", ""


def _out_of_bounds(words: str, bound: str) -> Callable[[ErrorDetails], Said]:
    def say(detail: ErrorDetails) -> Said:
        return f"{shown(detail['input'])} must be {words} {detail['ctx'][bound]}", ""

    return say


def _as_pydantic_says(detail: ErrorDetails) -> Said:
    """An error for which no sentence was written; pydantic's own is sober enough."""
    return f"{shown(detail['input'])}: {detail['msg'].lower()}", ""


SENTENCES: Mapping[str, Callable[[ErrorDetails], Said]] = {
    UNUSABLE: _unusable,
    "extra_forbidden": _unknown_key,
    "enum": _not_one_of,
    "missing": _missing,
    "model_type": _not_a_group,
    "dict_type": _not_a_group,
    "tuple_type": _not_a_list,
    "bool_parsing": _not_a_claim,
    "bool_type": _not_a_claim,
    "greater_than": _out_of_bounds("above", "gt"),
    "greater_than_equal": _out_of_bounds("at least", "ge"),
    "less_than_equal": _out_of_bounds("at most", "le"),
}
