"""What every reader of sockets promises, whatever its dialect; each also has tests of its own."""

import json
import time
from collections import deque
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.usage import Usage
from sidecar.providers.google_live import open_live
from sidecar.websocket.message import Message
from tests.providers.live_dialects import DIALECTS, Dialect
from tests.providers.live_listener import Listener
from tests.providers.live_wire import SOUND, client_content, model_says

EVERY = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
HOSTILE = [
    b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", b"{}" * 300, b'{"type":' * 300, b'{"type":{"a":1}}', b'{"type":null}',
    b'{"serverContent":5,"usageMetadata":[]}', b'{"usageMetadata":{"promptTokenCount":"9","responseTokenCount":-4}}',
    b'{"setup":[]}', b'{"setup":{"model":7}}', b'{"sessionResumptionUpdate":{"newHandle":9}}', b'{"playbackControl":{}}',
    b'{"type":"response.created"}', b'{"type":"response.created","response":[]}',
    b'{"type":"response.done","response":{"id":[]}}',
    b'{"type":"response.done","response":{"usage":"x"}}', b'{"type":"session.created","session":{"audio":{"input":3}}}',
    b'{"type":"error","error":"no"}', b'{"type":"response.event","event":"x"}', b'{"type":"response.event","event":{"type":[]}}',
    b'{"type":"session.closed","usage":{"seconds":"NaN"}}', b'{"type":"response.completed","response":{"usage":[1]}}',
    b'{"type":"response.create","response":[],"event_id":5,"model":{},"stream_id":[]}', b'{"a":"\\ud800"}',
]  # fmt: skip


def messages(dialect: Dialect) -> st.SearchStrategy[list[tuple[bool, Any]]]:
    """Messages of both sides in any order, among them cut ones and such as nobody sends."""
    said, heard = st.sampled_from(dialect.said), st.sampled_from(dialect.heard)
    whole = st.one_of(
        st.tuples(st.just(True), said), st.tuples(st.just(False), heard), st.tuples(st.just(False), heard)
    )
    cut = st.tuples(whole, st.integers(0, 400)).map(lambda one: (one[0][0], json.dumps(one[0][1]).encode()[: one[1]]))
    hostile = st.tuples(st.booleans(), st.one_of(st.sampled_from(HOSTILE), st.binary(max_size=60)))
    return st.lists(st.one_of(whole, whole, cut, hostile), max_size=40)


def weight(value: object, depth: int = 0) -> int:
    """Things and bytes that a reader holds."""
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, dict):
        return sum(1 + weight(one, depth) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple | set | frozenset | deque):
        return sum(1 + weight(one, depth) for one in value)
    names = getattr(type(value), "__slots__", ()) if depth < 6 else ()
    return sum(weight(getattr(value, name), depth + 1) for name in names if hasattr(value, name))


@EVERY
@given(data=st.data())
@settings(max_examples=60)
def test_in_any_order_nothing_is_raised__and_each_turn_begins_and_ends_once(dialect, data):
    listener = Listener(dialect.open("/v1/x?model=m"))
    for is_caller, document in data.draw(messages(dialect)):
        (listener.says if is_caller else listener.hears)(document)
    listener.take(listener.reader.closed())
    for turn in listener.turns.values():
        assert isinstance(turn.is_terminal, bool)
        assert turn.gave_up == ""
        turn.feed(b"x")
        turn.finish()
        turn.reported()


@EVERY
@given(data=st.data())
@settings(max_examples=60)
def test_in_any_order_every_figure_that_was_reported_counts_once(dialect, data):
    listener = Listener(dialect.open("/v1/x?model=m"))
    for said in data.draw(st.lists(st.sampled_from(dialect.said), max_size=4)):
        listener.says(said)
    heard = data.draw(st.permutations(dialect.heard))
    listener.hears(*heard)
    told = listener.told()
    assert (told.input + told.cached_input, told.output) == dialect.told(heard)


@EVERY
def test_what_is_no_message_of_the_dialect_opens_no_turn(dialect):
    listener = Listener(dialect.open(""))
    for document in HOSTILE[:10]:
        assert not listener.says(document)
        assert not listener.hears(document)


@EVERY
def test_a_turn_that_nobody_knows_is_one_of_which_nothing_is_known(dialect):
    reader = dialect.open("")
    assert [reader.turn(7).reported(), reader.turn(-1).reported()] == [None, None]
    assert not reader.closed()


@EVERY
def test_a_message_of_which_some_was_left_out_is_read_as_far_as_it_goes(dialect):
    reader = dialect.open("")
    for heard in dialect.heard:
        reader.from_provider(Message(json.dumps(heard).encode()[:-3], is_whole=False))


@EVERY
def test_a_socket_that_never_ends_an_answer_fills_no_memory(dialect):
    reader = dialect.open("")
    held = []
    for number in range(3000):
        for said in dialect.said[:2]:
            reader.from_caller(
                Message(json.dumps(said | {"event_id": f"c{number}", "stream_id": f"s{number}"}).encode())
            )
        for heard in dialect.heard:
            if "created" in str(heard) or "delta" in str(heard):
                renamed = (
                    json.dumps(heard)
                    .replace("r1", f"r{number}")
                    .replace("item_1", f"i{number}")
                    .replace("del_1", f"d{number}")
                )
                reader.from_provider(Message(renamed.replace('"stream_id": "a"', f'"stream_id": "s{number}"').encode()))
        if number in (1000, 2999):
            held.append(weight(reader))
    assert held[1] < held[0] * 1.2 + 2000


@EVERY
def test_sound_is_passed_over_in_microseconds(dialect):
    reader = dialect.open("")
    for said in dialect.said[:2]:
        reader.from_caller(Message(json.dumps(said).encode()))
    sounds = [
        Message(json.dumps(one).replace(SOUND, SOUND * 20).encode())
        for one in dialect.heard
        if SOUND in json.dumps(one)
    ]
    began = time.perf_counter()
    for _ in range(200):
        for sound in sounds:
            reader.from_provider(sound)
    assert time.perf_counter() - began < 200 * 0.002, "2 ms for 96 KB of it: twenty times what it takes"


def test_usages_have_nothing_in_common_with_an_estimate():
    listener = Listener(open_live(""))
    listener.says(client_content())
    listener.hears(model_says("Hello"))
    assert listener.told() == Usage()
