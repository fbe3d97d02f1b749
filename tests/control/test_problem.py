"""Errors as RFC 9457 wants them; test_people.py sees every way to them."""

import io
import json
import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from sidecar.control.problem import BAD_REQUEST, Problem, sentence_of, tell_problems
from sidecar.control.server import AppServer

CANARY = "canary-credential"


def test_problem_has_the_four_members_and_no_more():
    assert json.loads(bytes(Problem(404, "there is none").body)) == {
        "type": "about:blank", "title": "Not Found", "status": 404, "detail": "there is none",
    }  # fmt: skip


def test_fault_of_a_request_is_named_and_what_was_sent_is_not_repeated():
    fault = {"loc": ("query", "limit"), "msg": "Input should be a valid integer", "input": CANARY, "ctx": {"x": CANARY}}
    assert sentence_of(fault) == "query limit: input should be a valid integer"
    assert sentence_of({"loc": ("body",), "msg": "Field required"}) == "body: field required"


def test_failure_says_nothing_of_its_inside(serve: Callable[..., AppServer], ask: Any, log_file: io.BytesIO):
    app = FastAPI()
    tell_problems(app)

    @app.get("/")
    async def broken() -> None:
        raise RuntimeError(CANARY)

    reply = ask(serve(app), "GET", "/")
    assert (reply.status, reply.headers["content-type"]) == (500, "application/problem+json")
    assert CANARY.encode() not in reply.body
    deadline = time.monotonic() + 10
    while b"RuntimeError" not in log_file.getvalue():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_no_request_is_refused_in_the_same_form():
    head, _, body = BAD_REQUEST.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body)["status"] == 400
