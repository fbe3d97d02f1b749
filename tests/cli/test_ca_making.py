"""`sidecar ca create` and `sidecar ca show`."""

import json
import ssl
import stat

import pytest

from sidecar.authority.authority import Authority
from sidecar.cli import OK, USAGE, ca_making
from sidecar.clock import SystemClock


@pytest.fixture(autouse=True)
def home(empty_folder, monkeypatch):
    """Nobody's settings, and nobody's authority."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(empty_folder / "config"))
    return empty_folder


def loaded(directory):
    return Authority.load(directory, SystemClock())


def test_it_is_made_among_the_users_settings_and_shown(sidecar, home):
    ran = sidecar("ca", "create")
    directory = home / "config" / "inference-sidecar" / "ca"
    assert (ran.code, ran.err) == (OK, "")
    assert ran.out.startswith(
        f"a local authority was made in {directory}\n\nauthority     inference-sidecar local authority "
    )
    shown = sidecar("ca", "show")
    assert ran.out.partition("\n\n")[2] == shown.out
    assert f"export SSL_CERT_FILE={directory}/bundle.pem" in shown.out
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "ca-key.pem").stat().st_mode) == 0o600


def test_what_it_makes_is_what_a_sidecar_then_finds(sidecar, home):
    (home / "sidecar.yaml").write_text("proxy: {connect: {intercept: true}, tls: {local: true}, ca_directory: here}")
    refused = sidecar("config", "check")
    assert refused.code == USAGE
    assert (
        "sidecar.yaml:1: proxy.connect.intercept: there is no authority in here; make one: sidecar ca create"
        in refused.err
    )
    assert sidecar("ca", "create").code == OK
    assert sidecar("config", "check").code == OK


def test_hosts_are_those_of_the_settings_and_those_that_are_named(sidecar, home):
    (home / "s.yaml").write_text("upstreams: {mine: {dialect: openai, url: 'https://gateway.example'}}")
    sidecar("ca", "create", "--config", "s.yaml", "--directory", "ca", "--host", "a.example", "--host", "10.0.0.0/8")
    authority = loaded(home / "ca")
    hosts = (
        "gateway.example",
        "api.openai.com",
        "us-central1-aiplatform.googleapis.com",
        "a.example",
        "10.9.8.7",
        "localhost",
    )
    assert all(map(authority.permits, hosts))
    assert not authority.permits("bank.example")


def test_days_are_as_many_as_were_asked_for(sidecar, home):
    sidecar("ca", "create", "--directory", "ca", "--days", "7")
    days = (loaded(home / "ca").ends_at - SystemClock().now()) / 86_400_000_000
    assert 6.9 < days <= 7


def test_second_one_needs_force_and_replaces_the_first(sidecar, home):
    sidecar("ca", "create", "--directory", "ca")
    first = loaded(home / "ca").name
    refused = sidecar("ca", "create", "--directory", "ca")
    assert (refused.code, refused.out) == (USAGE, "")
    assert refused.err.startswith(
        f"sidecar: --directory: there is an authority in {home}/ca already; sidecar ca create --force"
    )
    assert loaded(home / "ca").name == first
    assert sidecar("ca", "create", "--directory", "ca", "--force").code == OK
    assert loaded(home / "ca").name != first
    assert {path.name for path in (home / "ca").iterdir()} == {"ca.pem", "ca-key.pem", "bundle.pem"}


def test_paths_are_whole_as_other_programs_are_told_them(sidecar, home):
    sidecar("ca", "create", "--directory", "ca")
    shown = json.loads(sidecar("ca", "show", "--directory", "ca", "--format", "json").out)
    assert shown["bundle"] == shown["variables"]["SSL_CERT_FILE"] == f"{home}/ca/bundle.pem"
    ssl.create_default_context(cafile=shown["bundle"])


def test_there_is_none__one_sentence_and_exit_2(sidecar, home):
    ran = sidecar("ca", "show")
    directory = home / "config" / "inference-sidecar" / "ca"
    said = f"sidecar: proxy.ca_directory: there is no authority in {directory}; make one: sidecar ca create\n"
    assert ran == (USAGE, "", said)


def test_host_of_the_settings_that_no_certificate_can_be_for__named(sidecar, home):
    (home / "s.yaml").write_text("upstreams: {mine: {dialect: openai, url: 'https://a..b'}}")
    ran = sidecar("ca", "create", "--config", "s.yaml", "--directory", "ca")
    assert ran.code == USAGE
    assert "the hosts of the settings: 'a..b' is neither a name nor an address" in ran.err
    assert not (home / "ca").exists()


def test_system_without_authorities_is_told_what_that_means(sidecar, monkeypatch):
    monkeypatch.setattr(ca_making, "system_authorities", lambda _variables: [])
    ran = sidecar("ca", "create", "--directory", "ca")
    assert ran.code == OK
    assert ran.err.startswith("sidecar: note: this system has no list of authorities")


def test_proxy_variable_that_leads_to_the_sidecar_is_in_nobodys_way_but_a_sidecars(sidecar, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:8780")
    assert sidecar("ca", "create").code == OK
    assert sidecar("ca", "show").code == OK
    refused = sidecar("config", "check")
    assert refused.code == USAGE
    assert "HTTPS_PROXY: 127.0.0.1:8780 is proxy.listen: every call would come back here" in refused.err
