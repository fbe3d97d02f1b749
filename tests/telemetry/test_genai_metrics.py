"""The table of the conventions' metrics: who adds what to which."""

from typing import Any

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import OperationKind
from sidecar.telemetry.genai_metrics import (
    SECONDS,
    TABLE,
    TOKENS,
    Convention,
    Kind,
    Measured,
    measurements,
    of_call,
    of_operation,
)
from sidecar.telemetry.spans_calls import UNREACHED
from tests.telemetry.conftest import a_record, an_operation

INFERENCE = "gen_ai.client.inference"
USAGE = f"{INFERENCE}.usage"


def call(**fields: Any) -> Measured:
    measured = of_call(a_record(**{"usage_basis": "exact", "method": "chat.completions"} | fields), 2.0)
    assert measured is not None
    return measured


def told(measured: Measured, convention: Convention = "latest") -> dict[str, list[tuple[float, dict[str, str]]]]:
    """What each instrument is told, by its name."""
    found: dict[str, list[tuple[float, dict[str, str]]]] = {}
    for row in TABLE[convention]:
        for amount, more in measurements(row, measured):
            found.setdefault(row.name, []).append((amount, dict(more)))
    return found


def test_a_delivered_call_by_the_newest():
    unknown = {"gen_ai.token.modality": "unknown"}
    assert told(call()) == {
        f"{INFERENCE}.duration": [(2.0, {})],
        f"{USAGE}.input_tokens": [(10, unknown)],
        f"{USAGE}.output_tokens": [(5, unknown)],
        f"{USAGE}.cache_read.input_tokens": [(0, unknown)],
        f"{USAGE}.cache_write.input_tokens": [(0, unknown)],
        f"{USAGE}.reasoning.output_tokens": [(0, unknown)],
        f"{INFERENCE}.operation.input_tokens": [(10, {})],
        f"{INFERENCE}.operation.output_tokens": [(5, {})],
    }


def test_the_same_by_v1_41():
    assert told(call(), "v1.41") == {
        "gen_ai.client.operation.duration": [(2.0, {})],
        "gen_ai.client.token.usage": [(10, {"gen_ai.token.type": "input"}), (5, {"gen_ai.token.type": "output"})],
    }


def test_counters_are_told_apart_by_modality_and_histograms_are_not():
    found = told(call(usage={"input": 300, "image_input": 200}))
    counted = {more["gen_ai.token.modality"]: amount for amount, more in found[f"{USAGE}.input_tokens"]}
    assert counted == {"image": 200, "unknown": 100}
    assert found[f"{INFERENCE}.operation.input_tokens"] == [(300, {})]


def test_a_failed_call_is_in_the_durations_and_the_counters_and_not_in_the_histograms_of_tokens():
    found = told(call(outcome=Outcome.REJECTED, http_status=429))
    assert found[f"{INFERENCE}.duration"] == [(2.0, {"error.type": "429"})]
    assert f"{USAGE}.input_tokens" in found
    assert f"{INFERENCE}.operation.input_tokens" not in found


def test_without_a_report_the_counters_are_told_0_and_the_histograms_nothing():
    found = told(call(usage={}, usage_basis=None))
    assert found[f"{USAGE}.output_tokens"] == [(0, {"gen_ai.token.modality": "unknown"})]
    assert f"{INFERENCE}.operation.output_tokens" not in found
    assert "gen_ai.client.token.usage" not in told(call(usage={}, usage_basis=None), "v1.41")


def test_v1_41_has_the_tokens_of_failed_calls_in_its_only_metric_of_them():
    assert "gen_ai.client.token.usage" in told(call(outcome=Outcome.UPSTREAM_FAILED), "v1.41")


def test_an_embedding_is_no_inference():
    measured = call(method="embeddings", usage={"input": 10})
    assert told(measured) == {"gen_ai.client.operation.duration": [(2.0, {})]}
    assert set(told(measured, "v1.41")) == {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}


@pytest.mark.parametrize("outcome", sorted({*UNREACHED, Outcome.LOST}))
def test_what_no_provider_worked_on_or_nobody_saw_end_is_not_measured(outcome: Outcome):
    assert of_call(a_record(outcome=outcome), 1.0) is None


@pytest.mark.parametrize("kind", OperationKind)
def test_an_operation_adds_its_tokens_and_no_duration(kind: OperationKind):
    measured = of_operation(an_operation(kind=kind, method="responses", usage={"input": 7}, usage_basis="exact"), "")
    assert set(told(measured)) == {row.name for row in TABLE["latest"] if row.kind is Kind.COUNTER}
    assert set(told(measured, "v1.41")) == {"gen_ai.client.token.usage"}


def test_units_and_buckets_are_those_of_the_conventions():
    for row in (row for table in TABLE.values() for row in table):
        is_time = row.unit == "s"
        assert row.buckets == (() if row.kind is Kind.COUNTER else SECONDS if is_time else TOKENS)
        assert row.unit in {"s", "{token}"}
    assert [round(0.01 * 2**step, 2) for step in range(14)] == list(SECONDS)
    assert [4**step for step in range(14)] == list(TOKENS)
