from sidecar.telemetry import program_metrics
from sidecar.telemetry.family import families_of


def test_what_is_of_the_whole_program_is_told_apart_by_no_model():
    assert all("model" not in family.labels for family in families_of(vars(program_metrics)))


def test_kept_answers_are_told_in_bytes_and_in_number():
    assert program_metrics.RESCUE_KEPT_BYTES.unit == "bytes"
    assert {program_metrics.RESCUE_KEPT_BYTES.type, program_metrics.RESCUE_KEPT_ANSWERS.type} == {"gauge"}
