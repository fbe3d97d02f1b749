"""A simulator's setup."""

import ssl

import pytest

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.script import Script
from sidecar.simulator.settings import Settings
from tests.certificates import Certificate


def test_by_default__loopback_on_a_free_port_with_every_model():
    settings = Settings()
    assert (settings.host, settings.port, settings.script) == ("127.0.0.1", 0, Script())
    assert settings.catalog == CATALOG
    assert (settings.scheme, settings.tls()) == ("http", None)


def test_certificate__tls_of_http_1_1(certificate: Certificate):
    settings = Settings(certificate_file=certificate.certificate_file, key_file=certificate.key_file)
    tls = settings.tls()
    assert settings.scheme == "https"
    assert tls is not None
    assert tls.minimum_version is ssl.TLSVersion.TLSv1_2


def test_key_of_somebody_else__is_refused(certificate: Certificate):
    with pytest.raises(ssl.SSLError):
        Settings(certificate_file=certificate.certificate_file, key_file=certificate.authority_file).tls()
