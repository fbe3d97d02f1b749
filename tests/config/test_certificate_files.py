"""Certificate files that can't be used are found before the first call."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from sidecar.config.certificate_files import problem_of_authorities, problem_of_pair
from tests.proxy.certificates import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def test_good_files_have_no_problem(authority: Authority) -> None:
    assert problem_of_authorities(authority.ca_file) == ""
    assert problem_of_pair(*authority.pair()) == ""


def test_key_of_another_certificate(authority: Authority) -> None:
    one, other = authority.pair(name="one"), authority.pair(name="other")
    assert problem_of_pair(one.certificate, other.key) == "is not the key of client_certificate_file"


def test_key_with_a_password_is_refused_and_nobody_is_asked_for_it(authority: Authority) -> None:
    pair = authority.pair(name="locked")
    key = serialization.load_pem_private_key(pair.key.read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"hunter2")
    pair.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked))
    assert "a key without a password" in problem_of_pair(*pair)


def test_files_that_hold_something_else(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("nothing of use")
    assert problem_of_authorities(tmp_path / "text") == "holds no certificate in PEM form"
    assert "both in PEM form" in problem_of_pair(tmp_path / "text", tmp_path / "text")


def test_files_that_went_away(tmp_path: Path) -> None:
    assert problem_of_authorities(tmp_path / "none") == "can't be read: no such file or directory"
    assert "can't be read" in problem_of_pair(tmp_path / "none", tmp_path / "none")
