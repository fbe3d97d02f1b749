"""What passes through CONNECT, byte by byte: what is read, what is not, what is refused; sockets, and callers that leave."""

import json
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from sidecar.simulator.milestones import Milestone
from tests.end_to_end.intercept_rig import (
    ODD_REPLY,
    OPENAI,
    OTHER,
    SUSPECT,
    Scene,
    a_land,
    a_scene,
    made_authority,
)
from tests.end_to_end.tunneled import PATIENCE_SECONDS, exchanged, issuer, read_until, refusal, secure, tunnel

BODY = b'{"model":"gpt-5-mini",  "messages":[]}'
ODD_REQUEST = (
    b"POST /v1/chat/completions?b=%%7e1&a=&a HTTP/1.1\r\nHost: %s\r\nX-ONE: 1\r\nx-one:2\r\nAccept: */*\r\nX-One:  3\r\n"
    b"aUTHORIZATION: Bearer k\r\ncontent-length: %d\r\nCookie: a=1; b=2\r\n\r\n%s"
)
"""Odd in all but its Host, which goes on as RFC 9110 section 7.2 wants it, in front of all others."""
PROBLEMS = {
    "expired.example": "showed a certificate that has expired",
    "wrong.example": "showed a certificate for another name",
    "self.example": "showed a certificate of an authority that is not trusted here",
}
HELD = "hold=2 seconds=0.2 chunks=4 output=40 on_close=runs_on"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("tunneled")
    with a_land(directory) as land, a_scene(directory, land, made_authority(directory)) as running:
        yield running


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def odd_request(host: str) -> bytes:
    return ODD_REQUEST % (host.encode(), len(BODY), BODY)


def opened(scene: Scene, host: str, trusted: Path, *protocols: str) -> ssl.SSLSocket:
    """TLS through a tunnel that was granted."""
    status, connection = tunnel(scene.sidecar.proxy, host)
    assert status == 200
    return secure(connection, host, trusted, protocols or ("http/1.1",))


def test_request_and_answer_pass_byte_for_byte__and_are_read(scene: Scene) -> None:
    asked = odd_request("raw.example")
    with opened(scene, "raw.example", scene.ca / "ca.pem") as secured:
        assert exchanged(secured, asked, ODD_REPLY) == ODD_REPLY
        assert exchanged(secured, asked, ODD_REPLY) == ODD_REPLY, "on the same connection"
    assert scene.land.raw.received[-2:] == [asked, asked]
    line = scene.sidecar.logged("call_settled", upstream="raw")
    assert (line["outcome"], line["usage"]) == ("delivered", {"input": 7, "output": 3})


def test_host_that_no_upstream_has__then_bytes_pass_unread_and_are_counted(scene: Scene) -> None:
    asked, before = odd_request(OTHER), scene.sidecar.total("tunnel_bytes_total")
    with opened(scene, OTHER, scene.land.ca_file) as secured:
        assert "trustme" in issuer(secured)
        assert exchanged(secured, asked, ODD_REPLY) == ODD_REPLY
    assert scene.land.raw.received[-1] == asked
    assert scene.land.abroad.times_asked(OTHER) == 1, "by the egress proxy, as everything"
    assert scene.sidecar.total("tunnel_bytes_total") > before + len(asked) + len(ODD_REPLY)
    assert scene.sidecar.total("connects_total", result="tunneled") == 1


def test_client_insists_on_http_2__then_it_talks_to_the_host_itself(scene: Scene) -> None:
    with opened(scene, "raw.example", scene.land.ca_file, "h2") as secured:
        assert "trustme" in issuer(secured)
        assert secured.selected_alpn_protocol() == "h2"
    assert scene.sidecar.total("connects_total", result="grpc") == 1
    assert scene.sidecar.total("unmetered_total", reason="grpc") == 1


def test_client_offers_http_2_too__then_it_gets_http_1(scene: Scene) -> None:
    with opened(scene, "raw.example", scene.ca / "ca.pem", "h2", "http/1.1") as secured:
        assert "local authority" in issuer(secured)
        assert secured.selected_alpn_protocol() == "http/1.1"


