"""The conventions' metrics as the SDK exports them: names, attributes, amounts; few series whatever callers name."""

from typing import Any

import pytest
from hypothesis import given
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics

from sidecar.lifecycle.call import Outcome
from sidecar.telemetry.genai_metrics import SECONDS, TABLE, Convention
from sidecar.telemetry.spans_calls import call_span
from sidecar.telemetry.spans_operations import operation_span
from tests.telemetry.any_record import CALLS
from tests.telemetry.conftest import a_record, an_operation
from tests.telemetry.exporting import Metrics

CHAT: dict[str, Any] = {"method": "chat.completions", "usage_basis": "exact"}
COMMON = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "google", "gen_ai.request.model": "gemini-3-pro",
    "gen_ai.response.model": "gemini-3-pro", "server.address": "generativelanguage.googleapis.com", "server.port": 443,
}  # fmt: skip


def settle(metrics: Metrics, **fields: Any) -> None:
    record = a_record(**CHAT | fields)
    metrics.metrics.call_settled(record, call_span(record))


def test_a_call_is_counted_with_its_attributes():
    metrics = Metrics()
    settle(metrics)
    settle(metrics)
    points = metrics.points()
    (duration,) = points["gen_ai.client.inference.duration"]
    assert (dict(duration.attributes), duration.count, duration.sum) == (COMMON, 2, 4.0)
    assert tuple(duration.explicit_bounds) == SECONDS
    (counted,) = points["gen_ai.client.inference.usage.input_tokens"]
    assert (dict(counted.attributes), counted.value) == (COMMON | {"gen_ai.token.modality": "unknown"}, 20)


@pytest.mark.parametrize("convention", ["latest", "v1.41"])
def test_every_metric_of_the_table_is_exported_and_no_other(convention: Convention):
    metrics = Metrics(convention)
    settle(metrics)
    settle(metrics, method="embeddings")
    assert set(metrics.points()) == {row.name for row in TABLE[convention]}


def test_input_and_output_share_one_instrument_in_v1_41():
    metrics = Metrics("v1.41")
    settle(metrics)
    sums = {point.attributes["gen_ai.token.type"]: point.sum for point in metrics.points()["gen_ai.client.token.usage"]}
    assert sums == {"input": 10, "output": 5}


def test_a_duration_is_that_of_the_span_and_names_the_error():
    metrics = Metrics()
    settle(metrics, outcome=Outcome.UPSTREAM_FAILED, http_status=None)
    (duration,) = metrics.points()["gen_ai.client.inference.duration"]
    assert duration.attributes["error.type"] == "upstream_failed"


def test_an_operation_is_counted_when_it_settles():
    metrics = Metrics()
    record = an_operation(method="responses", outcome="succeeded", usage={"output": 9}, usage_basis="exact")
    metrics.metrics.operation_settled(record, operation_span(record))
    points = metrics.points()
    assert [point.value for point in points["gen_ai.client.inference.usage.output_tokens"]] == [9]
    assert "gen_ai.client.inference.duration" not in points


def test_a_hostile_caller_that_names_many_models_makes_few_series():
    metrics = Metrics(model_limit=3)
    for number in range(200):
        settle(metrics, model=f"m{number}")
    points = metrics.points()["gen_ai.client.inference.usage.input_tokens"]
    assert len(points) == 4
    assert {point.attributes["gen_ai.request.model"] for point in points} == {"m0", "m1", "m2", "other"}
    assert sum(point.value for point in points) == 2_000


@given(CALLS)
def test_the_metrics_of_any_call_can_be_sent(record):
    metrics = Metrics()
    for _ in range(3):
        metrics.metrics.call_settled(record, call_span(record))
    data = metrics._reader.get_metrics_data()
    assert data is None or encode_metrics(data).SerializeToString() is not None
