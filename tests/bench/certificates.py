"""Certificates of the benchmark: for loopback, each its own authority, of the kind of key that ours have as well."""

import subprocess
from pathlib import Path


def make_certificate(certificate: Path, key: Path) -> None:
    """A certificate for loopback, and its key: an elliptic curve's, P-256."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    command = ["openssl", "req", "-x509", *curve, "-nodes", "-days", "2", *names]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
