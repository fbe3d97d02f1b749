from sidecar.http1.head import read_reply_head, read_request_head
from sidecar.proxy import facts
from tests.proxy.messages import head, request


def test_boundary_of_a_form_keeps_its_case() -> None:
    raw = request("/x", b"", "Content-Type: multipart/form-data; boundary=AbC", "Content-Encoding: GZIP")
    told = facts.of_request(read_request_head(raw))
    assert (told.content_type, told.content_coding) == ("multipart/form-data; boundary=AbC", "gzip")


def test_request_that_says_nothing_of_its_body() -> None:
    told = facts.of_request(read_request_head(request("/x", b"")))
    assert (told.content_type, told.content_coding) == ("", "")


def test_reply_with_the_fields_that_were_asked_for_and_no_others() -> None:
    raw = head(
        "Content-Type: application/json", "Content-Encoding: BR", "X-Count: 7", "X-Other: 1", "Content-Length: 0"
    )
    told = facts.of_reply(read_reply_head(raw, b"POST"), ("x-count", "x-missing"))
    assert (told.status, told.content_type, told.content_coding) == (200, "application/json", "br")
    assert told.headers == {"x-count": "7"}
