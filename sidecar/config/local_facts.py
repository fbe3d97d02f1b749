"""The file of local facts: where it is, how it becomes a layer of the settings, how it is written, and what is said of old ones.

It is shaped like the settings, so that a fact may as well stand among them: `upstreams.<name>.measured`, newest first.
`sidecar probe` writes it, the next start reads it: `facts_file`, or `sidecar-facts.yaml` beside the settings file (in the
working directory where there is none, as `sidecar.db`). One that is not there is no error: nothing was measured yet.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as File
from typing import Any, Final

import yaml

from sidecar.clock import SECOND, Moment, from_rfc3339
from sidecar.config.layers import Layer
from sidecar.config.measured import MeasuredFact
from sidecar.config.schema import Path
from sidecar.config.settings import Settings
from sidecar.config.sources import ChosenFile, file_layer
from sidecar.config.upstreams import BUILT_IN_UPSTREAMS
from sidecar.config.yaml_tree import Tree
from sidecar.errors import SettingsError

FOUND_FACTS: Final = "sidecar-facts.yaml"
OLD_DAYS: Final = 90
"""Providers change what they do without a word: what is older is to be measured again."""
DAY: Final[Moment] = 86_400 * SECOND
MOST_KEPT: Final = 20
"""Measurements of one upstream that a file keeps, the newest first."""
CAPTION: Final = (
    "# Measured by `sidecar probe`: whether closing the connection stops the work. Read with the settings at the next start;\n"
    "# upstreams.<name>.on_close of the settings stands above it. Remove an entry to go back to the built-in table.\n"
)


# === reading ===


def facts_path(told: Iterable[Layer], settings_file: ChosenFile | None) -> File:
    """Where the facts are: as `facts_file` says, else beside the settings file, else in the working directory."""
    named = next((layer.values["facts_file"] for layer in told if layer.values.get("facts_file")), None)
    if isinstance(named, str):
        return File(named)
    return File(settings_file.path).parent / FOUND_FACTS if settings_file is not None else File(FOUND_FACTS)


def facts_layer(path: File, told: Iterable[Layer]) -> Layer:
    """The layer of that file: measurements and nothing else, of those upstreams that the other layers know."""
    if not os.path.exists(path):  # noqa: PTH110  pathlib raises on a name that is too long
        return Layer()
    layer = file_layer(ChosenFile(str(path), "facts_file"))
    known = {str(place[1]) for each in told for place in each.origins if place[0] == "upstreams" and len(place) > 1}
    _keep_measurements(layer, known | set(BUILT_IN_UPSTREAMS))
    return layer


def _keep_measurements(layer: Layer, known: set[str]) -> None:
    """Refuse every other key: whoever may write measurements is not to set where calls go."""
    for path in [path for path in layer.origins if not _may_stand(path, layer.values)]:
        problem = "can't stand in a file of facts", "it holds upstreams.<name>.measured alone"
        layer.problems.append(layer.origins[path].problem(path, *problem))
    upstreams = layer.values.get("upstreams")
    found = upstreams if isinstance(upstreams, dict) and not layer.problems else {}
    kept = {name: keys for name, keys in found.items() if name in known}
    layer.values = {"upstreams": kept} if kept else {}
    layer.origins = {path: origin for path, origin in layer.origins.items() if path[1:2] and path[1] in kept}


def _may_stand(path: Path, values: Mapping[str, Any]) -> bool:
    """Of what stands below `measured` the settings themselves know what is wrong with it."""
    if path[0] != "upstreams" or path[2:3] not in ((), ("measured",)):
        return False
    return len(path) != 2 or (
        isinstance(values["upstreams"], dict) and isinstance(values["upstreams"].get(path[1]), dict)
    )


# === writing ===


class FactsNotWritten(SettingsError):
    """The file of facts can't be written, or holds something that is none."""


def with_fact(text: str, upstream: str, fact: MeasuredFact) -> str:
    """A facts file's text with one more measurement, in front; an older one of the same model and method goes.

    Raises:
        FactsNotWritten: the text is no facts file, and would be lost.
    """
    tree = _tree_of(text)
    upstreams = tree.setdefault("upstreams", {})
    new = fact.model_dump(mode="json", exclude_defaults=True)
    older = [one for one in upstreams.get(upstream, {}).get("measured", []) if not _replaces(new, one)]
    upstreams[upstream] = {"measured": [new, *older][:MOST_KEPT]}
    return CAPTION + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=120)


def _tree_of(text: str) -> dict[str, Any]:
    read = Tree(text)
    value: Any = {} if read.value is None else read.value
    upstreams = value.get("upstreams", {}) if isinstance(value, dict) else None
    is_one = isinstance(upstreams, dict) and all(
        isinstance(keys, dict) and isinstance(keys.get("measured", []), list) for keys in upstreams.values()
    )
    if read.problems or not is_one or set(value) - {"upstreams"}:
        raise FactsNotWritten("--write", "the file is there, and holds something else than facts", "name another one")
    return dict(value)


def _replaces(new: Mapping[str, Any], old: object) -> bool:
    """The same was measured there, and nothing that the older one says is left unsaid. What is no entry at all goes too."""
    if not isinstance(old, dict):
        return True
    is_same = all(new.get(key) == old.get(key) for key in ("dialect", "url", "model", "method"))
    return is_same and all(kind in new for kind in ("stream", "unary") if kind in old)


def write_fact(path: File, upstream: str, fact: MeasuredFact) -> None:
    """Add a measurement to a file, which is replaced whole: whoever reads it meanwhile sees one or the other.

    Raises:
        FactsNotWritten: it can't be.
    """
    try:
        text = with_fact(path.read_text("utf-8") if path.exists() else "", upstream, fact)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(text)
        File(file.name).chmod(0o644)  # no secret stands in it, and the sidecar may be another user
        File(file.name).replace(path)
    except (OSError, UnicodeDecodeError) as why:
        reason = getattr(why, "strerror", None) or "it is not UTF-8 text"
        raise FactsNotWritten("--write", f"{path} can't be written: {reason.lower()}", "name another file") from None


# === what deserves a word ===


def fact_notes(settings: Settings, now: Moment) -> Iterator[str]:
    """Facts that are old, and those that do not count here any more."""
    for name, upstream in settings.upstreams.items():
        for place, fact in enumerate(upstream.measured):
            where = f"upstreams.{name}.measured[{place}] ({fact.model}, {fact.method})"
            days = (now - from_rfc3339(fact.measured_at)) // DAY
            if not fact.is_of(upstream.dialect.value, str(upstream.url)):
                yield f"{where} does not count: it was measured at {fact.url} in {fact.dialect}, and the upstream is another now"
            elif days > OLD_DAYS:
                yield (
                    f"{where} was measured {days} days ago, and providers change what they do: "
                    f"measure again with `sidecar probe {name} --model {fact.model}`"
                )
