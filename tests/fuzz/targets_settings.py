"""What we are told: the settings file, the variables, the facts that a probe writes, prices of one's own."""

import atexit
import contextlib
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sidecar.clock import SECOND
from sidecar.config.addresses import Unusable, parse_address, parse_host, parse_local_address, parse_url
from sidecar.config.load import Loaded, leaves, load
from sidecar.config.prices import overrides_of
from sidecar.config.problems import BadSettings
from sidecar.config.proxy_url import parse_exemptions, parse_proxy_url
from sidecar.config.quantities import parse_bytes, parse_seconds
from sidecar.config.yaml_tree import Tree
from sidecar.metering.bill import Bill
from sidecar.metering.price import PriceBook
from sidecar.metering.usage import COUNTED, Usage
from sidecar.proxy.destination import destinations_of
from tests.fuzz.target import Target

FOLDER = tempfile.TemporaryDirectory()
atexit.register(FOLDER.cleanup)
FILE = Path(FOLDER.name) / "s.yaml"
ELSEWHERE = re.compile(rb"/dev|/proc|/sys|\.\.|~")
"""Names of files that have no end, or wait: the settings may name any, and reading it is what was asked for."""
GOOD = Path(__file__).parents[1] / "config/good/everything.yaml"
BAD = sorted((Path(__file__).parents[1] / "config/bad").glob("*.yaml"))
AT = 1_790_000_000 * SECOND
EVERYTHING = Usage(**dict.fromkeys(COUNTED, 1_000), variant="1024x1024 high")


def settings_file(data: bytes) -> None:
    """A settings file is taken, or everything that is wrong with it is said, each with its line."""
    if ELSEWHERE.search(data):
        return
    FILE.write_bytes(data)
    check(lambda: load({}, {}, str(FILE)))


def settings_variables(data: bytes) -> None:
    """The same of the environment: `NAME=value`, a line each."""
    if ELSEWHERE.search(data) or b"\0" in data:
        return
    lines = [line.partition("=") for line in data.decode("utf-8", "surrogateescape").split("\n")]
    variables = {name: value for name, _, value in lines if name != "SIDECAR_CONFIG"}
    FILE.write_bytes(b"")
    check(lambda: load({}, variables, str(FILE)))


def check(read: Callable[[], Loaded]) -> None:
    try:
        loaded = read()
    except BadSettings as bad:
        said = [str(problem) for problem in bad.problems]
    else:
        said = []
        check_use(loaded)
    assert all(said), "something is wrong, and it is not said what"


def check_use(loaded: Loaded) -> None:
    """What was taken can be shown and used: every upstream has a place, every price makes a bill."""
    for _, value in leaves(loaded.settings):
        repr(value)
    settings = loaded.settings
    settings.model_dump(mode="json")
    for destination in destinations_of(settings).values():
        assert destination.endpoint.host_header.decode("ascii")
    book = PriceBook(overrides_of(settings.prices, settings.upstreams))
    for name in settings.upstreams:
        bill = book.bill(
            usage=EVERYTHING,
            provider="google",
            upstream=name,
            model="gemini-3-pro",
            tier="batch",
            at=AT,
            held_milliseconds=9,
        )
        if isinstance(bill, Bill):
            assert all(amount.is_finite() and amount >= 0 for amount in (bill.input_usd, bill.output_usd))


def yaml(data: bytes) -> None:
    """Any text is a tree with a line for every node, or it is said what is wrong and where."""
    with contextlib.suppress(UnicodeDecodeError):
        text = data.decode()
        tree = Tree(text)
        most = len(text.splitlines()) + 2  # to YAML a lone CR ends a line too
        assert all(1 <= line <= most for line in tree.lines.values())
        assert all(line >= 1 and problem for line, _, problem, _ in tree.problems)


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "url": parse_url, "address": parse_address, "local": parse_local_address, "host": parse_host, "proxy": parse_proxy_url,
    "exemptions": parse_exemptions, "seconds": parse_seconds, "bytes": parse_bytes,
}  # fmt: skip


