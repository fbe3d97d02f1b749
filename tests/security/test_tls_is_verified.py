"""Threat 16: there is no way to have a provider's certificate not looked at: none in the settings, none in the source."""

import ast
import re
from collections.abc import Iterator
from typing import Final

import pytest

from sidecar.config.schema import dotted, leaf_paths
from tests.readme import ROOT

WORDS: Final = re.compile("insecure|skip_verify|verify_(?:ssl|tls|mode)|no_verify|unverified|allow_invalid|trust_all")
FORBIDDEN: Final = {"CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "_create_stdlib_context"}
SOURCES: Final = sorted((ROOT / "sidecar").rglob("*.py"))


def weakened(tree: ast.Module) -> Iterator[str]:
    """What turns a check off, where it stands."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in FORBIDDEN:
                yield f"{node.lineno}: {name}"
            case ast.Assign(targets=[ast.Attribute(attr="check_hostname")], value=ast.Constant(value=False)):
                yield f"{node.lineno}: check_hostname"
            case ast.keyword(arg="verify" | "check_hostname" | "verify_ssl", value=ast.Constant(value=False)):
                yield f"{node.value.lineno}: {node.arg}"


def test_no_source_turns_a_check_off() -> None:
    found = {path.name: list(weakened(ast.parse(path.read_text()))) for path in SOURCES}
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "text",
    [
        "c.verify_mode = ssl.CERT_NONE",
        "c.check_hostname = False",
        "get(verify=False)",
        "ssl._create_unverified_context()",
    ],
)
def test_source_that_did__would_be_found(text: str) -> None:
    assert list(weakened(ast.parse(text)))


def test_no_setting_is_called_like_one_that_would() -> None:
    names = {dotted(path) for path in leaf_paths()}
    assert {"egress.ca_file", "upstreams.gemini.ca_file", "upstreams.gemini.client_certificate_file"} <= names
    assert [name for name in names if WORDS.search(name)] == []
