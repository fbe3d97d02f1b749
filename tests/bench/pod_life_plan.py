"""What happens in one round of the pods' campaign: drawn by a seed, so that a round can be played again."""

from enum import StrEnum
from random import Random

import msgspec

from tests.end_to_end.pod_app import Errand, OnSigterm

CALLS = (20, 50)
OPERATIONS = (10, 30)
GRACE_SECONDS = (3, 9)
ENDLESS = "never_ending=1 seconds=600"
ENDS = (
    (12, f"{ENDLESS} cancel=stops"),
    (3, f"{ENDLESS} cancel=slow:0.5"),
    (2, f"{ENDLESS} cancel=failing:1"),
    (2, f"{ENDLESS} cancel=late"),
    (1, f"{ENDLESS} cancel=refused"),
    (2, "seconds=1.5"),
)
"""How often an operation is of this kind, and what it does."""
GOOGLE_EVERY = 3
"""In one round of so many the application speaks with Google as well: two more SDK clients, each half a second of CPU."""


class Crash(StrEnum):
    """When our container is killed by SIGKILL."""

    NEVER = "never"
    SERVING = "serving"
    DRAINING = "draining"
    """Between the hook and SIGTERM: kubelet starts it again."""
    SETTLING = "settling"
    """After SIGTERM: nobody starts it again in this pod."""


class Plan(msgspec.Struct, frozen=True):
    """One round."""

    number: int
    grace_seconds: int
    errands: tuple[Errand, ...]
    last: tuple[Errand, ...]
    """What the application does when it is told to end, if it ends in order."""
    on_sigterm: OnSigterm
    app_lives_seconds: float | None
    """A deaf application is killed so long after the hook; None: it lives until the grace is over, or ends by itself."""
    serves_seconds: float
    """From the application's start to the deletion."""
    crash: Crash
    crash_seconds: float
    """After the beginning of that phase."""


def plan(number: int, seed: int) -> Plan:
    """The round of this number."""
    drawn = Random(seed * 1_000_003 + number)
    on_sigterm = drawn.choice(list(OnSigterm))
    lives = drawn.uniform(0, 2) if on_sigterm is OnSigterm.IS_DEAF and drawn.random() < 0.6 else None
    crash = drawn.choices(list(Crash), weights=(4, 2, 2, 2))[0]
    last = [
        *_calls(drawn, f"{number} last", 5, has_google=False),
        *_operations(drawn, f"{number} last", 2, has_google=False),
    ]
    has_google = number % GOOGLE_EVERY == 0
    return Plan(
        number=number,
        grace_seconds=drawn.randint(*GRACE_SECONDS),
        errands=(
            *_calls(drawn, f"{number}", drawn.randint(*CALLS), has_google=has_google),
            *_operations(drawn, f"{number}", drawn.randint(*OPERATIONS), has_google=has_google),
        ),
        last=tuple(last) if on_sigterm is OnSigterm.ENDS_IN_ORDER else (),
        on_sigterm=on_sigterm,
        app_lives_seconds=lives,
        serves_seconds=drawn.uniform(0.1, 1.5),
        crash=crash,
        crash_seconds=drawn.uniform(0, 1.0 if crash is Crash.SERVING else 0.6),
    )


def _calls(drawn: Random, name: str, count: int, *, has_google: bool) -> list[Errand]:
    kinds = ("chat", "unary", "stream") if has_google else ("chat",)
    return [
        Errand(
            f"{name} call {place}", drawn.choice(kinds), f"seconds={drawn.uniform(0.05, 3):.2f} output=100 chunks=10"
        )
        for place in range(count)
    ]


def _operations(drawn: Random, name: str, count: int, *, has_google: bool) -> list[Errand]:
    kinds = ("response", "response", "interaction", "video", "batch") if has_google else ("response",)
    scripts = drawn.choices([script for _, script in ENDS], [weight for weight, _ in ENDS], k=count)
    return [Errand(f"{name} operation {place}", drawn.choice(kinds), script) for place, script in enumerate(scripts)]
