import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported
from sidecar.providers.google_triggers import TRIGGERS_WIRE as TRIGGERS
from sidecar.providers.operation import Observed, Place
from tests.providers.operation_wire import FAILED, HOSTILE, RUNNING, SUCCEEDED, lines, observed, told
from tests.providers.wire import JSON

STARTED = 1_700_000_000_000_000
EXECUTION = {"id": "x1", "trigger_id": "t1", "start_time": "2023-11-14T22:13:20Z"}


@pytest.mark.parametrize("status", ["in_progress", "completed", "failed", "skipped", "timed_out", "dreaming"])
def test_a_run_is_its_interaction_and_that_says_when_it_ended(status):
    found = observed(TRIGGERS, EXECUTION | {"status": status, "interaction_id": "i1"})
    assert found == Observed(RUNNING, "i1", created_at=STARTED)


@pytest.mark.parametrize(
    ("status", "where"),
    [("completed", SUCCEEDED), ("failed", FAILED), ("skipped", FAILED), ("timed_out", FAILED), ("TIMED_OUT", FAILED)],
)
def test_a_run_that_ended_without_an_interaction_is_over(status, where):
    ended = EXECUTION | {"status": status, "end_time": "2023-11-14T22:13:21Z"}
    assert observed(TRIGGERS, ended) == Observed(where, "x1", ended_at=STARTED + 1_000_000, created_at=STARTED)


@pytest.mark.parametrize("status", ["in_progress", "dreaming", None])
def test_a_run_without_an_interaction_cant_be_followed(status):
    assert observed(TRIGGERS, EXECUTION | {"status": status}) is None


def test_its_interaction_tells_the_usage():
    usage = {"total_input_tokens": 5, "total_output_tokens": 2, "total_tokens": 7}
    found = observed(TRIGGERS, {"id": "i1", "status": "completed", "agent": "a", "usage": usage})
    assert found == Observed(SUCCEEDED, "i1", "a", Reported(Usage(input=5, output=2)))


@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_neither_says_nothing(body):
    assert told(TRIGGERS.open_reply(JSON, NO_FACTS), body) in (None, Observed(RUNNING, "a"))


def test_its_interaction_is_asked_about_and_cancelled():
    place = Place("/gw/v1beta/triggers/t1/executions", "i1")
    assert lines(TRIGGERS, place) == {
        "poll": "GET /gw/v1beta/interactions/i1",
        "cancel": "POST /gw/v1beta/interactions/i1/cancel",
    }
    assert TRIGGERS.kind == OperationKind.BACKGROUND
