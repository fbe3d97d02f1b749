import json

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.members import is_object, members_of, without

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=4), values, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON_VALUES, max_size=5)
STYLES = [
    {},
    {"indent": 2},
    {"separators": (",", ":")},
    {"ensure_ascii": False},
    {"indent": 1, "separators": (" , ", " : ")},
]


@given(OBJECTS, st.sampled_from(STYLES), st.sampled_from(["", " ", "\r\n\t"]))
def test_members_are_found_where_they_stand(fields, style, space):
    document = (space + json.dumps(fields, **style) + space).encode("utf-8", "surrogatepass")
    if not is_object(document):
        return  # half a surrogate pair, which JSON text in UTF-8 can't have
    members = members_of(document)
    assert [member.name for member in members] == list(fields)
    assert [json.loads(document[member.start : member.end]) for member in members] == list(fields.values())


@given(OBJECTS, st.sampled_from(STYLES[:4]), st.data())
def test_a_member_that_is_taken_out_was_never_there(fields, style, data):
    if not fields or not is_object(json.dumps(fields, **style).encode("utf-8", "surrogatepass")):
        return
    name = data.draw(st.sampled_from(sorted(fields)))
    document = json.dumps(fields, **style).encode()
    member = next(member for member in members_of(document) if member.name == name)
    rest = {other: value for other, value in fields.items() if other != name}
    assert json.loads(without(document, member)) == rest
    if rest:
        assert without(document, member) == json.dumps(rest, **style).encode()


@pytest.mark.parametrize("document", [b"", b"[]", b"7", b"{", b'{"a": }', b'{"a": 1}}', b"\xff", b'{"a"', b"null"])
def test_what_is_no_object_is_known(document):
    assert not is_object(document)


def test_a_member_of_an_object_within_is_found():
    document = b'{"a": {"b" : [1, {"c": "}"}], "d": "x"}}'
    (outer,) = members_of(document)
    assert [member.name for member in members_of(document, outer.start)] == ["b", "d"]


def test_an_escaped_name_is_told_by_what_it_means():
    names = [member.name for member in members_of(b'{"a\\u0062": 1, "\\ud83d": 2, "\\"": 3}')]
    assert names == ["ab", "", '"']
