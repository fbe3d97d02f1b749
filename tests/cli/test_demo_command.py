"""`sidecar demo` as it is typed."""

import inspect

from sidecar.cli import performance
from sidecar.cli.demo import run_demo
from sidecar.cli.demo_command import demo


def test_what_is_not_typed_is_as_the_scene_has_it() -> None:
    defaults = {name: each.default for name, each in inspect.signature(demo).parameters.items()}
    assert defaults == {
        "seconds": performance.SECONDS, "callers": performance.CALLERS, "seed": performance.SEED, "keep": False, "open": None,
        "ledger": None,
    }  # fmt: skip


def test_every_flag_reaches_the_demo() -> None:
    assert len(inspect.signature(demo).parameters) == len(inspect.signature(run_demo).parameters)
