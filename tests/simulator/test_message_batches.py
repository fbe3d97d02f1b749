"""The real SDK of Anthropic takes message batches from the simulator."""

from decimal import Decimal
from typing import Any

import anthropic
import pytest

from sidecar.simulator.server import RunningSimulator
from tests.simulator.operation_clients import ANSWER, SONNET, billed, claude, until

REQUESTS: Any = [
    {"custom_id": name, "params": {"model": SONNET, "max_tokens": 500, "messages": [{"role": "user", "content": "hi"}]}}
    for name in ("a", "b", "c")
]


def test_message_batch__results_line_by_line(simulator: RunningSimulator):
    with claude(simulator, "m batch", f"seconds=0.1 failed_rows=1 {ANSWER}") as client:
        begun = client.messages.batches.create(requests=REQUESTS)
        with pytest.raises(anthropic.AnthropicError, match="results_url"):
            client.messages.batches.results(begun.id)
        done = until(lambda: client.messages.batches.retrieve(begun.id), lambda told: told.processing_status == "ended")
        results = list(client.messages.batches.results(begun.id))
        (listed,) = client.messages.batches.list(limit=1).data
    assert (begun.request_counts.processing, listed.id) == (3, begun.id)
    assert (done.request_counts.succeeded, done.request_counts.errored) == (2, 1)
    assert [(result.custom_id, result.result.type) for result in results] == [
        ("a", "errored"),
        ("b", "succeeded"),
        ("c", "succeeded"),
    ]
    # half of 2 x (1000 x 2 + 100 x 10), for a million
    assert billed(simulator, "m batch") == ("messages.batches", "batch", "completed", Decimal("0.003"))


def test_message_batch__cancelled_in_its_middle(simulator: RunningSimulator):
    with claude(simulator, "m cancel", f"seconds=0 hold=1 {ANSWER}") as client:
        begun = client.messages.batches.create(requests=REQUESTS)
        asked = client.messages.batches.cancel(begun.id)
        assert (asked.processing_status, asked.cancel_initiated_at is None) == ("canceling", False)
        done = until(lambda: client.messages.batches.retrieve(begun.id), lambda told: told.processing_status == "ended")
        kinds = [result.result.type for result in client.messages.batches.results(begun.id)]
    assert kinds == ["succeeded", "canceled", "canceled"]
    assert (done.request_counts.succeeded, done.request_counts.canceled) == (1, 2)
    assert billed(simulator, "m cancel") == ("messages.batches", "batch", "cancelled", Decimal("0.0015"))
