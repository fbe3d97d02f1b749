"""JSON read without being decoded whole: elements, skeletons, members, what is put in and taken out. Python's json judges."""

import json
from collections.abc import Iterable
from typing import Any

from sidecar.bodies.array import ArrayElements
from sidecar.bodies.members import is_object, members_of, without
from sidecar.bodies.skeleton import DEPTH, LONG, Skeleton
from sidecar.providers.openai_inject import UsageChunksRemoved, with_usage_asked
from tests.fuzz.target import Target, same_however_cut, small_documents
from tests.fuzz.targets_bodies import EVENTS, elements
from tests.providers.wire import array as array_of

JSON_WORDS = (b'"', b"\\", b'\\"', b"{", b"}", b"[", b"]", b",", b":", b"null", b'"..."', b"\\ud83d")


def array(data: bytes) -> None:
    """Elements are the same however they come; of a sound array they are its objects and arrays."""
    with small_documents():
        same_however_cut(elements(ArrayElements), data)
    found, _ = same_however_cut(elements(ArrayElements), data)
    document = _loaded(data)
    if isinstance(document, list):
        assert [json.loads(one) for one in found] == [one for one in document if isinstance(one, dict | list)]


def skeleton(data: bytes) -> None:
    """A document's skeleton is the same however it comes, is JSON where it was, and keeps whatever is short and not deep."""

    def read(pieces: Iterable[bytes]) -> tuple[bytes, int]:
        reader = Skeleton()
        for piece in pieces:
            reader.feed(piece)
        return reader.document(), reader.prose_bytes

    kept, _ = same_however_cut(read, data)
    document = _loaded(data)
    if document is not NO_JSON:
        assert _outline(json.loads(kept)) == _outline(document)


def _outline(value: Any, depth: int = 0) -> Any:
    """What a skeleton must keep of a value: long strings and what lies too deep are gone, numbers may be."""
    if isinstance(value, dict):
        return {} if depth >= DEPTH else {_short(name): _outline(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return "a list"  # runs of numbers in it may have become one null
    return _short(value) if isinstance(value, str) else None if isinstance(value, int | float) else value


def _short(text: str) -> str:
    return "..." if len(json.dumps(text)) > LONG else text


NO_JSON = object()


def _loaded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return NO_JSON


def members(data: bytes) -> None:
    """Members of an object stand where json finds them, and each can be taken out."""
    if not is_object(data) or _loaded(data) is NO_JSON:  # msgspec passes over what is no UTF-8 where nobody asks
        return
    found = members_of(data)
    told = [name if name.isprintable() else "" for name, _ in _pairs(data)]
    assert [member.name if member.name.isprintable() else "" for member in found] == told
    for member in found:
        assert _loaded(data[member.start : member.end]) is not NO_JSON
        assert is_object(without(data, member)), "without a member it is no object"


def _pairs(data: bytes) -> list[tuple[str, Any]]:
    depth_first: list[list[tuple[str, Any]]] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        depth_first.append(pairs)
        return dict(pairs)

    json.loads(data, object_pairs_hook=note)
    return depth_first[-1]


def usage_asked(data: bytes) -> None:
    """A request made to ask for usage says all else that it said; a reply without usage passes byte for byte, however cut."""
    for continuous in (False, True):
        changed = with_usage_asked(data, continuous)
        if changed is not None and _loaded(data) is not NO_JSON:
            before, after = json.loads(data), json.loads(changed)
            assert after.pop("stream_options")["include_usage"] is True
            before.pop("stream_options", None)
            assert after == before

        def read(pieces: Iterable[bytes], continuous: bool = continuous) -> bytes:
            removed = UsageChunksRemoved(continuous)
            return b"".join([removed.feed(piece) for piece in pieces] + [removed.finish()])

        passed = same_however_cut(read, data)
        assert len(passed) <= len(data)
        assert b'"usage"' in data or passed == data


CHUNKS = (
    b'data: {"id":"c","choices":[{"delta":{"content":"a"}}],"usage":null}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":3}}\n\ndata: [DONE]\n\n'
)


TARGETS = (
    Target(
        "array",
        array,
        [array_of(EVENTS), b'[1, "a{}", null, {"a": 1}, [2]]', b']}]{"a": 1}', b"[[],[{}]]"],
        ("bodies/array.py", "bodies/skeleton.py"),
        JSON_WORDS,
    ),
    Target(
        "skeleton",
        skeleton,
        [
            json.dumps(
                {"a": "x" * 200, "b": [1.5] * 60, "c": {"d": {"e": {"f": {"g": {"h": [1]}}}}}, "u": {"n": 3}}
            ).encode(),
            array_of(EVENTS),
            b'{"a": "\\"\\\\\\u00e9", "b": ' + b"1, " * 60 + b'2, "c": -1e5}',
        ],
        ("bodies/skeleton.py",),
        (*JSON_WORDS, b"x" * 130, b"0, " * 45, b'{"a":' * 6),
        4096,
    ),
    Target(
        "members",
        members,
        [b'{"a": {"b" : [1, {"c": "}"}], "d": "x"}, "e": 1}', b' {"a\\u0062": 1 , "\\ud83d": 2}', b"{}"],
        ("bodies/members.py",),
        JSON_WORDS,
    ),
    Target(
        "usage_asked",
        usage_asked,
        [
            CHUNKS,
            b'{"model": "m", "stream": true, "stream_options": {"a": 1}}',
            b'{"stream":true}',
            b'{"stream": true, "stream_options": null}',
        ],
        ("providers/openai_inject.py",),
        (b'"usage"', b'"stream_options"', b'"include_usage"', b'"stream": true', b'"choices": []', b"data: ", b"\n\n"),
    ),
)
