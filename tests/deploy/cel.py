"""CEL as an admission policy uses it: cel-python, and the few things that Kubernetes adds, for pods as plain dicts.

Added, as in k8s.io/apiserver 1.36: `JSONPatch{...}` and `Object.spec....{...}`, `lists.range()` and `.flatten()` (cel-go's lists,
in Kubernetes since 1.34), `jsonpatch.escapeKey()`, and a `has()` that fails where what it looks into is not there.

What this does not do: types. The API server refuses a list of mixed types before it evaluates anything; cel-python takes
it. Nor does it count costs. tests/deploy/test_cluster.py asks a real API server where there is one.
"""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cache
from typing import Any

import celpy
import lark
from celpy import celtypes
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError, Context, Evaluator

Json = Any
Value = Any
"""One of cel-python's, or what an operator of it gives instead: `str` for text, `list`."""
Pod = dict[str, Any]
Operation = Mapping[str, Any]
"""One of a JSON Patch (RFC 6902): `op`, `path`, `value`."""


class Typed(celtypes.MapType):
    """What a constructor made: a map that knows its type's name."""

    def __init__(self, type_name: str, fields: Mapping[Any, Any]) -> None:
        super().__init__(fields)
        self.type_name = type_name


class TypeName(celtypes.MapType):
    """`JSONPatch`, `Object`, or a name below it, whose fields are names in turn; called by cel-python for `NAME{...}`."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __getitem__(self, field: Any) -> "TypeName":
        return TypeName(f"{self.name}.{field}")

    def __call__(self, fields: Mapping[Any, Any] | None) -> Typed:
        return Typed(self.name, fields or {})


class StrictEvaluator(Evaluator):
    """cel-python says of `has(a.b)` that it is false when there is no `a`; CEL says that it is an error."""

    def macro_has_eval(self, exprlist: lark.Tree[lark.Token]) -> Value:
        selection = next(tree for tree in exprlist.iter_subtrees_topdown() if tree.data == "member_dot")
        holder = self.visit(selection.children[0])
        return holder if isinstance(holder, CELEvalError) else super().macro_has_eval(exprlist)


class StrictRunner(celpy.InterpretedRunner):
    """cel-python's, with our evaluator."""

    def evaluate(self, context: Context) -> Value:
        return StrictEvaluator(ast=self.ast, activation=self.new_activation()).evaluate(context)


def _range(_lists: Value, count: int) -> Value:
    return celtypes.ListType([celtypes.IntType(number) for number in range(count)])


def _flatten(nested: Value) -> Value:
    flat: list[Value] = []
    for item in nested:
        flat.extend(item if isinstance(item, list) else [item])
    return celtypes.ListType(flat)


def _escape_key(_jsonpatch: Value, key: str) -> Value:
    """RFC 6901, section 3."""
    return celtypes.StringType(key.replace("~", "~0").replace("/", "~1"))


FUNCTIONS: dict[str, Callable[..., Value]] = {"range": _range, "flatten": _flatten, "escapeKey": _escape_key}
NAMES: Mapping[str, Value] = {
    "Object": TypeName("Object"),
    "JSONPatch": TypeName("JSONPatch"),
    "lists": celtypes.MapType(),  # cel-python takes `lists.range(n)` for a method of something called `lists`
    "jsonpatch": celtypes.MapType(),
}


@cache
def _program(expression: str) -> celpy.Runner:
    environment = celpy.Environment(runner_class=StrictRunner)
    return environment.program(environment.compile(expression), FUNCTIONS)


def evaluated(expression: str, pod: Pod, variables: Mapping[str, Value] | None = None) -> Value:
    """What an expression is for this pod.

    Raises:
        CELEvalError: it has no value, as when it asks for a field that is not there.
        CELParseError: it is no CEL.
    """
    held = celtypes.MapType({celtypes.StringType(name): value for name, value in (variables or {}).items()})
    return _program(expression).evaluate({**NAMES, "object": json_to_cel(pod), "variables": held})


def plain(value: Value, type_name: str = "") -> Json:
    """A CEL value as JSON.

    `type_name` is the name that a constructor at this place has to have: the API server wants that of its path.

    Raises:
        TypeError: a constructor's name is not that of its place.
    """
    if isinstance(value, Typed) and value.type_name != type_name:
        raise TypeError(f"{value.type_name}{{}} stands where {type_name}{{}} belongs")
    if isinstance(value, dict):
        return {str(key): plain(inner, f"{type_name}.{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, type_name) for inner in value]
    if isinstance(value, celtypes.BoolType | bool):
        return bool(value)
    for kind in (int, str):  # of which cel-python's are kinds; some of its operators give Python's own
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"a policy has no use for {value!r}")


def operation(value: Value) -> Operation:
    """A JSON Patch operation out of `JSONPatch{...}`.

    Raises:
        TypeError: it is something else, or the API server would panic at it or refuse it.
    """
    if not isinstance(value, Typed) or value.type_name != "JSONPatch":
        raise TypeError(f"{value!r} is no JSONPatch{{}}")
    held = value.get("value")
    if isinstance(held, list) and held:
        raise TypeError("an API server of 1.36 panics at a list of objects as a value: add [], then each at index 0")
    begun = held.type_name if isinstance(held, Typed) else ""
    if isinstance(held, Typed) and not begun.startswith("Object."):
        raise TypeError(f"{begun}{{}} is no part of an object")
    return {"op": str(value["op"]), "path": str(value["path"]), "value": plain(held, begun)}


def patched(pod: Pod, operations: Iterable[Operation]) -> Pod:
    """The pod after these operations, one after another (RFC 6902). Only `add`, as the policy does nothing else.

    Raises:
        LookupError: an operation's place is not there.
        ValueError: an operation is not `add`.
    """
    result = deepcopy(pod)
    for each in operations:
        if each["op"] != "add":
            raise ValueError(f"{each['op']!r} is not done here")
        *above, last = (step.replace("~1", "/").replace("~0", "~") for step in each["path"].split("/")[1:])
        place: Any = result
        for step in above:
            place = place[int(step)] if isinstance(place, list) else place[step]
        _add(place, last, deepcopy(each["value"]))
    return result


def _add(place: Any, key: str, value: Json) -> None:
    if isinstance(place, dict):
        place[key] = value
        return
    index = len(place) if key == "-" else int(key)
    if index > len(place):
        raise IndexError(f"there is no place {key} in a list of {len(place)}")
    place.insert(index, value)


def selects(policy: Mapping[str, Any], pod: Pod) -> bool:
    """The policy is for this pod: by its labels, and by every condition."""
    wanted = policy["spec"]["matchConstraints"]["objectSelector"]["matchLabels"]
    if not wanted.items() <= (pod["metadata"].get("labels") or {}).items():
        return False
    return all(bool(evaluated(condition["expression"], pod)) for condition in policy["spec"]["matchConditions"])


def admitted(policy: Mapping[str, Any], pod: Pod) -> Pod:
    """The pod as it is created under this policy: the same, or with all mutations in their order."""
    if not selects(policy, pod):
        return pod
    for mutation in policy["spec"]["mutations"]:
        variables: dict[str, Value] = {}
        for variable in policy["spec"]["variables"]:
            variables[variable["name"]] = evaluated(variable["expression"], pod, variables)
        pod = patched(pod, map(operation, evaluated(mutation["jsonPatch"]["expression"], pod, variables)))
    return pod
