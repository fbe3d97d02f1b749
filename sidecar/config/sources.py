"""The settings file and the variables, each read into a layer."""

import re
from collections.abc import Mapping
from pathlib import Path as File

import msgspec

from sidecar.config.layers import Layer, Origin
from sidecar.config.problems import SettingProblem, nearest
from sidecar.config.schema import Path, is_structure, kind_at, leaf_paths, may_be_none
from sidecar.config.upstreams import BUILT_IN_UPSTREAMS
from sidecar.config.yaml_tree import Tree

PREFIX = "SIDECAR_"
CONFIG_VARIABLE = "SIDECAR_CONFIG"
FOUND_FILE = "sidecar.yaml"
MOST_CHARACTERS = 1 << 20
"""Of a settings file, a hundred times a large one: a name may lead to a device that has no end."""

CONVENTIONS: Mapping[str, Path] = {"https_proxy": ("egress", "https_proxy"), "no_proxy": ("egress", "no_proxy")}
"""Variables without our prefix that count where no setting says otherwise."""

SERVICE_LINK = re.compile(
    r"SIDECAR_(?:[A-Z0-9_]+_)?(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)"
)
"""Variables that Kubernetes sets in every pod for a Service named `sidecar` or `sidecar-...`: none of them is ours."""


class ChosenFile(msgspec.Struct, frozen=True):
    """Which settings file is read, as it was named, and who named it."""

    path: str
    chosen_by: str
    """`--config`, `SIDECAR_CONFIG`, or empty when it was found in the working directory."""


def choose_file(flag: str | None, variables: Mapping[str, str]) -> ChosenFile | None:
    """The settings file: `--config`, else `$SIDECAR_CONFIG`, else `./sidecar.yaml` if there is one, else none."""
    if flag is not None:
        return ChosenFile(flag, "--config")
    if named := variables.get(CONFIG_VARIABLE):
        return ChosenFile(named, CONFIG_VARIABLE)
    return ChosenFile(FOUND_FILE, "") if File(FOUND_FILE).exists() else None


def file_layer(chosen: ChosenFile | None) -> Layer:
    """The layer of the settings file; one that can't be read is a problem of the layer, not an exception."""
    layer = Layer()
    if chosen is None:
        return layer
    try:
        with File(chosen.path).open(encoding="utf-8") as file:
            text = file.read(MOST_CHARACTERS + 1)
    except OSError as why:
        problem = f"can't read {chosen.path}: {(why.strerror or 'unknown error').lower()}"
        layer.problems.append(SettingProblem("", chosen.chosen_by, problem))
        return layer
    except UnicodeDecodeError:
        layer.problems.append(SettingProblem(chosen.path, "", "is not UTF-8 text"))
        return layer
    if len(text) > MOST_CHARACTERS:
        layer.problems.append(SettingProblem(chosen.path, "", f"has more than {MOST_CHARACTERS:,} characters"))
        return layer
    _fill(layer, Tree(text), chosen.path)
    return layer


def _fill(layer: Layer, tree: Tree, path: str) -> None:
    """Take a file's tree over into its layer."""
    for line, where, problem, advice in tree.problems:
        layer.problems.append(Origin("file", f"{path}:{line}").problem(where, problem, advice))
    if isinstance(tree.value, dict):
        layer.values = tree.value
        layer.origins = {where: Origin("file", f"{path}:{line}") for where, line in tree.lines.items()}
    elif tree.value is not None:
        layer.problems.append(SettingProblem(path, "", "holds no keys", "write a key and its value: mode: observe"))


def variable_layer(variables: Mapping[str, str]) -> Layer:
    """The layer of the `SIDECAR_*` variables. An empty one counts as not set; one that names no setting is a problem."""
    layer = Layer()
    ours = {name: text for name, text in variables.items() if name.startswith(PREFIX) and name != CONFIG_VARIABLE}
    for name in sorted(ours, key=lambda name: (name.count("__"), name)):  # a group first, then what stands in it
        if ours[name] and not SERVICE_LINK.fullmatch(name):
            _take(layer, name, ours[name])
    return layer


def _take(layer: Layer, name: str, text: str) -> None:
    path = variable_path(name)
    kind = kind_at(path)
    origin = Origin("variable", name, path)
    if kind is None:
        advice = _nearest_variable(name, path)
        layer.problems.append(origin.problem(path, "names no setting", advice))
    elif is_structure(kind):
        tree = Tree(text, path)
        layer.problems += [
            origin.problem(where or path, problem, advice) for _, where, problem, advice in tree.problems
        ]
        if tree.value is not None:
            layer.put(path, tree.value, origin)
        layer.origins.update(dict.fromkeys(tree.lines, origin))
    else:
        layer.put(path, None if text == "null" and may_be_none(path) else text, origin)


def convention_layer(variables: Mapping[str, str]) -> Layer:
    """The layer of the variables that programs share: `HTTPS_PROXY` and `NO_PROXY`, in lower case first, as for curl."""
    layer = Layer()
    for name, path in CONVENTIONS.items():
        for spelled in (name, name.upper()):
            if variables.get(spelled):
                layer.put(path, variables[spelled], Origin("variable", spelled, path))
                break
    return layer


def variable_path(name: str) -> Path:
    """The setting that a variable names. An upstream's hyphens are underscores there, as shells allow no hyphens."""
    path = name.removeprefix(PREFIX).lower().split("__")
    if path[0] == "upstreams" and len(path) > 1:
        path[1] = path[1].replace("_", "-")
    return tuple(path)


def variable_name(path: Path) -> str:
    """The variable that names a setting."""
    return PREFIX + "__".join(map(str, path)).upper().replace("-", "_")


def _nearest_variable(name: str, path: Path) -> str:
    """The variable that was probably meant. Compared without the prefix, which would make all of them alike."""
    upstreams = (str(path[1]),) if path[0] == "upstreams" and len(path) > 2 else ()
    known = {variable_name(leaf).removeprefix(PREFIX): leaf for leaf in leaf_paths((*upstreams, *BUILT_IN_UPSTREAMS))}
    near = nearest(name.removeprefix(PREFIX), known)
    return f"did you mean {PREFIX}{near}?" if near else ""
