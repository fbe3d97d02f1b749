"""Which authority the settings want, and what keeps it from doing that."""

import re
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.authority.authority import Authority
from sidecar.authority.certificate import pem_of, pem_of_key
from sidecar.authority.leaf import new_leaf
from sidecar.config.schema import dotted
from sidecar.config.settings import Settings
from sidecar.config.upstreams import BUILT_IN_UPSTREAMS, DialectName
from sidecar.errors import SettingsError
from sidecar.local_authority import (
    DOMAINS,
    authority_conflicts,
    authority_notes,
    authority_of,
    ca_directory,
    hosts_of,
    is_wanted,
    shown_by,
)
from sidecar.providers import bedrock
from sidecar.providers.vertex import host_for
from tests.authority.made import DAY, HOST, NOW, MovedClock, certificate_of, is_taken, shaken, signer_for, trusting

INTERCEPT = {"connect": {"intercept": True}}
LOCAL = {"tls": {"local": True}}


def settings_of(proxy: object, **upstreams: object) -> Settings:
    return Settings.model_validate({"proxy": proxy, "upstreams": {**BUILT_IN_UPSTREAMS, **upstreams}})


def kept(settings: Settings, days: int = 825) -> Authority:
    """Make what the settings want, where they want it."""
    return Authority.create(ca_directory(settings, {}), hosts_of(settings), MovedClock(), days=days, variables={})


def conflicts_of(settings: Settings) -> list[tuple[str, str]]:
    return [(dotted(path), problem) for path, problem, _ in authority_conflicts(settings, MovedClock(), {})]


@pytest.fixture
def wanting(tmp_path: Path) -> Callable[..., Settings]:
    """Settings that look for an authority in a directory that is not there yet."""

    def settings(proxy: dict[str, object], **upstreams: object) -> Settings:
        return settings_of({**proxy, "ca_directory": str(tmp_path / "ca")}, **upstreams)

    return settings


# === where it is, and for whom ===


def test_it_is_where_the_settings_say_else_among_the_users_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/houses/me")
    plain = Settings()
    assert ca_directory(plain, {}) == Path("/houses/me/.config/inference-sidecar/ca")
    assert ca_directory(plain, {"XDG_CONFIG_HOME": "relative"}) == Path("/houses/me/.config/inference-sidecar/ca")
    assert ca_directory(plain, {"XDG_CONFIG_HOME": "/etc/xdg"}) == Path("/etc/xdg/inference-sidecar/ca")
    assert ca_directory(settings_of({"ca_directory": "/ca"}), {"XDG_CONFIG_HOME": "/etc/xdg"}) == Path("/ca")
    assert ca_directory(settings_of({"ca_directory": "~/ca"}), {}) == Path("/houses/me/ca")


def test_nothing_set__nothing_wanted_and_nothing_imported() -> None:
    assert not is_wanted(Settings())
    assert authority_of(Settings(), MovedClock(), {}) is None
    assert conflicts_of(Settings()) == []
    assert list(authority_notes(Settings(), MovedClock(), {})) == []


def test_hosts_are_those_of_secure_upstreams_and_our_own_names() -> None:
    mine = {"dialect": "openai", "url": "https://gateway.example:8443/v1"}
    plain = {"dialect": "openai", "url": "http://vllm.example"}
    hosts = hosts_of(settings_of({"tls": {"names": ["sidecar.internal"]}}, mine=mine, plain=plain))
    assert {"gateway.example", "api.openai.com", "sidecar.internal"} <= set(hosts)
    assert "vllm.example" not in hosts
    assert len(hosts) == len(set(hosts))


@pytest.mark.parametrize("location", ["us-central1", "europe-west4", "us", "eu", "global", "northamerica-northeast1"])
def test_every_region_of_vertex_is_permitted(location: str) -> None:
    authority = Authority.in_memory(hosts_of(Settings()), MovedClock())
    assert authority.permits(host_for(f"/v1/projects/p/locations/{location}/x"))


def test_every_domain_of_bedrock_is_permitted() -> None:
    """Read out of the pattern, so that a domain that is added there is asked for here."""
    authority = Authority.in_memory(hosts_of(Settings()), MovedClock())
    ends = re.search(r"\\\.\(([^()]*)\)\Z", bedrock.HOST.pattern)
    assert ends is not None
    domains = ends[1].replace("\\", "").split("|")
    assert set(domains) == set(DOMAINS[DialectName.BEDROCK])
    for domain in domains:
        host = f"bedrock-runtime.eu-central-1.{domain}"
        assert bedrock.serves(host)
        assert authority.permits(host)


def test_no_bank_and_no_other_cloud_is_permitted() -> None:
    authority = Authority.in_memory(hosts_of(Settings()), MovedClock())
    assert not any(
        map(authority.permits, ("bank.example", "google.com", "login.microsoftonline.com", "github.com", "10.0.0.1"))
    )


