"""What a certificate can be for, and what covers what."""

import ipaddress

import pytest
from hypothesis import given, strategies as st

from sidecar.authority.names import EVERYBODY, LONGEST_NAME, LOOPBACK, NotAName, Scope, address_of, name_of

LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
ADDRESSES = st.ip_addresses().map(str)
HOSTS = st.one_of(DOMAINS, ADDRESSES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("API.OpenAI.com", "api.openai.com"),
        ("api.openai.com.", "api.openai.com"),
        ("vllm", "vllm"),
        ("my_vllm.default", "my_vllm.default"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("10.0.0.7", "10.0.0.7"),
        ("::1", "::1"),
        ("[0:0::1]", "::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("x." * 125 + "com", "x." * 125 + "com"),
    ],
)
def test_name_is_as_certificates_have_it(text: str, name: str) -> None:
    assert name_of(text) == name


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("*.example", "stands for many hosts"),
        ("api.*.example", "stands for many hosts"),
        ("bücher.example", "is not ASCII"),
        ("\u212aubernetes.example", "is not ASCII"),  # a Kelvin sign, of which lower() makes an ASCII k
        ("", "is neither a name nor an address"),
        (".", "is neither a name nor an address"),
        (".example", "is neither a name nor an address"),
        ("a..b", "is neither a name nor an address"),
        ("-a.example", "is neither a name nor an address"),
        ("a.example-", "is neither a name nor an address"),
        ("a b", "is neither a name nor an address"),
        ("a.example\n", "is neither a name nor an address"),
        ("a.example:443", "is neither a name nor an address"),
        ("https://a.example", "is neither a name nor an address"),
        ("10.1", "is neither a name nor an address"),
        ("010.0.0.1", "is neither a name nor an address"),
        ("1.2.3.4.5", "is neither a name nor an address"),
        ("fe80::1%eth0", "is neither a name nor an address"),
        ("a" * 64 + ".example", "is neither a name nor an address"),
        ("x." * 126 + "com", "is neither a name nor an address"),
    ],
)
def test_what_stands_for_no_single_host__refused(text: str, problem: str) -> None:
    with pytest.raises(NotAName) as refused:
        name_of(text)
    assert refused.value.problem == f"'{text}' {problem}"
    assert str(refused.value) == f"{refused.value.problem}; {refused.value.advice}"


@given(st.one_of(st.text(max_size=40), st.text("abz09.-_*:[]%/xX", max_size=300)))
def test_any_text_is_a_name_or_refused__and_a_name_stays_one(text: str) -> None:
    try:
        name = name_of(text)
    except NotAName:
        return
    assert name_of(name) == name == name.lower()
    assert name.isascii()
    assert len(name) <= LONGEST_NAME


@given(st.text(st.characters(categories=("Ll", "Lo", "Lu")), min_size=1, max_size=20))
def test_name_in_any_language_is_taken_as_dns_has_it(text: str) -> None:
    try:
        written = f"{text}.example".encode("idna").decode("ascii")
    except UnicodeError:
        return  # no host can be called so
    assert name_of(written) == written.lower()


@given(ADDRESSES)
def test_address_is_known_with_and_without_brackets(address: str) -> None:
    assert address_of(address) == address_of(f"[{address}]") == ipaddress.ip_address(address)


# === scopes ===


@given(st.lists(HOSTS, max_size=8))
def test_every_host_of_a_scope_and_this_machine_are_permitted(hosts: list[str]) -> None:
    scope = Scope.of(hosts)
    assert all(map(scope.permits, (*hosts, "localhost", "127.0.0.1", "127.9.9.9", "::1")))


@given(st.lists(DOMAINS, max_size=8), DOMAINS)
def test_name_is_permitted__itself_or_what_it_is_below(domains: list[str], name: str) -> None:
    labels = name.split(".")
    above = {".".join(labels[place:]) for place in range(len(labels))}
    assert Scope.of(domains).permits(name) == bool(above & {*domains, "localhost"})


@given(st.lists(HOSTS, max_size=8))
def test_what_another_one_covers_is_left_out(hosts: list[str]) -> None:
    scope = Scope.of(hosts)
    others = [Scope(tuple(set(scope.domains) - {each}), scope.networks) for each in scope.domains]
    assert not any(other.permits(each) for other, each in zip(others, scope.domains, strict=True))


def test_both_kinds_are_always_constrained() -> None:
    assert Scope.of([]).texts() == ("localhost", "127.0.0.0/8", "::1")
    assert {"localhost", "127.0.0.0/8", "::1/128"} == set(LOOPBACK)


def test_block_is_written_as_it_was_and_one_address_alone() -> None:
    scope = Scope.of(["10.0.0.0/8", "10.1.2.3", "192.0.2.7", "2001:db8::/32"])
    assert scope.texts() == ("localhost", "10.0.0.0/8", "127.0.0.0/8", "192.0.2.7", "::1", "2001:db8::/32")
    assert scope.permits("10.255.0.1")
    assert not scope.permits("11.0.0.1")


@pytest.mark.parametrize("text", ["10.0.0.7/8", "10.0.0.0/33", "a/8", "/"])
def test_what_is_no_block__refused(text: str) -> None:
    with pytest.raises(NotAName, match="is no block of addresses"):
        Scope.of([text])


@pytest.mark.parametrize(
    "host", ["evilgoogleapis.com", "googleapis.com.evil.example", "com", "", "*.googleapis.com", "10.0.0.1"]
)
def test_name_that_only_looks_like_one_below_is_not_permitted(host: str) -> None:
    assert not Scope.of(["googleapis.com"]).permits(host)


@given(HOSTS)
def test_everybody_is_everybody(host: str) -> None:
    assert EVERYBODY.permits(host)
