"""What a soak is played in: the settings of its sidecar, which change while it runs, and its certificates, which are renewed."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import trustme
import yaml

from tests.soak.answers import TARIFF

FIRST_INPUT_USD, FIRST_OUTPUT_USD = 100, 1000
"""Per million tokens, in hundredths; each edition is dearer by one more."""
RESCUE_SECONDS = 3
LEASE_SECONDS, GRACE_SECONDS, CLAIM_SECONDS, CONFIRM_SECONDS = 4, 1, 3, 1


class Edition(NamedTuple):
    """A price list. Its prices are in force for certain from `read_at` on, and maybe from `written_at`, in microseconds."""

    number: int
    written_at: int
    read_at: int

    @property
    def input_cents(self) -> int:
        """Per million tokens."""
        return FIRST_INPUT_USD + self.number

    @property
    def output_cents(self) -> int:
        """Per million tokens."""
        return FIRST_OUTPUT_USD + 3 * self.number


class House:
    """The files of one sidecar."""

    def __init__(self, folder: Path, soak_url: str, simulator_url: str, ledger_url: str) -> None:
        self.folder, self._ledger_url = folder, ledger_url
        self._soak_url, self._simulator_url = soak_url, simulator_url
        self._authority = trustme.CA()
        self.authority_file = folder / "authority.pem"
        self._authority.cert_pem.write_to_path(str(self.authority_file))
        self.certificates = 0

    def write(self, edition: Edition) -> None:
        """Settings with the prices of this edition, put in place of those that are there."""
        text = yaml.safe_dump(self._settings(edition))
        self._put("sidecar.yaml", text.encode())

    def spoil(self) -> None:
        """Settings that nobody can use."""
        self._put("sidecar.yaml", b"mode: enforce\nrescue: {window_seconds: -1}\n")

    def renew_certificate(self) -> None:
        """One file after the other, as whoever renews them does: in between they do not fit."""
        leaf = self._authority.issue_cert("127.0.0.1", "localhost")
        self._put("certificate.pem", b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
        self._put("key.pem", leaf.private_key_pem.bytes())
        self.certificates += 1

    def _put(self, name: str, content: bytes) -> None:
        new = self.folder / f"{name}.new"
        new.write_bytes(content)
        os.replace(new, self.folder / name)  # noqa: PTH105

    def _settings(self, edition: Edition) -> Mapping[str, Any]:
        tls = {"cert": str(self.folder / "certificate.pem"), "key": str(self.folder / "key.pem")}
        prices = {
            "upstream": TARIFF, "model": "*",
            "input_per_mtok_usd": f"{edition.input_cents / 100:.2f}", "output_per_mtok_usd": f"{edition.output_cents / 100:.2f}",
        }  # fmt: skip
        anywhere = {"listen": "127.0.0.1:0"}
        return {
            "mode": "enforce",
            "proxy": {**anywhere, "tls": tls},
            "control": anywhere,
            "observe": anywhere,
            "ledger": {"url": self._ledger_url, "retention_days": 30},
            "upstreams": self._upstreams(),
            "rescue": {"window_seconds": RESCUE_SECONDS},
            "operations": {
                "lease_seconds": LEASE_SECONDS, "grace_seconds": GRACE_SECONDS, "claim_seconds": CLAIM_SECONDS,
                "confirm_seconds": CONFIRM_SECONDS,
            },
            # Connections to providers are as old as they get in an hour, and none is kept for long when it is quiet.
            "limits": {"upstream_max_age_seconds": 20, "upstream_idle_seconds": 1},
            "prices": {"overrides": [prices]},
        }  # fmt: skip

    def _upstreams(self) -> Mapping[str, Any]:
        at_simulator = {name: {"url": self._simulator_url} for name in ("gemini", "vertex", "openai", "anthropic")}
        runs_on = {"stream": "runs_on", "unary": "runs_on"}
        stops = {"stream": "stops", "unary": "stops"}
        return at_simulator | {
            "soak-gemini": {"dialect": "gemini", "url": self._soak_url, "on_close": runs_on},
            TARIFF: {"dialect": "gemini", "url": self._soak_url, "on_close": runs_on},
            "soak-openai": {
                "dialect": "openai",
                "provider": "openai",
                "url": self._soak_url,
                "on_close": {"stream": "stops", "unary": "runs_on"},
            },
            "soak-anthropic": {
                "dialect": "anthropic",
                "provider": "anthropic",
                "url": self._soak_url,
                "on_close": stops,
            },
        }
