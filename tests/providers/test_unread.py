from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported
from sidecar.providers.unread import UnreadReply, open_unread
from tests.providers.wire import JSON, read


def test_a_reply_that_is_not_read_reports_nothing_and_has_its_end():
    reader = open_unread(JSON, NO_FACTS)
    reader.feed(b'{"usage":')
    assert [reader.is_terminal, read(reader, b"1}"), reader.is_terminal] == [False, None, True]
    assert not reader.gave_up


def test_what_is_known_beforehand_holds_once_the_answer_begins():
    known = Reported(Usage(characters=3))
    reader = UnreadReply(known)
    reader.feed(b"")
    assert reader.reported() is None
    reader.feed(b"\x00")
    assert reader.reported() == known
    assert not reader.is_terminal


def test_a_reply_without_a_body_does_not_end():
    reader = UnreadReply(Reported(Usage(characters=3)))
    assert read(reader) is None
    assert not reader.is_terminal
