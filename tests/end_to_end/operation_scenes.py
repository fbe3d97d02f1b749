"""Scenes in which programs open operations and are killed, and the sidecar that they are played before."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.operators import FAMILIES, Operators, headers_of
from tests.end_to_end.rig import RunningSidecar, running_sidecar

ENFORCE = {
    "MODE": "enforce",
    "OPERATIONS__LEASE_SECONDS": "2",
    "OPERATIONS__GRACE_SECONDS": "0.5",
    "OPERATIONS__CONFIRM_SECONDS": "0.5",
    "OPERATIONS__CLAIM_SECONDS": "1",
}
LONG = "never_ending=1 seconds=600"


@contextmanager
def sidecar_with(directory: Path, simulator: RunningSimulator, settings: Mapping[str, str]) -> Iterator[RunningSidecar]:
    """A sidecar whose four upstreams all lead to the simulator."""
    urls = {f"UPSTREAMS__{name}__URL": simulator.url for name in ("OPENAI", "ANTHROPIC")}
    with running_sidecar(directory, simulator, urls | ENFORCE | dict(settings)) as running:
        yield running


class Scene(NamedTuple):
    """A program that opens an operation and is killed before it can ask for it."""

    family: str
    script: str
    lease: str = ""


def lease_of(family: str) -> str:
    """What a caller says that wants even a batch cancelled when it is gone."""
    return "2s" if FAMILIES[family].is_watched_only else ""


TELLING = ["interaction", "response", "message_batch"]
"""Families whose provider says what was used."""
HARD = {
    "late": ("seconds=4 cancel=late", "succeeded", "too_late"),
    "throttled": (f"{LONG} cancel=throttled:1", "cancelled", "confirmed"),
    "failing": (f"{LONG} cancel=failing:1", "cancelled", "confirmed"),
}
"""By name: the script, the outcome, and what came of the cancel."""
COSTS = "seconds=60 prompt=1000 output=500 chunks=10"
SCENES = {
    **{f"killed-{family}": Scene(family, LONG, lease_of(family)) for family in FAMILIES},
    **{f"billed-{family}": Scene(family, COSTS, lease_of(family)) for family in TELLING},
    **{f"hard-{name}": Scene("response", script) for name, (script, *_) in HARD.items()},
    "watched": Scene("message_batch", "seconds=5"),
    "canary": Scene("response", LONG),
}
"""All of them are played at once: each takes seconds of waiting and little else."""


def play(sidecar: RunningSidecar, operators: Operators, name: str, scene: Scene) -> None:
    """Let a program open its operation, and kill it."""
    headers = headers_of(name, scene.script, scene.lease)
    with operators.program(scene.family, sidecar.proxy, headers) as program:
        program.heard("opened")
        program.kill()
