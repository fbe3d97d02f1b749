import pytest

from sidecar.providers.contract import NO_FACTS, RequestFacts
from sidecar.providers.google_operation_requests import open_batch_request, open_job_request
from sidecar.providers.names import mark_of
from tests.providers.operation_wire import facts_of

NIGHTLY = mark_of("nightly")
ROWS = {"requests": {"requests": [{"request": {"contents": [{"parts": [{"text": "word " * 200_000}]}]}}]}}


@pytest.mark.parametrize(
    ("batch", "facts"),
    [
        ({"displayName": "nightly"}, RequestFacts(mark=NIGHTLY)),
        ({"display_name": "nightly", "webhookConfig": {"uris": ["u"]}}, RequestFacts(mark=NIGHTLY, has_webhook=True)),
        ({"inputConfig": ROWS, "displayName": "nightly"}, RequestFacts(mark=NIGHTLY)),
        ({"webhook_config": {"uris": ["u"]}}, RequestFacts(has_webhook=True)),
        ({"webhookConfig": {}}, NO_FACTS),
        ({"displayName": ""}, NO_FACTS),
        ({"displayName": 7, "display_name": []}, NO_FACTS),
        ({}, NO_FACTS),
        (None, NO_FACTS),
    ],
)
def test_what_a_batch_is_called(batch, facts):
    assert facts_of(open_batch_request, {"batch": batch}) == facts


def test_a_name_too_long_for_the_copy_of_a_large_request_is_no_mark():
    long = "n" * 5000
    assert facts_of(open_batch_request, {"batch": {"inputConfig": ROWS, "displayName": long}}).mark == ""


@pytest.mark.parametrize(
    ("job", "facts"),
    [
        (
            {"model": "publishers/google/models/gemini-3-flash", "displayName": "nightly"},
            RequestFacts(model="gemini-3-flash", mark=NIGHTLY),
        ),
        (
            {"baseModel": "gemini-2.5-flash", "tunedModelDisplayName": "nightly"},
            RequestFacts("gemini-2.5-flash", mark=NIGHTLY),
        ),
        ({"baseModel": "models/g", "displayName": "nightly"}, RequestFacts("g", mark=NIGHTLY)),
        ({"model": 7, "displayName": None}, NO_FACTS),
        ({}, NO_FACTS),
        ([], NO_FACTS),
    ],
)
def test_what_a_job_is_called(job, facts):
    assert facts_of(open_job_request, job) == facts
