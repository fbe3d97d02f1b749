"""The one table of the variables that lead SDKs here."""

import pytest

from sidecar.config.settings import Settings
from sidecar.injection.variables import BASE, OFFICIAL, SDK_VARIABLES, sdk_values


def test_values_stand_below_the_proxys_own_default_address():
    assert f"http://{Settings().proxy.listen}" == BASE
    assert sdk_values()["OPENAI_BASE_URL"] == "http://127.0.0.1:8780/openai/v1"
    assert list(sdk_values()) == list(SDK_VARIABLES)


def test_another_base():
    assert sdk_values("http://127.0.0.1:9")["GROQ_BASE_URL"] == "http://127.0.0.1:9/groq"


@pytest.mark.parametrize("route", SDK_VARIABLES.values())
def test_every_route_is_one_of_a_built_in_upstream(route):
    assert route.partition("/")[0] in Settings().upstreams


def test_the_official_ones_are_of_the_table():
    assert set(OFFICIAL) < set(SDK_VARIABLES)


def test_ollamas_is_left_out__as_its_server_would_listen_there():
    assert "OLLAMA_HOST" not in SDK_VARIABLES
