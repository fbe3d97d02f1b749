"""Threat 3: whatever a target says, connections go where the settings lead, and what is sent there is the target, byte for byte.

A real sidecar, whose upstreams on loopback remember what they are asked and whose egress proxy remembers which hosts it should
have opened. The kernel says to what else anything was connected: nothing, a name server included.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.rig import running_sidecar
from tests.faults.strace import injected
from tests.security.listening import NO_TUNNEL, Listening, answered, status_of

pytestmark = pytest.mark.part("strace")

BASE: Final = "/base"
GOOGLE: Final = "aiplatform.googleapis.com"
REFUSED: Final = frozenset({400, 404, 414, 431, 501})

VERBATIM: Final = [
    "/x", "//x", "//evil.example/x", "/@evil.example/", "/:80@evil.example/", "/%2f%2fevil.example/", "/%2F..%2f",
    "/../../x", "/%2e%2e/%2E%2E/x", "/..;/x", "/.", "/\\evil.example", "/%5c%5cevil.example", "/http://evil.example/x",
    "/%0d%0aHost:%20evil.example", "/%00", "/%c0%ae%c0%ae/", "/%zz", "/[::1]/", '/"{}|^`"', "/a?u=http://evil.example/?&x",
    "/?", "?key=@evil.example", "/a?%0d%0aX:y", "/v1/models/%E2%80%AE", "/" + "a" * 7_000,
]  # fmt: skip
"""Behind `/gemini`: arrives behind the upstream's base path as it is."""

NOWHERE: Final = [
    b"/", b"//", b"//gemini/x", b"/%67emini/x", b"/GEMINI/x", b"/gemini@evil.example/x", b"/gemini:80/x",
    b"/gemini\\x", b"/gemini%2fx", b"/gemini;x/y", b"/./gemini/x", b"/x/../gemini/x", b"/evil.example/x",
    b"*", b"gemini/x", b"evil.example:80", b"evil.example", b"?gemini", b"\\gemini\\x", b"@evil.example/gemini",
    b"http://evil.example/gemini/x", b"http://evil.example", b"https://evil.example/x", b"https://127.0.0.1:{proxy}/gemini/x",
    b"http://127.0.0.1:{proxy}@evil.example/gemini/x", b"http://evil.example@127.0.0.1:{proxy}/gemini/x",
    b"http://127.0.0.1:{proxy}.evil.example/gemini/x", b"http://127.0.0.1:{proxy}\\@evil.example/gemini/x",
    b"http://127.0.0.1:{control}/api/state", b"http://127.0.0.1:{observe}/metrics", b"http://169.254.169.254/latest/meta-data/",
    b"http://[::ffff:169.254.169.254]/", b"http://[fe80::1%25eth0]/x", b"http://2852039166/", b"http://0xA9FEA9FE/",
    b"http://0251.0376.0251.0376/", b"http://metadata.google.internal/x", b"http://127.0.0.1:{gemini}/other",
    b"http://127.0.0.1:{gemini}{base}ment/x", b"http://127.0.0.1:{gemini}", b"http:///gemini/x", b"http://:{proxy}/gemini/x",
    b"http:/gemini/x", b"http:gemini", b"file:///etc/passwd", b"ftp://127.0.0.1/x", b"gopher://127.0.0.1:{gemini}/_x",
    b"ws://evil.example/x", b"unix:/var/run/docker.sock", b"http://" + b"a" * 7_000 + b"/",
    b"/gemini/a b", b"/gemini/a\tb", b"/gemini/a\rb", b"/gemini/a\nb", b"/gemini/a\r\nX: y", b"/gemini/\x00", b"/gemini/\x7f",
    b"/gemini/\xc3\xa9", b"/gemini/\xff", b"/gemini/a#b", b"/gemini\x0bx", b"/gemini/" + b"a" * 65_536,
    b"http://aiplatform.googleapis.com.evil.example/v1/x", b"http://evil.example/?aiplatform.googleapis.com",
    b"http://aiplatform.googleapis.com@evil.example/x", b"http://x.y-aiplatform.googleapis.com/x",
    b"http://evil.example-aiplatform.googleapis.com/x", b"http://aiplatform.googleapis.com:8080/x",
    b"http://aiplatform.evil.rep.googleapis.com/x", b"http://-aiplatform.googleapis.com/x", b"http://%61iplatform.googleapis.com/",
    b"http://bedrock-runtime.us-east-1.amazonaws.com.evil.example/x", b"http://bedrock-runtime.evil.amazonaws.com/x",
    b"http://bedrock-runtime.us-east-1.amazonaws.com:22/x", b"http://s3.us-east-1.amazonaws.com/x",
    b"http://bedrock-runtime.us-east-1@evil.example/x", b"http://bedrock-runtime.us-\xe2\x84\xaaast-1.amazonaws.com/x",
]  # fmt: skip
"""Refused by us, and nobody is asked."""

