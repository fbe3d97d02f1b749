import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from sidecar.authority.bundle import count_of
from sidecar.companion.trust import ALL, ALONE, TrustFiles, Trusting, trusting


@pytest.fixture(scope="module")
def ours() -> bytes:
    return trustme.CA(organization_name="ours").cert_pem.bytes()


@pytest.fixture(scope="module")
def theirs() -> bytes:
    return trustme.CA(organization_name="theirs").cert_pem.bytes()


def holds(told: Trusting, variable: str, *certificates: bytes) -> bool:
    text = told.files[told.variables[variable]]
    return all(certificate.strip() in text for certificate in certificates)


def test_nothing_is_set__then_the_systems_authorities_and_ours(ours: bytes) -> None:
    told = trusting({}, ours)
    assert told.variables == {
        "SSL_CERT_FILE": ALL, "REQUESTS_CA_BUNDLE": ALL, "CURL_CA_BUNDLE": ALL, "AWS_CA_BUNDLE": ALL,
        "HTTPLIB2_CA_CERTS": ALL, "NODE_EXTRA_CA_CERTS": ALONE, "DENO_CERT": ALONE,
    }  # fmt: skip
    assert told.files[ALONE] == ours
    assert count_of(told.files[ALL]) > 1
    assert told.files[ALL].endswith(ours)


def test_own_bundle_is_added_to__and_nobody_elses(tmp_path: Path, ours: bytes, theirs: bytes) -> None:
    (tmp_path / "own.pem").write_bytes(theirs)
    told = trusting({"SSL_CERT_FILE": str(tmp_path / "own.pem")}, ours)
    assert count_of(told.files[told.variables["SSL_CERT_FILE"]]) == 2
    assert holds(told, "SSL_CERT_FILE", theirs, ours)
    assert not holds(told, "AWS_CA_BUNDLE", theirs)
    assert told.variables["NODE_EXTRA_CA_CERTS"] == ALONE


def test_bundle_of_another_variable_counts_where_its_program_would_have_read_it(
    tmp_path: Path, ours: bytes, theirs: bytes
) -> None:
    (tmp_path / "own.pem").write_bytes(theirs)
    told = trusting({"CURL_CA_BUNDLE": str(tmp_path / "own.pem")}, ours)
    assert all(holds(told, name, theirs, ours) for name in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"))
    assert not holds(told, "SSL_CERT_FILE", theirs)


def test_directories_are_read(tmp_path: Path, ours: bytes, theirs: bytes) -> None:
    (tmp_path / "0a1b2c3d.0").write_bytes(theirs)
    (tmp_path / "notes").write_text("no certificate")
    told = trusting({"REQUESTS_CA_BUNDLE": str(tmp_path), "SSL_CERT_DIR": str(tmp_path)}, ours)
    assert count_of(told.files[told.variables["REQUESTS_CA_BUNDLE"]]) == 2
    assert all(holds(told, name, theirs, ours) for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"))


def test_directory_stands_in_for_a_file__then_both_are_trusted(tmp_path: Path, ours: bytes, theirs: bytes) -> None:
    """curl reads SSL_CERT_FILE besides SSL_CERT_DIR, or only one of them; the bundle that it is given is neither's loss."""
    another = trustme.CA(organization_name="another").cert_pem.bytes()
    (tmp_path / "directory").mkdir()
    (tmp_path / "directory" / "0a1b2c3d.0").write_bytes(another)
    (tmp_path / "own.pem").write_bytes(theirs)
    told = trusting({"SSL_CERT_FILE": str(tmp_path / "own.pem"), "SSL_CERT_DIR": str(tmp_path / "directory")}, ours)
    assert holds(told, "CURL_CA_BUNDLE", theirs, another, ours)
    assert count_of(told.files[told.variables["SSL_CERT_FILE"]]) == 2


def test_variable_that_names_no_certificates_is_left_alone(tmp_path: Path, ours: bytes) -> None:
    told = trusting({"SSL_CERT_FILE": str(tmp_path / "missing.pem"), "DENO_CERT": ""}, ours)
    assert told.unreadable == ("SSL_CERT_FILE",)
    assert "SSL_CERT_FILE" not in told.variables
    assert told.variables["DENO_CERT"] == ALONE


@contextmanager
def written(told: Trusting) -> Iterator[Path]:
    files = TrustFiles(told.files)
    yield files.directory
    files.remove()
    assert not files.directory.exists()


def test_files_are_for_their_owner_alone__hold_no_key__and_go(ours: bytes) -> None:
    with written(trusting({}, ours)) as directory:
        assert directory.stat().st_mode & 0o777 == 0o700
        assert all(b"PRIVATE" not in path.read_bytes() for path in directory.iterdir())
        context = ssl.create_default_context(cafile=directory / ALL)
        assert any("ours" in str(each) for each in context.get_ca_certs())
