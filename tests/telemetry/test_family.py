import pytest

from sidecar.telemetry.family import Family, counter, families_of, gauge, info, seconds, stateset


@pytest.mark.parametrize(
    ("made", "family"),
    [
        (counter("x_total", "X.", ("a",)), Family("inference_sidecar_x_total", "counter", "X.", ("a",))),
        (gauge("x_usd", "X.", unit="usd"), Family("inference_sidecar_x_usd", "gauge", "X.", (), "usd")),
        (
            seconds("x_seconds", "X.", ("a",), (1, 2)),
            Family("inference_sidecar_x_seconds", "histogram", "X.", ("a",), "seconds", (1, 2)),
        ),
        (info("x_info", "X.", ("version",)), Family("inference_sidecar_x_info", "info", "X.", ("version",))),
        (stateset("x", "X."), Family("inference_sidecar_x", "stateset", "X.", ("inference_sidecar_x",))),
    ],
)
def test_a_family_is_declared_by_its_short_name(made: Family, family: Family):
    assert made == family


def test_the_families_of_a_module_come_as_they_were_declared():
    first, second = gauge("b", "B."), gauge("a", "A.")
    assert families_of({"B": first, "PREFIX": "x_", "A": second}) == (first, second)