LOCATIONS: Final = {
    "us-central1": f"us-central1-{GOOGLE}", "global": GOOGLE, "eu": "aiplatform.eu.rep.googleapis.com",
    "evil.example": GOOGLE, "evil.example%2f": GOOGLE, "evil.example%23": GOOGLE, "a@evil.example": GOOGLE, "..": GOOGLE,
    ".": GOOGLE, "": GOOGLE, "-a": GOOGLE, "a-": GOOGLE, "a" * 41: GOOGLE, "us-central1:443": GOOGLE, "US-EAST1": GOOGLE,
    "us_central1": GOOGLE, "%75s-central1": GOOGLE, "us-central1%00": GOOGLE, "us-central1%0d%0a": GOOGLE, "\\\\evil": GOOGLE,
    "us-central1;x": GOOGLE, "xn--nxasmq6b": f"xn--nxasmq6b-{GOOGLE}", "us-east1/locations/evil.example": f"us-east1-{GOOGLE}",
}  # fmt: skip
"""What stands as a path's location, and the host that it leads to: always one of Google's."""

REGIONS: Final = {
    b"http://us-east1-aiplatform.googleapis.com/v1/x": f"us-east1-{GOOGLE}",
    b"http://us-east1-aiplatform.googleapis.com/v1/projects/p/locations/eu/x": f"us-east1-{GOOGLE}",
    b"http://bedrock-runtime.eu-west-1.amazonaws.com/model/m/invoke": "bedrock-runtime.eu-west-1.amazonaws.com",
    b"/bedrock/model/m%2F..%2f@evil.example/invoke": "bedrock-runtime.us-east-1.amazonaws.com",
    b"/openai/@evil.example/v1": "api.openai.com",
}
"""Other targets, and the host that they lead to."""

TUNNELS: Final = [
    "169.254.169.254:80", "[::ffff:169.254.169.254]:443", "metadata.google.internal:80", "127.0.0.1:{proxy}", "0:{control}",
    "2130706433:{control}", "0177.0.0.1:{observe}", "[::ffff:127.0.0.1]:{control}", "evil.example:443", "evil.example:",
    "evil.example", "a@b:443", "[fe80::1%25lo]:443", "/gemini", "127.0.0.1:0", "a:99999", "a:443/x", "[::1", "a\\:443",
]  # fmt: skip

CONNECTED = re.compile(r'connect\([0-9]+, \{sa_family=(AF_\w+)(?:, sin6?_port=htons\(([0-9]+)\))?.*?"?([0-9a-f:.]+)"\)')


class Outcome(NamedTuple):
    """What became of one target."""

    status: int
    asked: list[bytes]
    """The first lines that an upstream on loopback was sent."""
    opened: list[bytes]
    """The first lines that the egress proxy was sent."""


class Played(NamedTuple):
    """What became of each target, by its bytes as sent, and everything that the sidecar connected to meanwhile."""

    outcomes: dict[bytes, Outcome]
    connects: str
    ports: dict[str, int]

    def filled(self, target: bytes) -> bytes:
        """A target with the ports and the base path in it."""
        for name, port in self.ports.items():
            target = target.replace(b"{%b}" % name.encode(), b"%d" % port)
        return target.replace(b"{base}", BASE.encode())

    def of(self, target: bytes) -> Outcome:
        return self.outcomes[self.filled(target)]


def targets() -> Iterator[tuple[bytes, bytes]]:
    """Every method and target, as sent."""
    for rest in VERBATIM:
        yield b"GET", b"/gemini" + rest.encode()
    for target in (
        *NOWHERE,
        *REGIONS,
        b"http://127.0.0.1:{proxy}/gemini/own",
        b"http://127.0.0.1:{gemini}{base}/named",
    ):
        yield b"GET", target
    for location in LOCATIONS:
        yield b"GET", in_location(location)
    for place in TUNNELS:
        yield b"CONNECT", place.encode()


