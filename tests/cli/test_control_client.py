"""A sidecar does what it is told, or says why not."""

import pytest

from sidecar.cli.asking import NotDone
from sidecar.cli.control_client import HEADERS, ControlClient, control_of
from sidecar.control.guard import CONTROL_HEADER
from tests.cli.answering import answering, answering_at, nobody, reply


def test_the_header_is_the_one_that_the_guard_wants():
    assert HEADERS[CONTROL_HEADER] == "true"


def test_what_is_answered_is_returned():
    with answering(reply(202, {"id": "o1"})) as listening:
        assert ControlClient(listening.address).post("api", "a/b ü") == {"id": "o1"}
    (asked,) = listening.asked
    assert asked.startswith("POST /api/a%2Fb%20%C3%BC HTTP/1.0\r\n")
    assert f"\r\n{CONTROL_HEADER}: true\r\n" in asked


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (409, {"detail": "operation o1 has ended"}, "^operation o1 has ended$"),
        (404, {}, "^the sidecar at http://127.0.0.1:[0-9]+ answers with HTTP 404$"),
        (200, [], "^what answers at http://127.0.0.1:[0-9]+ is no sidecar$"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(status: int, body: object, words: str):
    with answering(reply(status, body)) as listening, pytest.raises(NotDone, match=words):
        ControlClient(listening.address).post("api")


def test_nobody_there__said_with_the_address():
    with (
        nobody() as address,
        pytest.raises(NotDone, match=f"no sidecar answers at http://{address} .Connection refused."),
    ):
        ControlClient(address).post("api")


def test_it_is_found_by_the_settings_unless_an_address_is_named(empty_folder):
    (empty_folder / "sidecar.yaml").write_text('control: {listen: "127.0.0.1:9999"}')
    assert control_of(None, None).url == "http://127.0.0.1:9999"
    assert control_of(None, "http://[::1]:9/").url == "http://[::1]:9"


TOKEN = "0123456789abcdef"


def test_token_of_the_settings_is_sent_and_shown_nowhere(empty_folder, monkeypatch: pytest.MonkeyPatch):
    (empty_folder / "sidecar.yaml").write_text("control: {token: {env: OURS}}\n")
    monkeypatch.setenv("OURS", TOKEN)
    with answering(reply(200, {})) as listening:
        client = control_of(None, f"http://{listening.address}")
        client.post("api", "drain")
    assert f"\r\nAuthorization: Bearer {TOKEN}\r\n" in listening.asked[0]
    assert repr(client) == f"ControlClient(http://{listening.address})"


def test_no_token_is_named__none_is_sent(empty_folder):
    with answering(reply(200, {})) as listening:
        control_of(None, f"http://{listening.address}").post("api", "drain")
    assert "Authorization" not in listening.asked[0]


def test_control_socket_is_found_at_a_path(empty_folder):
    with answering_at(f"{empty_folder}/x.sock", reply(200, {"a": 1})) as listening:
        client = control_of(None, f"unix:{empty_folder}/x.sock")
        assert client.post("api", "drain") == {"a": 1}
    assert client.url == str(listening.address)
