import pytest

from sidecar.bodies.lenient import Unreadable
from sidecar.bodies.skeleton import MOST
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported
from sidecar.providers.unary import UnaryReader
from tests.bodies.cutting import in_two, zipped
from tests.providers.wire import JSON, read

BODY = b'{"n": 7}'
SEVEN = Reported(Usage(input=7))


def extract(document: bytes) -> Reported | None:
    if document != BODY:
        raise Unreadable
    return SEVEN


def reader(coding: str = "") -> UnaryReader:
    return UnaryReader(extract, ReplyHead(200, "application/json", coding))


def test_the_function_gets_the_whole_document():
    assert all(read(reader(), *pieces) == SEVEN for pieces in in_two(BODY))
    assert all(read(reader("gzip"), *pieces) == SEVEN for pieces in in_two(zipped(BODY)))


def test_nothing_is_said_and_nothing_is_terminal_before_the_end():
    one = reader()
    one.feed(BODY)
    assert (one.is_terminal, one.reported()) == (False, None)
    one.finish()
    assert (one.is_terminal, one.reported()) == (True, SEVEN)
    one.finish()
    assert one.reported() == SEVEN


@pytest.mark.parametrize(
    ("coding", "body", "reason"),
    [
        ("", BODY[:-1], "unreadable_json"),
        ("br;q=1", BODY, "unknown_coding"),
        ("gzip", BODY, "corrupt_coding"),
        ("gzip", zipped(b"0" * 50_000_000), "inflated_too_far"),
        ("", b'["a",' * MOST, "reply_too_large"),
        ("", b"", ""),
    ],
)
def test_a_reader_that_gives_up_says_why(coding, body, reason):
    one = reader(coding)
    assert read(one, body) is None
    assert one.gave_up == reason
    assert not one.is_terminal


def test_a_reply_without_usage_is_no_failure():
    one = UnaryReader(lambda document: None, JSON)
    assert read(one, BODY) is None
    assert (one.gave_up, one.is_terminal) == ("", True)