def value(data: bytes) -> None:
    """A single value is read, or refused by the one error; written down it is read again as the same."""
    name, _, text = data.decode("utf-8", "surrogateescape").partition(" ")
    parse = PARSERS.get(name)
    if parse is None:
        return
    try:
        read = parse(text)
    except (Unusable, ValueError):
        return
    if isinstance(read, float | int):
        assert 0 <= read < float("inf"), f"{read}"
    elif name in ("url", "address", "local"):
        assert parse(str(read)) == read


EVERY_WORD = tuple(sorted({word.encode() for word in re.findall(r"[a-z_]{4,}", GOOD.read_text())}))

TARGETS = (
    Target(
        "settings_file",
        settings_file,
        [part.encode() for part in re.split(r"\n(?=[a-z])", GOOD.read_text())] + [file.read_bytes() for file in BAD],
        (
            "config/load.py",
            "config/yaml_tree.py",
            "config/layers.py",
            "config/sources.py",
            "config/faults.py",
            "config/values.py",
            "config/problems.py",
            "config/conflicts.py",
            "config/local_facts.py",
            "config/prices.py",
            "config/upstreams.py",
            "metering/override.py",
        ),
        (
            *(word + b": " for word in EVERY_WORD),
            b"&a ",
            b"*a",
            b"<<: ",
            b"!!int ",
            b"0x",
            b".nan",
            b".inf",
            b"1:2:3",
            b"- ",
            b"~",
        ),
        1024,
    ),
    Target(
        "settings_variables",
        settings_variables,
        [
            b"SIDECAR_MODE=enforce\nHTTPS_PROXY=http://a:b@c:1",
            b"SIDECAR_UPSTREAMS__MY_VLLM__URL=http://a:1\nSIDECAR_UPSTREAMS__MY_VLLM__DIALECT=vllm",
            b"SIDECAR_PRICES__OVERRIDES=[{model: '*', input_per_mtok_usd: 1}]",
            b"SIDECAR_MODEE=x\nSIDECAR_SERVICE_PORT=1\nno_proxy=a,.b,10.0.0.0/8",
            b"SIDECAR_OPERATIONS__ON_ORPHAN={lro: cancel}\nSIDECAR_LEDGER__URL=postgresql://a:b@c/d",
            b"SIDECAR_FACTS_FILE=x.yaml",
        ],
        ("config/load.py", "config/sources.py", "config/layers.py", "config/faults.py", "config/values.py"),
        (b"SIDECAR_", b"__", *(word.upper() for word in EVERY_WORD), b"=", b"\n", b"null"),
        512,
    ),
    Target(
        "yaml",
        yaml,
        [
            GOOD.read_bytes()[:900],
            b"a: &x [1, *x]\nb: {<<: *x}\n? [c]\n: d\n",
            b"a: 0x1F\nb: 1:2:3\nc: 2026-13-01\n",
            b"- |\n a\n- !!bool x\n--- b",
        ],
        ("config/yaml_tree.py",),
        (
            b"&x ",
            b"*x",
            b"<<: ",
            b"!!int ",
            b"!!float ",
            b"!!binary ",
            b"!!set ",
            b"---\n",
            b"? ",
            b": ",
            b"- ",
            b"|\n",
            b"{",
            b"[",
        ),
    ),
    Target(
        "value",
        value,
        [
            b"url https://a.example:8443/b/",
            b"address [::1]:80",
            b"local unix:/a.sock",
            b"local 127.0.0.1:0",
            b"host A.b.",
            b"proxy http://me:x@p:1",
            b"exemptions a, .b, 10.0.0.0/8, *",
            b"seconds 1.5h",
            b"bytes 64MiB",
            b"seconds 1e3",
            b"url http://[::1%25lo]",
        ],
        ("config/addresses.py", "config/proxy_url.py", "config/quantities.py"),
        (
            *(name.encode() + b" " for name in PARSERS),
            b"http://",
            b"https://",
            b"[::1]",
            b":",
            b"%25",
            b"@",
            b"ms",
            b"KiB",
            b"Gi",
            b"unix:/",
            b"/32",
        ),
    ),
)
