"""What an answer has used: by its steps, or as somebody counts it."""

from typing import Any

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.conversation import Planned
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script

PLAN = Plan(
    route=Route(Dialect.OPENAI, "realtime", "gpt-realtime"),
    model=CATALOG["gpt-realtime"],
    script=Script(),
    used=Used(prompt_tokens=9, output_tokens=40, audio_output_tokens=20),
    steps=4,
)
NOBODY: Any = None


def test_by_its_steps__in_proportion():
    planned = Planned(PLAN, NOBODY)
    assert planned.used_after(None) == Used(prompt_tokens=9)
    assert planned.used_after(1) == Used(prompt_tokens=9, output_tokens=10, audio_output_tokens=5)
    assert planned.used_after(4) == PLAN.used


def test_as_somebody_counts_it__whatever_the_step():
    assert Planned(PLAN, NOBODY, lambda: Used(audio_seconds=3)).used_after(None) == Used(audio_seconds=3)
