"""One authority: made, loaded, or in memory alone; it shows a leaf for each host, made once and renewed before it ends."""

import ssl
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, Self

from cryptography.hazmat.primitives import hashes

from sidecar.authority.bundle import bundle_of, system_authorities
from sidecar.authority.certificate import moment_of, pem_of, pem_of_key
from sidecar.authority.contexts import context_of
from sidecar.authority.files import (
    BUNDLE,
    CERTIFICATE,
    KEY,
    AuthorityError,
    is_there,
    read_authority,
    write_authority,
)
from sidecar.authority.leaf import new_leaf
from sidecar.authority.names import Scope
from sidecar.authority.signer import Signer, Unfit, new_signer, read_signer, scope_of
from sidecar.clock import Clock, Moment

DEFAULT_DAYS: Final = 825
CA_DIRECTORY: Final = "proxy.ca_directory"
MOST_LEAVES: Final = 128
"""20 KiB each. Hosts of upstreams are few; only Vertex and Bedrock have one for each region."""
RENEW: Final = "sidecar ca create --force makes a new one, which programs must be told of"


class Shown(NamedTuple):
    """What is shown for some names, and until when."""

    context: ssl.SSLContext
    renew_at: Moment


class Authority:
    """Speaks for the hosts in its scope. Its `repr` names it; no text of it holds the key."""

    def __init__(self, signer: Signer, clock: Clock, told_by: str = CA_DIRECTORY) -> None:
        self._signer, self._clock, self._told_by = signer, clock, told_by
        self._scope = scope_of(signer.certificate)
        self._shown: OrderedDict[tuple[str, ...], Shown] = OrderedDict()
        self.ends_at = moment_of(signer.certificate.not_valid_after_utc)

    # === where it comes from ===

    @classmethod
    def load(cls, directory: Path, clock: Clock, told_by: str = CA_DIRECTORY) -> Self:
        """The authority that a directory keeps.

        Raises:
            AuthorityError: there is none, it has ended, its files do not fit or are open to others. `told_by` is its key.
        """
        certificate, key = read_authority(directory, told_by)
        try:
            return cls(read_signer(certificate, key, clock.now()), clock, told_by)
        except Unfit as why:
            raise AuthorityError(told_by, f"the authority in {directory} {why}", RENEW) from None

    @classmethod
    def create(
        cls, directory: Path, hosts: Iterable[str], clock: Clock, *, days: int = DEFAULT_DAYS, replaces: bool = False,
        variables: Mapping[str, str], told_by: str = CA_DIRECTORY,
    ) -> Self:  # fmt: skip
        """Make an authority for these hosts, and those below them, and keep it in a directory, with its bundle.

        `variables` is the environment: it may name another list than the system's. `replaces`: what is there already is lost,
        and its key is kept nowhere.

        Raises:
            AuthorityError: one is there already, or the directory can't be used. `told_by` is its key.
            NotAName: one of the hosts can't stand in a certificate.
        """
        if not replaces and is_there(directory):
            raise AuthorityError(told_by, f"there is an authority in {directory} already", RENEW)
        made = cls.in_memory(hosts, clock, days=days)
        bundle = made.bundle(system_authorities(variables))
        texts = {CERTIFICATE: made.certificate_pem, KEY: pem_of_key(made._signer.key), BUNDLE: bundle}
        write_authority(directory, texts, told_by)
        return made

    @classmethod
    def in_memory(cls, hosts: Iterable[str], clock: Clock, *, days: int = DEFAULT_DAYS) -> Self:
        """An authority that ends with the process: nothing of it is written anywhere.

        Raises:
            NotAName: one of the hosts can't stand in a certificate.
        """
        return cls(new_signer(Scope.of(hosts), clock.now(), days), clock)

    # === what it says of itself ===

    @property
    def certificate_pem(self) -> bytes:
        """What programs trust."""
        return pem_of(self._signer.certificate)

    def bundle(self, lists: Iterable[bytes]) -> bytes:
        """The same behind the authorities of these lists, for programs that take a list instead of theirs."""
        return bundle_of(self.certificate_pem, lists)

    @property
    def name(self) -> str:
        """Its own; another one that is made is called differently."""
        return self._signer.certificate.subject.rfc4514_string().removeprefix("CN=")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its certificate, as `openssl x509 -fingerprint -sha256` writes it."""
        return self._signer.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @property
    def scope(self) -> tuple[str, ...]:
        """For which hosts (and those below them) and blocks of addresses it may speak."""
        return self._scope.texts()

    def permits(self, host: str) -> bool:
        """It may speak for this host, and clients will believe it."""
        return self._scope.permits(host)

    def __repr__(self) -> str:
        return f"Authority({self.name!r})"

    # === what it shows ===

    def leaf(self, names: tuple[str, ...]) -> ssl.SSLContext:
        """What a TLS server shows for these hosts; the same for the same hosts, until it is time for a new one.

        Raises:
            AuthorityError: it may not speak for one of them, or it has ended.
        """
        now = self._clock.now()
        known = self._shown.get(names)
        if known is None or known.renew_at <= now:
            known = self._shown[names] = self._made(names, now)
            if len(self._shown) > MOST_LEAVES:
                self._shown.popitem(last=False)
        self._shown.move_to_end(names)
        return known.context

    def _made(self, names: tuple[str, ...], now: Moment) -> Shown:
        if self.ends_at <= now:
            ended = f"the local authority ended on {self._signer.certificate.not_valid_after_utc:%Y-%m-%d}"
            raise AuthorityError(self._told_by, ended, RENEW)
        for name in names:
            if not self.permits(name):
                raise AuthorityError(self._told_by, f"the local authority may not speak for {name}", RENEW)
        leaf = new_leaf(self._signer, names, now)
        return Shown(context_of(leaf.pem, leaf.key), leaf.renew_at)
