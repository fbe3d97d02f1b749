"""What is wrong with manifests: a place and a sentence for each, all of them at once."""

from collections.abc import Iterable
from typing import NamedTuple

from sidecar.errors import SidecarError

Path = tuple[str | int, ...]
"""Where something stands in a document: keys and places in lists, as `("spec", "containers", 0)`."""


class Remark(NamedTuple):
    """Something to be said about a document."""

    path: Path
    sentence: str
    """Without the place, lower case, no full stop."""


class BadManifests(SidecarError):
    """What was given can't be injected, and nothing is. `problems` are whole sentences, each with its file and line."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)
