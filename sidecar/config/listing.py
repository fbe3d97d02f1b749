"""All settings as people may see them: one line for each key, with its value and where that came from, passwords masked."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sidecar.config.load import leaves
from sidecar.config.problems import masked
from sidecar.config.schema import Path, dotted
from sidecar.config.settings import Settings


class Line(NamedTuple):
    """One setting."""

    path: Path
    value: Any
    """JSON. What may be a password is `***`."""
    origin: str | None
    """`flag --mode`, `variable SIDECAR_MODE`, `file sidecar.yaml:3` or `default`; None where nobody has said."""

    @property
    def key(self) -> str:
        """As it is typed: `calls.follow.max_calls`."""
        return dotted(self.path)


def listing(settings: Settings, origins: Mapping[str, str]) -> Iterator[Line]:
    """Every key, in the order of the classes. `origins` are those of `Loaded`."""
    shown = settings.model_dump(mode="json")
    for path, _ in leaves(settings):
        value = _at(shown, path)
        yield Line(path, masked(value) if isinstance(value, str) else value, origins.get(dotted(path)))


def _at(tree: Any, path: Path) -> Any:  # noqa: ANN401  JSON
    for step in path:
        tree = tree[step]
    return tree