def in_location(location: str) -> bytes:
    return f"/vertex/v1/projects/p/locations/{location}/publishers/google/models/m".encode()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    directory = tmp_path_factory.mktemp("routes")
    with Listening() as upstream, Listening(NO_TUNNEL) as egress:
        settings = {
            "UPSTREAMS__GEMINI__URL": f"http://127.0.0.1:{upstream.port}{BASE}",
            "UPSTREAMS__VERTEX__URL": f"https://{GOOGLE}",
            "EGRESS__HTTPS_PROXY": f"http://127.0.0.1:{egress.port}",
            "EGRESS__NO_PROXY": "",
        }
        with running_sidecar(directory, f"http://127.0.0.1:{upstream.port}", settings) as sidecar:
            ports = {name: int(urlsplit(getattr(sidecar, name)).port or 0) for name in ("proxy", "control", "observe")}
            playing = Played({}, "", {**ports, "gemini": upstream.port, "egress": egress.port})
            told = directory / "connects"
            with injected(sidecar.process.pid, ["connect"], "", [], told):
                for method, target in targets():
                    filled = playing.filled(target)
                    reply = answered(ports["proxy"], request(method, filled))
                    heads = [[head.partition(b"\r\n")[0] for head in there.taken()] for there in (upstream, egress)]
                    playing.outcomes[filled] = Outcome(status_of(reply), *heads)
        yield playing._replace(connects=told.read_text())


def request(method: bytes, target: bytes) -> bytes:
    return b"%b %b HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n" % (
        method,
        target,
    )


@pytest.mark.parametrize("rest", VERBATIM, ids=lambda rest: rest[:40])
def test_path__arrives_behind_the_base_path_byte_for_byte(played: Played, rest: str) -> None:
    path = rest if rest.startswith("/") else "/" + rest
    outcome = played.of(b"/gemini" + rest.encode())
    assert outcome == Outcome(200, [f"GET {BASE}{path} HTTP/1.1".encode()], [])


@pytest.mark.parametrize(
    ("target", "path"),
    [(b"http://127.0.0.1:{proxy}/gemini/own", b"/own"), (b"http://127.0.0.1:{gemini}{base}/named", b"/named")],
)
def test_absolute_target_of_ours_or_of_an_upstream__its_path(played: Played, target: bytes, path: bytes) -> None:
    assert played.of(target) == Outcome(200, [b"GET %b%b HTTP/1.1" % (BASE.encode(), path)], [])


@pytest.mark.parametrize("target", NOWHERE, ids=lambda target: repr(target[:50]))
def test_target_that_leads_nowhere__refused_and_nobody_is_asked(played: Played, target: bytes) -> None:
    outcome = played.of(target)
    assert (outcome.asked, outcome.opened) == ([], [])
    assert outcome.status in REFUSED


@pytest.mark.parametrize(("location", "host"), LOCATIONS.items(), ids=[repr(name[:30]) for name in LOCATIONS])
def test_location_in_a_path__a_host_of_googles(played: Played, location: str, host: str) -> None:
    assert played.of(in_location(location)) == Outcome(502, [], [f"CONNECT {host}:443 HTTP/1.1".encode()])


@pytest.mark.parametrize(("target", "host"), REGIONS.items())
def test_region_that_is_named__a_host_of_that_provider(played: Played, target: bytes, host: str) -> None:
    assert played.of(target) == Outcome(502, [], [f"CONNECT {host}:443 HTTP/1.1".encode()])


@pytest.mark.parametrize("place", TUNNELS)
def test_tunnel_where_none_is_offered__refused_and_nobody_is_asked(played: Played, place: str) -> None:
    outcome = played.of(place.encode())
    assert (outcome.asked, outcome.opened) == ([], [])
    assert outcome.status in REFUSED


def test_nothing_else_was_ever_connected_to__no_name_server_either(played: Played) -> None:
    connected = CONNECTED.findall(played.connects)
    assert len(connected) == played.connects.count("connect(")
    places = {(family, int(port or 0), address) for family, port, address in connected}
    assert places == {("AF_INET", played.ports[name], "127.0.0.1") for name in ("gemini", "egress")}
