"""Who calls during the demo: a day's tide in some minutes, and one release in it whose timeout is too short.

The dice are seeded, so two runs have the same cast; what the sidecar and Prometheus say of it is measured each time.
"""

import math
import random
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

from dashboards.preview.callers import Course, Leaving, Request, leave, open_and_end, operate, stay

CALLERS_AT_ONCE = 96
CALLS_PER_SECOND = 2.4
OPERATIONS_PER_SECOND = 0.35
TOO_SHORT_TIMEOUT = (0.45, 0.70)
"""The release, as parts of the whole time. Most of its callers leave, and four in ten of those come again."""

Life = partial[Any]
"""A caller's, for the base URL that it is given."""
TURN = [{"role": "user", "content": "Sum up the attached report."}]


class Model(NamedTuple):
    """One model as the demo's programs use it."""

    name: str
    share: float
    """Of the calls."""
    prompt: int
    """Tokens, in the middle of what is asked."""
    output: int
    tokens_per_second: float


MODELS = (
    Model("gemini-2.5-pro", 0.28, 30_000, 2_400, 400),
    Model("gemini-2.5-flash", 0.24, 12_000, 500, 260),
    Model("gpt-5.4", 0.14, 16_000, 700, 130),
    Model("gpt-5-mini", 0.16, 9_000, 500, 190),
    Model("claude-sonnet-5", 0.12, 20_000, 800, 150),
    Model("claude-haiku-4-5", 0.06, 8_000, 300, 220),
    Model("llama3.2", 0.02, 3_000, 300, 90),
)
"""The last one is of somebody's own machine: nobody has told the sidecar what it costs."""
UNKNOWN = Request("/openai/v1/audio/reports", {"input": "the attached report"}, "")
"""A path that no dialect knows; now and then."""
RELEASED = "gemini-2.5-pro"
BACKGROUND = (("/openai/v1/responses", "gpt-5.4"), ("/gemini/v1beta/interactions", "gemini-2.5-pro"))


def target_of(model: str, is_stream: bool) -> tuple[str, dict[str, Any]]:
    """Path and body of a call, in its house's own language."""
    if model.startswith("gemini"):
        method = "streamGenerateContent?alt=sse" if is_stream else "generateContent"
        return f"/gemini/v1beta/models/{model}:{method}", {"contents": [{"parts": [{"text": TURN[0]["content"]}]}]}
    if model.startswith("claude"):
        body = {"model": model, "max_tokens": 4096, "messages": TURN, "stream": is_stream}
        return "/anthropic/v1/messages", body
    options = {"stream_options": {"include_usage": True}} if is_stream else {}
    return "/openai/v1/chat/completions", {"model": model, "messages": TURN, "stream": is_stream, **options}


