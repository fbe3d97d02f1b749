import pytest

from sidecar.telemetry.labels import BoundedLabel


def test_the_first_values_keep_their_names_and_later_ones_become_other():
    models = BoundedLabel(2)
    assert [models.fit(name) for name in ("a", "b", "a", "c", "b")] == ["a", "b", "a", "other", "b"]


def test_an_empty_value_is_unknown_and_takes_no_place():
    models = BoundedLabel(1)
    assert [models.fit(""), models.fit("a")] == ["unknown", "a"]


@pytest.mark.parametrize("value", ["a\nb", "\udc80", "x" * 101, "a\x00"])
def test_a_value_that_could_spoil_the_page_is_other(value: str):
    assert BoundedLabel(10).fit(value) == "other"
