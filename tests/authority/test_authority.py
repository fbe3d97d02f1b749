"""One authority: kept, loaded, in memory; what it shows is made once, renewed in time, and never beyond its end or its scope."""

import ssl
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from sidecar.authority.authority import DEFAULT_DAYS, MOST_LEAVES, Authority
from sidecar.authority.bundle import count_of
from sidecar.authority.certificate import datetime_of
from sidecar.authority.files import BUNDLE, CERTIFICATE, KEY, AuthorityError
from sidecar.authority.leaf import LEAF_DAYS
from sidecar.authority.names import NotAName
from tests.authority.made import DAY, HOST, NOW, MovedClock, is_taken, shaken, trusting

YEARS_AGO = NOW - 1000 * DAY


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def authority(clock: MovedClock) -> Authority:
    """One in memory."""
    return Authority.in_memory([HOST], clock)


def created(directory: Path, *hosts: str, at: int = NOW, days: int = DEFAULT_DAYS, replaces: bool = False) -> Authority:
    return Authority.create(
        directory, hosts or (HOST,), MovedClock(at), days=days, replaces=replaces, variables={}, told_by="--directory"
    )


def refusal(directory: Path, at: int = NOW) -> str:
    with pytest.raises(AuthorityError) as refused:
        Authority.load(directory, MovedClock(at))
    return str(refused.value)


# === kept ===


def test_leaf_of_one_that_was_loaded_is_taken_with_its_bundle_and_refused_without(tmp_path: Path) -> None:
    created(tmp_path / "ca")
    loaded = Authority.load(tmp_path / "ca", MovedClock())
    bundle = (tmp_path / "ca" / BUNDLE).read_bytes()
    assert is_taken(loaded.leaf((HOST,)), trusting(bundle), HOST)
    assert not is_taken(loaded.leaf((HOST,)), ssl.create_default_context(), HOST)


def test_one_that_was_loaded_says_the_same_of_itself(tmp_path: Path) -> None:
    made, loaded = created(tmp_path / "ca"), Authority.load(tmp_path / "ca", MovedClock())
    assert (made.name, made.fingerprint, made.scope) == (loaded.name, loaded.fingerprint, loaded.scope)
    assert made.ends_at // 1_000_000 == (NOW + DEFAULT_DAYS * DAY) // 1_000_000
    assert loaded.certificate_pem == (tmp_path / "ca" / CERTIFICATE).read_bytes()


def test_bundle_holds_the_systems_authorities_too(tmp_path: Path) -> None:
    created(tmp_path / "ca")
    assert count_of((tmp_path / "ca" / BUNDLE).read_bytes()) > 10
    assert count_of((tmp_path / "ca" / CERTIFICATE).read_bytes()) == 1


def test_one_that_is_there_is_not_replaced_unasked(tmp_path: Path) -> None:
    before = created(tmp_path / "ca")
    with pytest.raises(AuthorityError) as refused:
        created(tmp_path / "ca")
    assert str(refused.value).startswith(
        f"--directory: there is an authority in {tmp_path}/ca already; sidecar ca create --force"
    )
    assert Authority.load(tmp_path / "ca", MovedClock()).name == before.name


def test_one_that_is_replaced_lives_on_nowhere(tmp_path: Path) -> None:
    before = created(tmp_path / "ca")
    old_key = (tmp_path / "ca" / KEY).read_bytes()
    after = created(tmp_path / "ca", replaces=True)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert not any(old_key in text or before.certificate_pem in text for text in files)
    assert not is_taken(before.leaf((HOST,)), trusting(after.certificate_pem), HOST)


def test_halves_of_two__refused(tmp_path: Path) -> None:
    created(tmp_path / "one")
    created(tmp_path / "other")
    (tmp_path / "one" / KEY).replace(tmp_path / "other" / KEY)
    assert refusal(tmp_path / "other") == (
        f"proxy.ca_directory: the authority in {tmp_path}/other has a key in ca-key.pem that is not that of ca.pem; "
        "sidecar ca create --force makes a new one, which programs must be told of"
    )


def test_one_that_has_ended__refused_with_the_day(tmp_path: Path) -> None:
    created(tmp_path / "ca", days=10)
    said = refusal(tmp_path / "ca", at=NOW + 10 * DAY)
    assert said.startswith(
        f"proxy.ca_directory: the authority in {tmp_path}/ca ended on {datetime_of(NOW + 10 * DAY):%Y-%m-%d}; "
    )


