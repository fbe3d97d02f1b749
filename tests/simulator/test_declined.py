"""Errors in Google's shape."""

import json

from sidecar.simulator.declined import Declined, one_line, pretty


def test_an_error__code_message_and_rpc_status():
    error = Declined(404, "models/x is not found").as_object()["error"]
    assert error == {"code": 404, "message": "models/x is not found", "status": "NOT_FOUND"}


def test_too_many__says_when_to_come_back():
    details = Declined(429, "slower").as_object()["error"]["details"]
    assert details == [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}]


def test_an_unusual_status__unknown():
    assert Declined(418, "a teapot").as_object()["error"]["status"] == "UNKNOWN"


def test_both_ways_of_writing__the_same_value():
    value = {"a": [1, {"b": 'quote " and line\nend'}]}
    assert json.loads(pretty(value)) == json.loads(one_line(value)) == value
    assert b"\n" not in one_line(value)
    assert pretty(value).startswith(b'{\n  "a"')