# === what is wrong ===


@pytest.mark.parametrize(("proxy", "key"), [(INTERCEPT, "proxy.connect.intercept"), (LOCAL, "proxy.tls.local")])
def test_none_is_there__blamed_on_what_wants_it(
    wanting: Callable[..., Settings], tmp_path: Path, proxy: dict[str, object], key: str
) -> None:
    settings = wanting(proxy)
    assert conflicts_of(settings) == [(key, f"there is no authority in {tmp_path}/ca")]
    with pytest.raises(SettingsError, match="make one: sidecar ca create"):
        authority_of(settings, MovedClock(), {})


def test_one_that_was_made_for_these_settings_is_good(wanting: Callable[..., Settings]) -> None:
    settings = wanting({**INTERCEPT, **LOCAL})
    made = kept(settings)
    assert conflicts_of(settings) == []
    loaded = authority_of(settings, MovedClock(), {})
    assert loaded is not None
    assert loaded.name == made.name


def test_upstream_that_was_added_later__blamed_on_its_url(wanting: Callable[..., Settings]) -> None:
    kept(wanting(INTERCEPT))
    later = wanting(INTERCEPT, mine={"dialect": "openai", "url": "https://gateway.example"})
    assert conflicts_of(later) == [("upstreams.mine.url", "the local authority may not speak for gateway.example")]


def test_region_that_is_beyond_it__blamed_on_the_url(wanting: Callable[..., Settings]) -> None:
    elsewhere = {"vertex": {"dialect": "vertex", "url": "https://vertex.example"}}
    settings = wanting(INTERCEPT)
    Authority.create(ca_directory(settings, {}), ["aiplatform.googleapis.com"], MovedClock(), variables={})
    said = dict(conflicts_of(settings))
    assert said["upstreams.vertex.url"] == "the local authority may not speak for googleapis.com"
    assert said["upstreams.gemini.url"] == "the local authority may not speak for generativelanguage.googleapis.com"
    assert dict(conflicts_of(wanting(INTERCEPT, **elsewhere)))["upstreams.vertex.url"].endswith("vertex.example")


def test_names_that_were_added_later__blamed_one_by_one(wanting: Callable[..., Settings]) -> None:
    kept(wanting(LOCAL))
    later = wanting({"tls": {"local": True, "names": ["localhost", "sidecar.internal"]}})
    assert conflicts_of(later) == [("proxy.tls.names[1]", "the local authority may not speak for sidecar.internal")]


def test_files_that_are_open_to_others__blamed_on_the_directory(
    wanting: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = wanting(INTERCEPT)
    kept(settings)
    (tmp_path / "ca" / "ca-key.pem").chmod(0o644)
    assert conflicts_of(settings) == [("proxy.ca_directory", f"{tmp_path}/ca/ca-key.pem is open to others (mode 0644)")]


@pytest.mark.parametrize(("days_left", "count"), [(31, 0), (29, 1), (1, 1)])
def test_one_that_ends_soon_is_noted(wanting: Callable[..., Settings], days_left: int, count: int) -> None:
    settings = wanting(INTERCEPT)
    kept(settings, days=100)
    notes = list(authority_notes(settings, MovedClock(NOW + (100 - days_left) * DAY), {}))
    assert len(notes) == count
    assert all(note.startswith(f"the local authority ends in {days_left} days: ") or days_left for note in notes)


# === what is shown ===


def test_tls_is_off__nothing_is_shown() -> None:
    assert shown_by(Settings(), None, print) is None


def test_local__a_leaf_for_our_names(wanting: Callable[..., Settings]) -> None:
    settings = wanting({"tls": {"local": True, "names": ["sidecar.internal", "127.0.0.1"]}})
    authority = kept(settings)
    show = shown_by(settings, authority, print)
    assert show is not None
    assert show() is show()
    client = trusting(authority.certificate_pem)
    assert all(is_taken(show(), client, host) for host in ("sidecar.internal", "127.0.0.1"))
    assert not is_taken(show(), client, "localhost")


def test_certificate_of_ones_own__read_again_when_it_changes(tmp_path: Path) -> None:
    signer, reloads = signer_for(HOST), list[bool]()
    files = {"cert": str(tmp_path / "cert.pem"), "key": str(tmp_path / "key.pem")}

    def write() -> None:
        leaf = new_leaf(signer, (HOST,), NOW)
        (tmp_path / "cert.pem").write_bytes(leaf.pem)
        (tmp_path / "key.pem").write_bytes(pem_of_key(leaf.key))

    def serial(context: ssl.SSLContext) -> int:
        return certificate_of(shaken(context, trusting(pem_of(signer.certificate)), HOST)).serial_number

    write()
    show = shown_by(settings_of({"tls": files}), None, reloads.append)
    assert show is not None
    before = serial(show())
    write()
    assert serial(show()) != before
    assert reloads == [True]
