import pytest

from sidecar.providers.registry import DIALECTS


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_is_found_by_its_own_name(name):
    assert DIALECTS[name].name == name