@pytest.mark.parametrize("host", SUSPECT)
def test_certificate_of_the_provider_is_not_to_be_trusted__then_nothing_is_sent_and_it_says_why(
    scene: Scene, host: str
) -> None:
    with opened(scene, host, scene.ca / "ca.pem") as secured:
        secured.sendall(odd_request(host))
        reply = secured.recv(65536).decode()
    assert reply.startswith("HTTP/1.1 502 ")
    assert f"{host}:443 {PROBLEMS[host]}" in json.loads(reply.partition("\r\n\r\n")[2])["error"]["message"]
    assert scene.sidecar.total("upstream_errors_total", error="certificate", provider=host.partition(".")[0]) == 1


def test_client_does_not_trust_us__then_the_log_says_what_it_lacks(scene: Scene) -> None:
    status, connection = tunnel(scene.sidecar.proxy, OPENAI)
    assert status == 200
    with pytest.raises(ssl.SSLCertVerificationError), connection:
        secure(connection, OPENAI, scene.land.ca_file)
    line = scene.sidecar.logged("certificate_not_trusted", host=OPENAI)
    assert "SSL_CERT_FILE" in line["advice"]
    assert "NODE_EXTRA_CA_CERTS" in line["advice"]
    assert scene.sidecar.total("tls_handshakes_total", result="untrusted") == 1


def test_other_port__then_no_tunnel(scene: Scene) -> None:
    status, connection = tunnel(scene.sidecar.proxy, OTHER, 25)
    assert status == 403
    assert "proxy.connect.ports" in refusal(connection)


def test_others_are_refused_by_setting__and_upstreams_are_not(scene: Scene, tmp_path: Path) -> None:
    with a_scene(tmp_path, scene.land, scene.ca, PROXY__CONNECT__OTHERS="refuse") as strict:
        status, connection = tunnel(strict.sidecar.proxy, OTHER)
        assert status == 403
        assert "proxy.connect.others" in refusal(connection)
        with opened(strict, "raw.example", strict.ca / "ca.pem") as secured:
            assert exchanged(secured, odd_request("raw.example"), ODD_REPLY) == ODD_REPLY


def test_caller_leaves_amid_a_stream__then_that_is_seen_and_what_it_cost(scene: Scene) -> None:
    body = json.dumps(
        {"model": "gpt-5-mini", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
    ).encode()
    with opened(scene, OPENAI, scene.ca / "ca.pem") as secured:
        secured.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer k\r\nX-Sidecar-Caller: left\r\n"
            b"X-Simulator-Call: left\r\nX-Simulator: %s\r\nX-Sidecar-On-Departure: follow\r\nContent-Length: %d\r\n\r\n%s"
            % (OPENAI.encode(), HELD.encode(), len(body), body)
        )
        scene.land.simulator.reached("left", Milestone.HELD)
        read_until(secured, b"data: ")
    until(lambda: scene.sidecar.total("calls_in_flight", attachment="orphaned") == 1)
    scene.land.simulator.release("left")
    (row,) = scene.rows("left")
    assert row.outcome == "orphan_finished"
    assert row.left_at is not None
    assert row.finished_at is not None
    assert row.finished_at > row.left_at
    assert row.orphaned_usd


def test_websocket_comes_through_connect__and_its_turns_are_calls(scene: Scene) -> None:
    address = f"wss://{OPENAI}/v1/realtime?model=gpt-realtime"
    headers = {"Authorization": "Bearer k", "X-Sidecar-Caller": "spoken", "X-Simulator": "seconds=0 output=20"}
    trusting = ssl.create_default_context(cafile=scene.ca / "ca.pem")
    with connect(address, proxy=scene.sidecar.proxy, ssl=trusting, additional_headers=headers) as socket:
        assert json.loads(socket.recv())["type"] == "session.created"
        socket.send(json.dumps({"type": "response.create", "response": {"output_modalities": ["text"]}}))
        while json.loads(socket.recv())["type"] != "response.done":
            pass
    (row,) = scene.rows("spoken")
    assert (row.kind, row.outcome, row.upstream) == ("live", "delivered", "openai")
    assert row.spend_usd
