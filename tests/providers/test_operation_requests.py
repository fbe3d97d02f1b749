"""What a request about an operation says of it."""

import pytest

from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead
from sidecar.providers.names import mark_of
from sidecar.providers.operation_requests import about_request, opening_request
from tests.providers.operation_wire import HOSTILE, facts_of

OPENS = opening_request(marks=("input_file_id", "name"), webhook="webhook")


def test_a_request_names_model_and_input_and_whom_to_tell() -> None:
    document = {"model": "m", "input_file_id": "file-1", "name": "n", "webhook": "https://example.com/told"}
    assert facts_of(OPENS, document) == RequestFacts(model="m", mark=mark_of("file-1"), has_webhook=True)


def test_the_first_name_that_is_there_makes_the_mark() -> None:
    assert facts_of(OPENS, {"input_file_id": None, "name": "n"}) == RequestFacts(mark=mark_of("n"))


@pytest.mark.parametrize("webhook", [None, "", 7, {}, False])
def test_a_webhook_is_an_address(webhook: object) -> None:
    assert not facts_of(OPENS, {"webhook": webhook}).has_webhook


def test_a_request_may_name_in_its_body_what_it_is_about() -> None:
    assert facts_of(about_request("id"), {"id": "r1"}) == RequestFacts(operation_id="r1")
    assert facts_of(about_request("id"), {"id": 7}) == NO_FACTS


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("open_request", [OPENS, about_request("id")])
def test_a_body_that_can_not_be_read_says_nothing_harmful(open_request: object, body: bytes) -> None:
    reader = open_request(RequestHead())  # type: ignore[operator]
    reader.feed(body)
    reader.finish()
    assert reader.facts().model == ""