def test_host_that_no_certificate_can_be_for__nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(NotAName):
        created(tmp_path / "ca", "*.example")
    assert not (tmp_path / "ca").exists()


def test_one_in_memory_leaves_nothing(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert is_taken(authority.leaf((HOST,)), trusting(authority.certificate_pem), HOST)
    assert is_taken(authority.leaf((HOST,)), trusting(authority.bundle([])), HOST)
    assert list(tmp_path.rglob("*")) == []


# === what it shows ===


def test_leaf_is_made_once_for_each_set_of_names(authority: Authority) -> None:
    first = authority.leaf((HOST,))
    assert authority.leaf((HOST,)) is first
    assert authority.leaf((HOST, "localhost")) is not first


def test_leaf_is_renewed_when_a_third_of_its_time_is_left(authority: Authority, clock: MovedClock) -> None:
    first = authority.leaf((HOST,))
    clock.at = NOW + (LEAF_DAYS * DAY * 2) // 3 - DAY
    assert authority.leaf((HOST,)) is first
    clock.at += 2 * DAY
    second = authority.leaf((HOST,))
    assert second is not first
    assert authority.leaf((HOST,)) is second


def test_leaf_that_was_renewed_holds_longer() -> None:
    clock = MovedClock(NOW - LEAF_DAYS * DAY)
    authority = Authority.in_memory([HOST], clock)
    assert not is_taken(
        authority.leaf((HOST,)), trusting(authority.certificate_pem), HOST
    )  # its last second has gone by
    clock.at = NOW
    assert is_taken(authority.leaf((HOST,)), trusting(authority.certificate_pem), HOST)


def test_leaves_are_kept_up_to_a_bound__those_least_asked_for_go(authority: Authority) -> None:
    names = [(f"h{number}.{HOST}",) for number in range(MOST_LEAVES + 1)]
    first, second = authority.leaf(names[0]), authority.leaf(names[1])
    for each in names[2:-1]:
        authority.leaf(each)
    assert authority.leaf(names[0]) is first
    authority.leaf(names[-1])
    assert authority.leaf(names[0]) is first
    assert authority.leaf(names[1]) is not second


@pytest.mark.parametrize("host", ["evil.example", f"evil{HOST}", "example", "10.0.0.1", "*.example", ""])
def test_host_beyond_its_scope__refused_and_not_shown(authority: Authority, host: str) -> None:
    assert not authority.permits(host)
    with pytest.raises(AuthorityError) as refused:
        authority.leaf((HOST, host))
    assert refused.value.problem == f"the local authority may not speak for {host}"


def test_this_machine_and_what_is_below_a_host_are_in_its_scope(authority: Authority) -> None:
    assert all(map(authority.permits, (HOST, f"eu.{HOST}", "localhost", "127.0.0.1", "::1")))
    assert authority.scope == (HOST, "localhost", "127.0.0.0/8", "::1")


def test_one_that_ends_while_it_is_in_use__refused_with_the_day(authority: Authority, clock: MovedClock) -> None:
    authority.leaf((HOST,))
    clock.at = authority.ends_at
    with pytest.raises(AuthorityError) as refused:
        authority.leaf((HOST,))
    assert refused.value.problem == f"the local authority ended on {datetime_of(authority.ends_at):%Y-%m-%d}"


def test_client_sees_that_an_authority_has_ended() -> None:
    authority = Authority.in_memory([HOST], MovedClock(YEARS_AGO))
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        shaken(authority.leaf((HOST,)), trusting(authority.certificate_pem), HOST)


def test_names_are_shown_as_certificates_have_them(authority: Authority) -> None:
    client = trusting(authority.certificate_pem)
    assert is_taken(authority.leaf((HOST, "localhost", "127.0.0.1", "::1")), client, "127.0.0.1")
    assert is_taken(authority.leaf((HOST.upper(),)), client, HOST)


# === what it says ===


def test_no_key_is_in_what_it_says(tmp_path: Path) -> None:
    authority = created(tmp_path / "ca")
    key = serialization.load_pem_private_key((tmp_path / "ca" / KEY).read_bytes(), None)
    assert repr(authority) == f"Authority('{authority.name}')"
    assert str(key.private_numbers().private_value) not in repr(vars(authority))  # type: ignore[union-attr]


def test_fingerprint_is_as_openssl_writes_it(authority: Authority) -> None:
    assert len(authority.fingerprint) == 32 * 3 - 1
    assert authority.fingerprint == authority.fingerprint.upper()
