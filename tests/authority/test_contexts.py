"""What TLS servers of ours speak with, and where a key is meanwhile."""

import os
import ssl
import tempfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from sidecar.authority.certificate import pem_of, pem_of_key
from sidecar.authority.contexts import ContextOfFiles, context_of, pair_behind_password, pair_in_memory, server_context
from sidecar.authority.leaf import Leaf, new_leaf
from tests.authority.made import HOST, NOW, certificate_of, is_taken, shaken, shown, signer_for, trusting

SIGNER = signer_for(HOST)
CLIENT_PEM = pem_of(SIGNER.certificate)


def leaf() -> Leaf:
    return new_leaf(SIGNER, (HOST,), NOW)


@pytest.mark.parametrize(
    ("offer", "agreed"),
    [(["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"), (["h2"], None), ([], None)],
)
def test_http_1_1_is_spoken_and_nothing_else(offer: list[str], agreed: str | None) -> None:
    client = trusting(CLIENT_PEM)
    if offer:
        client.set_alpn_protocols(offer)
    assert shaken(shown(SIGNER, HOST), client, HOST).selected_alpn_protocol() == agreed


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(version: ssl.TLSVersion) -> None:
    client = trusting(CLIENT_PEM)
    client.minimum_version = client.maximum_version = version
    assert shaken(shown(SIGNER, HOST), client, HOST).version() == version.name.replace("_", ".")


def test_nothing_older_is_spoken() -> None:
    assert server_context().minimum_version is ssl.TLSVersion.TLSv1_2


# === where the key is ===


def test_pair_in_memory_is_read_by_openssl_and_is_gone_afterwards() -> None:
    made = leaf()
    with pair_in_memory(made.pem, made.key) as path:
        server_context().load_cert_chain(path)
        assert Path(path).resolve().name.startswith("memfd:pair")
    with pytest.raises(FileNotFoundError):
        server_context().load_cert_chain(path)


def test_where_there_are_no_memory_files__a_file_that_nobody_else_can_read_for_a_moment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = leaf()
    assert is_taken(context_of(made.pem, made.key), trusting(CLIENT_PEM), HOST)
    assert list(tmp_path.iterdir()) == []


def test_file_for_a_moment_holds_no_key_in_the_clear(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = leaf()
    with pair_behind_password(made.pem, made.key) as (path, password):
        text = Path(path).read_bytes()
        assert Path(path).stat().st_mode & 0o777 == 0o600
        assert b"BEGIN PRIVATE KEY" not in text
        key = text[text.index(b"-----BEGIN ENCRYPTED") :]
        read = serialization.load_pem_private_key(key, password.encode())
        assert read.public_key() == made.key.public_key()


def test_no_descriptor_is_left_open() -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  names alone
    made = leaf()
    for _ in range(10):
        context_of(made.pem, made.key)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


# === files of one's own ===


class Files:
    """A pair of files, and what was told of them."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "cert.pem", folder / "key.pem"
        self.reloads: list[bool] = []

    def write(self, made: Leaf) -> x509.Certificate:
        self.certificate.write_bytes(made.pem)
        self.key.write_bytes(pem_of_key(made.key))
        return x509.load_pem_x509_certificate(made.pem)

    def context(self) -> ContextOfFiles:
        return ContextOfFiles(self.certificate, self.key, self.reloads.append)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def seen(context: ContextOfFiles) -> x509.Certificate:
    return certificate_of(shaken(context(), trusting(CLIENT_PEM), HOST))


def test_files_are_read_once(files: Files) -> None:
    written = files.write(leaf())
    context = files.context()
    assert context() is context()
    assert seen(context) == written
    assert files.reloads == []


def test_files_that_were_replaced_are_read_again(files: Files) -> None:
    files.write(leaf())
    context = files.context()
    context()
    written = files.write(leaf())
    assert seen(context) == written
    assert files.reloads == [True]


def test_half_of_a_new_pair_leaves_the_old_one_in_use_until_it_is_whole(files: Files) -> None:
    old = files.write(leaf())
    context = files.context()
    new = leaf()
    files.certificate.write_bytes(new.pem)
    assert seen(context) == old
    assert seen(context) == old
    assert files.reloads == [False]
    files.key.unlink()
    assert seen(context) == old
    files.key.write_bytes(pem_of_key(new.key))
    assert seen(context) == x509.load_pem_x509_certificate(new.pem)
    assert files.reloads == [False, False, True]


def test_files_that_could_never_be_used__an_error(files: Files) -> None:
    with pytest.raises(FileNotFoundError):
        files.context()
    files.write(leaf())
    files.key.write_bytes(pem_of_key(leaf().key, b"hunter2"))  # nobody is asked for it
    with pytest.raises(ssl.SSLError):
        files.context()
