from collections.abc import Callable
from decimal import Decimal

from sidecar.clock import SECOND
from sidecar.lifecycle.operation_record import OF_THE_REAPER, OperationRecord
from sidecar.telemetry.operation_event import identity, operation_fields

Operation = Callable[..., OperationRecord]
START = 1_790_000_000 * SECOND


def test_every_column_of_a_settled_operation_is_in_its_line(operation: Operation):
    kept = {"kind", "state", "usage", "labels", *OF_THE_REAPER}
    names = [name for name in OperationRecord.__struct_fields__ if name not in kept]
    values = {name: Decimal(n) if name.endswith("_usd") else n for n, name in enumerate(names, 100)}
    full = operation(**{**values, "usage": {"input": 1}, "labels": {"team": "x"}})
    fields = operation_fields(full)
    assert set(names) | {"kind", "state", "usage", "labels"} <= set(fields)
    assert not OF_THE_REAPER & set(fields)


def test_moments_are_rfc_3339_and_money_is_a_plain_decimal_string(operation: Operation):
    fields = operation_fields(operation(spend_usd=Decimal("2.25E-7"), settled_at=START))
    assert (fields["spend_usd"], fields["settled_at"]) == ("0.000000225", "2026-09-21T14:13:20.000000Z")


def test_what_is_not_set_is_not_said(operation: Operation):
    fields = operation_fields(operation())
    assert not fields.keys() & {"caller", "host", "mark", "provider_id", "usage", "labels", "spend_usd", "open_seconds"}
    assert fields["cancel_attempts"] == 0


def test_durations_are_worked_out(operation: Operation):
    fields = operation_fields(operation(lapsed_at=START + 60 * SECOND, ended_at=START + 90 * SECOND))
    assert (fields["open_seconds"], fields["orphaned_seconds"]) == (90.0, 30.0)


def test_an_operation_is_recognized_by_few_words(operation: Operation):
    assert identity(operation(provider_id="resp_1")) == {
        "id": "o1", "upstream": "openai", "provider": "openai", "kind": "background", "model": "gpt-6", "provider_id": "resp_1",
    }  # fmt: skip
