"""Contexts are as fresh as their files."""

import ssl
from pathlib import Path

import pytest

from sidecar.proxy.certificates import Certificates, TlsFiles
from sidecar.proxy.destination import Endpoint
from tests.proxy.certificates import Authority
from tests.proxy.secure import a_tls_road, one_call


class Told:
    def __init__(self) -> None:
        self.reloads: list[bool] = []
        self.certificates = Certificates(self.reloads.append)


@pytest.fixture
def told() -> Told:
    return Told()


def files_of(authority: Authority, **pair: bool) -> TlsFiles:
    found = authority.pair("me", name="reloaded", **pair)
    return TlsFiles(str(authority.ca_file), str(found.certificate), str(found.key))


def test_one_context_for_the_same_files(told: Told, authority: Authority) -> None:
    first = told.certificates.context(TlsFiles(str(authority.ca_file)))
    assert told.certificates.context(TlsFiles(str(authority.ca_file))) is first
    assert told.certificates.context(TlsFiles()) is not first
    assert told.reloads == []


def test_context_checks_names_and_speaks_nothing_old(told: Told) -> None:
    context = told.certificates.context(TlsFiles())
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_files_that_were_replaced_are_read_again(told: Told, authority: Authority) -> None:
    files = files_of(authority)
    first = told.certificates.context(files)
    files_of(authority)
    second = told.certificates.context(files)
    assert second is not first
    assert told.certificates.context(files) is second
    assert told.reloads == [True]


def test_directory_that_a_link_is_turned_to__as_kubernetes_does(
    told: Told, authority: Authority, tmp_path: Path
) -> None:
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "ca.crt").write_bytes(authority.ca_file.read_bytes())
    (tmp_path / "..data").symlink_to("1")
    (tmp_path / "ca.crt").symlink_to("..data/ca.crt")
    files = TlsFiles(str(tmp_path / "ca.crt"))
    first = told.certificates.context(files)
    (tmp_path / "next").symlink_to("2")
    (tmp_path / "next").rename(tmp_path / "..data")
    assert told.certificates.context(files) is not first


def test_half_of_a_pair_was_replaced__the_old_one_stays_until_the_other_half_comes(
    told: Told, authority: Authority
) -> None:
    files = files_of(authority)
    assert files.client_key_file is not None
    key = Path(files.client_key_file)
    first, old_key = told.certificates.context(files), key.read_bytes()
    files_of(authority)
    new_key = key.read_bytes()
    key.write_bytes(old_key)
    assert told.certificates.context(files) is first
    assert told.certificates.context(files) is first
    assert told.reloads == [False]
    key.write_bytes(new_key)
    assert told.certificates.context(files) is not first
    assert told.reloads == [False, True]


def test_file_that_went_away__the_old_one_stays(told: Told, authority: Authority) -> None:
    files = files_of(authority)
    first = told.certificates.context(files)
    Path(files.client_certificate_file or "").unlink()
    assert told.certificates.context(files) is first


def test_files_that_never_could_be_used__refused(told: Told, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "none.pem"):
        with pytest.raises(OSError):
            told.certificates.context(TlsFiles(str(tmp_path / name)))


def test_files_of_an_endpoint() -> None:
    assert TlsFiles.of(Endpoint("h", 1, True, "ca", "cert", "key")) == TlsFiles("ca", "cert", "key")


@pytest.mark.anyio
async def test_certificate_that_was_renewed_is_shown_on_the_next_connection(authority: Authority) -> None:
    pair = authority.pair("before", name="renewed")
    async with a_tls_road(
        authority.server_that_asks(), authority.ca_file, pair=pair, limits={"max_idle_upstream_connections": 0}
    ) as road:
        shown = []
        for name in ("before", "after"):
            authority.pair(name, name="renewed")
            connection = await one_call(road)
            shown.append(connection.writer.get_extra_info("ssl_object").getpeercert()["subjectAltName"][0][1])
        assert shown == ["before", "after"]
        assert road.counted("certificate_reloads_total", result="good") == 1
