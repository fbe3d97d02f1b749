"""Dreams, in the shapes of anthropic-python 2.12."""

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.anthropic import ANTHROPIC
from sidecar.providers.anthropic_dreams import DREAMS, WORDS
from sidecar.providers.contract import Reported, RequestFacts
from sidecar.providers.operation import Observed, Place, Progress
from tests.providers.operation_wire import CANCELLED, FAILED, RUNNING, SUCCEEDED, facts_of, lines, observed
from tests.providers.wire import Json

DREAM: Json = {
    "id": "drm_1", "type": "dream", "status": "completed", "model": {"id": "claude-x", "speed": "standard"},
    "created_at": "2026-10-01T00:00:00Z", "ended_at": "2026-10-01T00:00:30Z",
    "usage": {"input_tokens": 7, "cache_creation_input_tokens": 3, "cache_read_input_tokens": 90, "output_tokens": 5},
}  # fmt: skip
USED = Usage(input=10, cached_input=90, output=5, cache_write_input=3)


def test_a_dream_tells_what_it_has_used() -> None:
    assert observed(DREAMS, DREAM) == Observed(
        SUCCEEDED, "drm_1", "claude-x", Reported(USED, "claude-x"), 1_790_812_830_000_000,
        created_at=1_790_812_800_000_000,
    )  # fmt: skip


@pytest.mark.parametrize(("word", "reason"), [("running", "end_not_seen"), ("canceled", "still_counting")])
def test_what_may_still_grow_is_a_lower_bound(word: str, reason: str) -> None:
    found = observed(DREAMS, DREAM | {"status": word})
    assert found is not None
    assert found.reported == Reported(USED, "claude-x", basis=Basis.AT_LEAST, reason=reason)


@pytest.mark.parametrize(
    ("word", "progress"),
    [("pending", RUNNING), ("running", RUNNING), ("completed", SUCCEEDED), ("failed", FAILED), ("canceled", CANCELLED)],
)
def test_every_word_means_what_anthropic_says(word: str, progress: Progress) -> None:
    found = observed(DREAMS, DREAM | {"status": word})
    assert found is not None
    assert found.progress is progress
    assert len(WORDS) == 5


def test_a_dream_is_asked_about_and_cancelled_below_its_own_path() -> None:
    found = ANTHROPIC.route("POST", "/v1/dreams")
    assert found is not None
    assert found.operation is DREAMS
    assert DREAMS.kind is OperationKind.LRO
    assert lines(DREAMS, Place("/v1/dreams?beta=true", "drm_1")) == {
        "poll": "GET /v1/dreams/drm_1?beta=true",
        "cancel": "POST /v1/dreams/drm_1/cancel?beta=true",
    }
    assert facts_of(found.open_request, {"model": {"id": "claude-x"}}) == RequestFacts("claude-x")


def test_a_session_is_no_operation() -> None:
    for path in ("/v1/sessions", "/v1/sessions/s1/events", "/v1/deployments/d1/run"):
        found = ANTHROPIC.route("POST", path)
        assert found is not None
        assert found.operation is None