class Cast:
    """The demo's callers, one after the other."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)  # noqa: S311  a demo, not a secret
        self._count = 0

    def caller(self, part: float) -> Life:
        """Who comes next, when this part of the whole time is over."""
        if self._happens(0.008):
            return partial(stay, request=UNKNOWN)
        return self._operator() if self._happens(OPERATIONS_PER_SECOND / CALLS_PER_SECOND) else self._client(part)

    def _happens(self, chance: float) -> bool:
        return self._dice.random() < chance

    def _client(self, part: float) -> Life:
        model = self._dice.choices(MODELS, [model.share for model in MODELS])[0]
        size = self._dice.lognormvariate(0, 0.5)
        output = max(20, round(model.output * size))
        seconds = output / model.tokens_per_second
        is_stream = self._happens(0.3 if model.name == RELEASED else 0.6)
        request = self._request(model, is_stream, output, seconds)
        is_impatient = model.name == RELEASED and TOO_SHORT_TIMEOUT[0] < part < TOO_SHORT_TIMEOUT[1]
        if self._happens(0.75 if is_impatient else 0.09):
            comes_back = self._dice.uniform(0.3, 1.5) if self._happens(0.4) else None
            leaving = Leaving(seconds * self._dice.uniform(0.15, 0.7), self._happens(0.3), comes_back)
            return partial(leave, request=request, leaving=leaving)
        return partial(stay, request=request)

    def _request(self, model: Model, is_stream: bool, output: int, seconds: float) -> Request:
        """With a number in its body: no two callers ask the same."""
        self._count += 1
        target, body = target_of(model.name, is_stream)
        prompt = round(model.prompt * self._dice.lognormvariate(0, 0.4))
        cached = round(prompt * self._dice.choice((0, 0, 0.5)))
        script = (
            f"seconds={seconds:.2f} think={seconds / 4:.2f} chunks=20 prompt={prompt} cached={cached} output={output}"
        )
        numbered = {**body, "labels" if "contents" in body else "metadata": {"number": str(self._count)}}
        return Request(target, numbered, f"{script}{self._trouble()}")

    def _trouble(self) -> str:
        """What goes wrong at the provider, now and then."""
        troubles = ("", " status=429", " status=503", " fail_after=9", " usage=none")
        return self._dice.choices(troubles, (0.955, 0.02, 0.005, 0.01, 0.01))[0]

    def _operator(self) -> Life:
        return self._dice.choices(list(OPERATORS), list(OPERATORS.values()))[0](self._dice)


def _background(dice: random.Random, script: str) -> Request:
    """Work with a long answer: what is cut short has cost much less than the whole.

    Google says what a cancelled interaction has used, OpenAI says nothing of a cancelled response, which stays unpriced.
    """
    amounts = f"chunks=40 prompt={dice.uniform(4_000, 12_000):.0f} output={dice.uniform(5_000, 12_000):.0f}"
    is_google = dice.random() < 0.75
    target, model = BACKGROUND[is_google]
    return Request(target, {"model": model, "input": TURN[0]["content"], "background": True}, f"{script} {amounts}")


def _waits(dice: random.Random) -> Life:
    script = f"seconds={dice.uniform(5, 14):.1f}"
    return partial(operate, request=_background(dice, script), course=Course(60))


def _vanishes(dice: random.Random) -> Life:
    cancel = dice.choices(("stops", "slow:4", "late", "failing:2", "refused"), (0.66, 0.14, 0.08, 0.08, 0.04))[0]
    request = _background(dice, f"seconds=75 cancel={cancel}")
    return partial(operate, request=request, course=Course(dice.randint(2, 6)))


def _vanishes_with_its_process(dice: random.Random) -> Life:
    return partial(open_and_end, request=_background(dice, "seconds=60"))


def _vanishes_from_a_video(_: random.Random) -> Life:
    """Google has no cancel for these."""
    body = {"instances": [{"prompt": "the sea"}], "parameters": {"durationSeconds": 4}}
    target = "/gemini/v1beta/models/veo-3.1-fast-generate-preview:predictLongRunning"
    return partial(open_and_end, request=Request(target, body, "seconds=30"))


def _regrets(dice: random.Random) -> Life:
    request = _background(dice, "seconds=90")
    return partial(operate, request=request, course=Course(2, returns_after=20))


def _fetches_late(dice: random.Random) -> Life:
    request = _background(dice, "seconds=4")
    return partial(operate, request=request, course=Course(1, returns_after=30))


def _cancels(dice: random.Random) -> Life:
    return partial(operate, request=_background(dice, "seconds=60"), course=Course(4, cancels=True))


def _batches(dice: random.Random) -> Life:
    """A batch with a lease, so that it too is cancelled when nobody asks for it any more."""
    params = {"model": "claude-sonnet-5", "max_tokens": 64, "messages": TURN}
    body = {"requests": [{"custom_id": str(number), "params": params} for number in range(8)]}
    is_left = dice.random() < 0.4
    request = Request(
        "/anthropic/v1/messages/batches", body, f"seconds={dice.uniform(8, 25):.1f} prompt=9000 output=1500", "6s"
    )
    return partial(operate, request=request, course=Course(3 if is_left else 60))


OPERATORS = {
    _waits: 0.36, _vanishes: 0.30, _vanishes_with_its_process: 0.07, _vanishes_from_a_video: 0.03,
    _regrets: 0.05, _fetches_late: 0.05, _cancels: 0.04, _batches: 0.10,
}  # fmt: skip
"""And their shares."""


def rate(part: float) -> float:
    """Callers a second when this part of the whole time is over: a tide, and nobody behind its end."""
    return 0.0 if part > 1 else CALLS_PER_SECOND * (1 + 0.45 * math.sin(2 * math.pi * (part - 0.15)))


def arrivals(seconds: float, dice: random.Random) -> Iterator[float]:
    """When callers come, in seconds from the start."""
    moment = 0.0
    while (here := rate(moment / seconds)) > 0:
        moment += dice.expovariate(here)
        yield moment


def play(base_urls: tuple[str, ...], seconds: float, seed: int = 7) -> None:
    """Let the callers in, each at one of these sidecars, and return when all are gone: up to two minutes after the time."""
    dice, cast = random.Random(seed), Cast(seed)  # noqa: S311
    began = time.monotonic()
    lives: list[Future[Any]] = []
    with ThreadPoolExecutor(CALLERS_AT_ONCE) as pool:
        for moment in arrivals(seconds, dice):
            time.sleep(max(0.0, began + moment - time.monotonic()))
            lives.append(pool.submit(cast.caller(moment / seconds), dice.choices(base_urls, weights_of(base_urls))[0]))
    for life in lives:
        life.result()


def weights_of(base_urls: tuple[str, ...]) -> list[float]:
    """The first sidecar has most to do, the last one least."""
    return [1 / place for place in range(1, len(base_urls) + 1)]
