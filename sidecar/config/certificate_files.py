"""The files of TLS, tried when settings are loaded: a pair that does not fit is found then, not at the first call."""

import ssl
from pathlib import Path


def problem_of_authorities(ca_file: Path) -> str:
    """Why a file can't be used as a list of trusted authorities; nothing if it can."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(ca_file)
    except ssl.SSLError:
        return "holds no certificate in PEM form"
    except OSError as error:
        return f"can't be read: {(error.strerror or 'unknown error').lower()}"
    return ""


def problem_of_pair(certificate_file: Path, key_file: Path, certificate: str = "client_certificate_file") -> str:
    """Why a certificate and its private key can't be used together; nothing if they can. `certificate`: the setting it is of."""
    try:
        # A password is given, and wrong, because OpenSSL would otherwise ask for one at the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate_file, key_file, password="none")  # noqa: S106
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"is not the key of {certificate}"
        return f"and {certificate} are not a key without a password and its certificate, both in PEM form"
    except OSError as error:
        return f"or {certificate} can't be read: {(error.strerror or 'unknown error').lower()}"
    return ""
