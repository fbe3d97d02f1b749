"""The kinds of value that settings have, as they stand in a file and as a variable's text."""

from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from sidecar.config import values
from sidecar.config.addresses import Address
from sidecar.config.proxy_url import ProxyUrl, parse_exemptions


def read(kind, value):
    return TypeAdapter(kind).validate_python(value)


def problem_of(kind, value) -> str:
    with pytest.raises(ValidationError) as refused:
        read(kind, value)
    (error,) = refused.value.errors()
    return str(error["ctx"]["problem"])


@pytest.mark.parametrize(
    ("kind", "value", "result"),
    [
        (values.Seconds, "5m", 300),
        (values.Seconds, 0, 0),
        (values.Size, "64KiB", 65_536),
        (values.Count, "12", 12),
        (values.Usd, 0.1, Decimal("0.1")),
        (values.Usd, "0.10", Decimal("0.10")),
        (values.Usd, 3, Decimal(3)),
        (values.Listen, "[::1]:0", Address("::1", 0)),
        (values.Listen, Address("h", 1), Address("h", 1)),
        (values.LocalListen, "localhost:1", Address("localhost", 1)),
        (values.LocalListen, "unix:/run/sidecar.sock", Address("unix:/run/sidecar.sock", 0)),
        (values.LedgerUrl, "sqlite:////var/lib/calls.db", "sqlite:////var/lib/calls.db"),
        (values.UpstreamName, "my-vllm-2", "my-vllm-2"),
        (values.Pseudonym, "edge-1.example", "edge-1.example"),
        (values.EgressProxy, "http://proxy.example:3128", ProxyUrl("http", "proxy.example", 3128)),
        (values.EgressProxy, "off", None),
        (values.EgressProxy, False, None),
        (values.EgressProxy, None, None),
        (values.NoProxy, "A.example", parse_exemptions("a.example")),
        (values.PathGlob, "/v1/im?ges/[a-z]*", "/v1/im?ges/[a-z]*"),
        (Annotated[str, values.MaybeOff], False, "off"),
        (Annotated[str, values.MaybeOff], "off", "off"),
    ],
)
def test_value_is_read(kind, value, result):
    assert read(kind, value) == result


@pytest.mark.parametrize(
    ("kind", "value", "problem"),
    [
        (values.PathGlob, "v1/*", "'v1/*' does not begin with /"),
        (values.PathGlob, "*:predict", "'*:predict' does not begin with /"),
        (values.PathGlob, "", "'' does not begin with /"),
        (values.PathGlob, "/v1?key=a", "'/v1?key=***' has a query"),
        (values.PathGlob, None, "null is not text"),
        (values.Count, True, "true is not a whole number"),
        (values.Count, 2.0, "2.0 is not a whole number"),
        (values.Usd, True, "true is not a number"),
        (values.Usd, "Infinity", "'Infinity' is not a number"),
        (values.Usd, None, "null is not a number"),
        (values.Text, "", "'' is empty"),
        (values.Text, 4.1, "4.1 is not text"),
        (values.Pseudonym, "a b", "'a b' can't stand in a Via field"),
        (values.Pseudonym, "a\r\nB: c", "'a\r\nB: c' can't stand in a Via field"),
        (values.Pseudonym, True, "true is not text"),
        (values.EgressProxy, 3128, "what stands there (not shown: it may hold a password) is not text"),
        (values.NoProxy, "10.0.0.0/99", "'10.0.0.0/99' has '10.0.0.0/99' in it, which is no block of addresses"),
        (values.UpstreamName, "-a", "'-a' can't be an upstream's name"),
        (values.UpstreamName, "a_b", "'a_b' can't be an upstream's name"),
        (values.Listen, "unix:/run/sidecar.sock", "'unix:/run/sidecar.sock' has no port between 0 and 65535"),
        (values.LocalListen, "unix:sidecar.sock", "'unix:sidecar.sock' names no socket by its whole path"),
        (values.LedgerUrl, "sqlite:relative.db", "'sqlite:relative.db' is not a ledger's address"),
        (values.LedgerUrl, "sqlite:///a.db?mode=ro", "'sqlite:///a.db?mode=ro' names no file, or has parameters"),
    ],
)
def test_value_is_refused_in_these_words(kind, value, problem):
    assert problem_of(kind, value) == problem


def test_file_must_be_there(tmp_path):
    (tmp_path / "authority.pem").touch()
    assert read(values.ExistingFile, str(tmp_path / "authority.pem")) == tmp_path / "authority.pem"
    assert problem_of(values.ExistingFile, "none.pem") == "'none.pem' is not a file on this machine"


def test_port_of_another_machine_is_never_0_and_fits_16_bits():
    assert read(values.Port, "443") == 443
    for port in (0, 65_536):
        with pytest.raises(ValidationError):
            read(values.Port, port)


def test_host_is_named_without_brackets():
    assert read(values.HostName, "[::1]") == "::1"
    assert problem_of(values.HostName, "*.example") == "'*.example' has a host that is neither a name nor an address"


def test_a_name_that_is_too_long_for_a_file_is_none():
    assert problem_of(values.ExistingFile, "n" * 300).endswith("is not a file on this machine")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (values.Size, "\ud800"),
        (values.NoProxy, "10.0.0.0\udcb6/8"),
        (values.UpstreamName, "my-\udcd0"),
        (values.Listen, 16**4000),
    ],
    ids=["escape", "exemptions", "name", "digits"],
)
def test_what_can_not_be_written_is_refused_in_words_all_the_same(kind, value):
    """A variable's bytes need not be UTF-8, YAML knows half a surrogate pair, and numbers of any length."""
    assert problem_of(kind, value).encode()
