"""The list for programs that take one instead of the system's."""

import ssl
from pathlib import Path

import pytest

from sidecar.authority import bundle
from sidecar.authority.bundle import bundle_of, count_of, system_authorities
from sidecar.authority.certificate import pem_of
from tests.authority.made import HOST, is_taken, shown, signer_for, trusting
from tests.proxy.certificates import Authority as SomebodyElse

OURS = pem_of(signer_for(HOST).certificate)


@pytest.fixture
def other(tmp_path: Path) -> bytes:
    """Somebody else's authority."""
    return SomebodyElse(tmp_path).ca_file.read_bytes()


def test_ours_stands_behind_those_that_were_there(other: bytes) -> None:
    made = bundle_of(OURS, [other])
    assert made == other + OURS
    assert count_of(made) == 2


def test_each_stands_there_once_whatever_lies_between(other: bytes) -> None:
    noisy = b"# a comment\n" + other.replace(b"\n", b"\r\n") + b"\xff\xfe not text\n" + other
    assert bundle_of(OURS, [noisy, other]) == other + OURS


def test_older_one_of_ours_does_not_live_on_in_it(other: bytes) -> None:
    before = bundle_of(pem_of(signer_for(HOST).certificate), [other])
    assert bundle_of(OURS, [before]) == other + OURS


def test_what_is_no_certificate_is_left_out() -> None:
    broken = b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"
    trusted = b"-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n"
    assert bundle_of(OURS, [broken, trusted, b""]) == OURS


def test_who_takes_the_list_trusts_both(tmp_path: Path) -> None:
    somebody, signer = SomebodyElse(tmp_path), signer_for(HOST)
    made = bundle_of(pem_of(signer.certificate), [somebody.ca_file.read_bytes()])
    assert is_taken(shown(signer, HOST), trusting(made), HOST)
    client = ssl.create_default_context(cadata=made.decode())
    assert is_taken(somebody.server(HOST), client, HOST)


# === the system's ===


def test_list_that_is_named_counts_for_the_systems(tmp_path: Path, other: bytes) -> None:
    (tmp_path / "mine.pem").write_bytes(other)
    assert system_authorities({"SSL_CERT_FILE": str(tmp_path / "mine.pem")}) == [other]


@pytest.mark.parametrize("text", [None, b"", b"nothing of use"])
def test_named_list_that_holds_none__the_systems(
    tmp_path: Path, other: bytes, text: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "system.pem").write_bytes(other)
    monkeypatch.setattr(bundle, "LISTS", (str(tmp_path / "system.pem"),))
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths(tmp_path))
    if text is not None:
        (tmp_path / "mine.pem").write_bytes(text)
    assert system_authorities({"SSL_CERT_FILE": str(tmp_path / "mine.pem")}) == [other]


def paths(folder: Path) -> ssl.DefaultVerifyPaths:
    """As on a machine where OpenSSL looks into this folder."""
    return ssl.DefaultVerifyPaths(
        "", "", "SSL_CERT_FILE", str(folder / "none.pem"), "SSL_CERT_DIR", str(folder / "certs")
    )


def test_no_list_at_all__the_files_of_the_directory(
    tmp_path: Path, other: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "LISTS", ())
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths(tmp_path))
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs" / "0a1b2c3d.0").write_bytes(other)
    (tmp_path / "certs" / "README").write_bytes(other)
    assert system_authorities({}) == [other]
    assert count_of(b"".join(system_authorities({"SSL_CERT_DIR": str(tmp_path)}))) > 1  # Mozilla's, from certifi


def test_this_machine_has_some() -> None:
    assert count_of(b"".join(system_authorities({}))) > 10
