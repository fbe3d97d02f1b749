"""A simulator's setup."""

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.script import Script
from sidecar.simulator.settings import Settings


def test_by_default__loopback_on_a_free_port_with_every_model():
    settings = Settings()
    assert (settings.host, settings.port, settings.script) == ("127.0.0.1", 0, Script())
    assert settings.catalog == CATALOG
