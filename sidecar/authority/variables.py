"""The variables by which one program, started with them, trusts an authority. Nothing else is told: no system, no browser."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class Takes(StrEnum):
    """What a program does with the file that a variable names."""

    INSTEAD = "instead"
    """It trusts what is in it, and nothing else: it is given `bundle.pem`, the system's authorities and ours."""
    BESIDES = "besides"
    """It trusts what is in it as well: it is given `ca.pem`, ours alone."""


class Trusting(NamedTuple):
    """One variable."""

    takes: Takes
    read_by: str
    """Those who read it, for people."""


VARIABLES: Final[Mapping[str, Trusting]] = {
    "SSL_CERT_FILE": Trusting(
        Takes.INSTEAD, "OpenSSL and what builds on it: Python's ssl, httpx, aiohttp, Ruby; also Go"
    ),
    "REQUESTS_CA_BUNDLE": Trusting(Takes.INSTEAD, "Python's requests"),
    "CURL_CA_BUNDLE": Trusting(Takes.INSTEAD, "curl"),
    "NODE_EXTRA_CA_CERTS": Trusting(Takes.BESIDES, "Node, read once at its start"),
    "AWS_CA_BUNDLE": Trusting(Takes.INSTEAD, "AWS CLI and SDKs"),
    "HTTPLIB2_CA_CERTS": Trusting(Takes.INSTEAD, "httplib2, under google-api-python-client"),
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": Trusting(Takes.INSTEAD, "gRPC"),
    "DENO_CERT": Trusting(Takes.BESIDES, "Deno"),
}


def variables_of(certificate: str, bundle: str) -> dict[str, str]:
    """Every variable with the file that it is to name: of the authority alone, or of the system's and ours."""
    return {name: bundle if one.takes is Takes.INSTEAD else certificate for name, one in VARIABLES.items()}
