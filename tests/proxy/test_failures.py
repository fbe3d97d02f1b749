"""Sentences: what failed, where, and where to look."""

import errno
import socket
import ssl

import pytest

from sidecar.proxy.failures import Hop, UpstreamError

PROVIDER, PROXY = Hop("api.example", 443), Hop("proxy.example", 3128, is_egress=True)


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, f"[SSL: {reason}] something")
    error.reason = reason
    return error


def test_name_that_does_not_exist() -> None:
    failure = PROVIDER.not_resolved(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
    assert failure.error is UpstreamError.RESOLVE
    assert str(failure) == (
        "api.example:443 could not be resolved: Name or service not known; look at the name, and at this machine's DNS"
    )


def test_dns_that_does_not_answer_is_told_from_a_name_that_does_not_exist() -> None:
    failure = PROVIDER.not_resolved(socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"))
    assert str(failure).endswith("the DNS of this machine gave no answer")


def test_refused_connection_is_said_in_the_systems_words() -> None:
    error = OSError(errno.ECONNREFUSED, "Connect call failed ('192.0.2.1', 443)")
    assert str(PROVIDER.not_reached(error)) == "api.example:443 could not be reached: Connection refused"


def test_address_of_ipv6_is_written_with_brackets() -> None:
    assert str(Hop("::1", 443)) == "[::1]:443"


@pytest.mark.parametrize("fail", [Hop.not_resolved, Hop.not_reached, Hop.no_tls])
def test_whatever_fails_at_the_proxy_is_its_failure_and_names_the_setting(fail) -> None:
    failure = fail(PROXY, OSError(errno.EHOSTUNREACH, "no"))
    assert failure.error is UpstreamError.EGRESS
    assert str(failure).startswith("the egress proxy proxy.example:3128 ")
    assert str(failure).endswith("(egress.https_proxy)")


@pytest.mark.parametrize(
    ("reason", "error", "said"),
    [
        ("WRONG_VERSION_NUMBER", UpstreamError.TLS, "speaks no TLS: an https URL may be meant to be http"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", UpstreamError.TLS, "speaks no TLS that we do: 1.2 is the oldest"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", UpstreamError.TLS, "did not agree on TLS: sslv3 alert handshake failure"),
        (
            "TLSV1_ALERT_UNKNOWN_CA",
            UpstreamError.CLIENT_CERTIFICATE,
            "wants a client certificate (unknown ca): set client_",
        ),
        (
            "TLSV13_ALERT_CERTIFICATE_REQUIRED",
            UpstreamError.CLIENT_CERTIFICATE,
            "wants a client certificate (certificate",
        ),
    ],
)
def test_tls_that_failed(reason: str, error: UpstreamError, said: str) -> None:
    failure = PROVIDER.no_tls(tls_error(reason))
    assert failure.error is error
    assert said in str(failure)


def test_certificate_of_ours_that_is_refused_is_told_from_one_that_is_missing() -> None:
    failure = PROVIDER.no_tls(tls_error("SSLV3_ALERT_BAD_CERTIFICATE"), shows_certificate=True)
    assert "refused our client certificate (bad certificate)" in str(failure)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (9, "showed a certificate that is not valid yet: because"),
        (10, "showed a certificate that has expired: because"),
        (18, "showed a certificate of an authority that is not trusted here: because; ca_file adds one"),
        (23, "showed a certificate that can't be verified: because"),
        (62, "showed a certificate for another name: because"),
    ],
)
def test_certificate_that_was_not_believed(code: int, said: str) -> None:
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_code, error.verify_message = code, "because"
    failure = PROVIDER.no_tls(error)
    assert failure.error is UpstreamError.CERTIFICATE
    assert str(failure).endswith(said)


def test_every_error_has_its_meaning_below_it() -> None:
    assert [str(error) for error in UpstreamError] == [
        "resolve", "connect", "connect_timeout", "egress", "certificate", "client_certificate", "tls", "closed", "reset",
        "protocol",
    ]  # fmt: skip
