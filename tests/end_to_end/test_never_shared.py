"""Whose answer it is: nothing but the abandoned call's own retry is ever given it, and that once.

The provider numbers its answers. Where a test says that a request is another one, the retry that comes after it is still given
what was abandoned: it was there to be taken.
"""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from sidecar.simulator.milestones import Milestone
from tests.end_to_end.raw_calls import ANTHROPIC, AZURE, BEDROCK, GEMINI, OPENAI, SCRIPT, Desk, Request, desk_at
from tests.end_to_end.sdk_road import SdkRoad, sdk_road

TENANT = GEMINI.having(x_goog_api_key="tenant-a")
PARAMETER = GEMINI._replace(target=f"{GEMINI.target}?key=tenant-a")
BEARER = OPENAI.having(Authorization="Bearer tenant-a")
HOP = TENANT._replace(body={**GEMINI.body, "continuationToken": "dG9rZW4="})


def signed(request: Request, signature: str, key: str = "AKIAEXAMPLE", **more: str) -> Request:
    """As SigV4 signs: what is signed differs from second to second."""
    scope = f"{key}/20261121/us-east-1/bedrock/aws4_request"
    value = (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=content-type;host;x-amz-date, Signature={signature:0>64}"
    )
    return request.having(Authorization=value, X_Amz_Date=f"20261121T2200{signature:0>2}Z", **more)


def invoked(signature: str, key: str = "AKIAEXAMPLE", invocation: str = "an-invocation") -> Request:
    """As boto3 signs an attempt of an invocation."""
    marks = {"amz_sdk_invocation_id": invocation, "amz_sdk_request": f"attempt={signature}; max=3"}
    return signed(BEDROCK, signature, key, **marks)


SAME = {
    "no credential": (GEMINI, GEMINI),
    "x-goog-api-key": (TENANT, TENANT),
    "query": (PARAMETER, PARAMETER),
    "Authorization": (BEARER, BEARER),
    "name in another case": (TENANT, GEMINI.having(X_GOOG_API_KEY="tenant-a")),
    "space around the value": (TENANT, GEMINI.having(x_goog_api_key="  tenant-a \t")),
    "attempt of Stainless'": (
        BEARER.having(X_Stainless_Retry_Count="0"),
        BEARER.having(X_Stainless_Retry_Count="1"),
    ),
    "attempt of boto3's": (invoked("1"), invoked("2")),
}
"""A request, and its retry."""

OTHER = {
    "Authorization": (BEARER, BEARER.having(Authorization="Bearer tenant-b")),
    "no Authorization": (BEARER, OPENAI),
    "x-api-key": (ANTHROPIC.having(x_api_key="tenant-a"), ANTHROPIC.having(x_api_key="tenant-b")),
    "api-key": (AZURE.having(api_key="tenant-a"), AZURE.having(api_key="tenant-b")),
    "x-goog-api-key": (TENANT, TENANT.having(x_goog_api_key="tenant-b")),
    "?key=": (PARAMETER, GEMINI._replace(target=f"{GEMINI.target}?key=tenant-b")),
    "SigV4 key": (invoked("1"), invoked("2", key="AKIAOTHER")),
    "amz-sdk-invocation-id": (invoked("1"), invoked("2", invocation="another")),
    "X-Sidecar-Caller": (TENANT, TENANT.having(X_Sidecar_Caller="somebody-else")),
    "case of the credential": (BEARER, BEARER.having(Authorization="Bearer Tenant-a")),
    "scheme of the credential": (BEARER, BEARER.having(Authorization="bearer tenant-a")),
    "field of the credential": (TENANT, GEMINI.having(Authorization="tenant-a")),
    "credential moved into the query": (TENANT, PARAMETER),
    "?key= in percent": (PARAMETER, GEMINI._replace(target=f"{GEMINI.target}?key=tenant%2Da")),
    "second ?key=": (PARAMETER, GEMINI._replace(target=f"{PARAMETER.target}&key=tenant-b")),
    "second credential": (TENANT, TENANT.having(Authorization="Bearer tenant-b")),
    "Cookie": (TENANT.having(Cookie="tenant=a"), TENANT.having(Cookie="tenant=b")),
    "no Cookie": (TENANT.having(Cookie="tenant=a"), TENANT),
    "Proxy-Authorization": (
        TENANT.having(Proxy_Authorization="Basic dGVuYW50LWE6eA=="),
        TENANT.having(Proxy_Authorization="Basic dGVUyW50LWI6eA=="),
    ),
    "case of Proxy-Authorization": (
        TENANT.having(Proxy_Authorization="Basic YQ=="),
        TENANT.having(Proxy_Authorization="Basic yq=="),
    ),
    "label that no setting allows": (
        TENANT.having(X_Sidecar_Label_Tenant="a"),
        TENANT.having(X_Sidecar_Label_Tenant="b"),
    ),
    "project that pays": (
        TENANT.having(x_goog_user_project="project-a"),
        TENANT.having(x_goog_user_project="project-b"),
    ),
    "percent in the path": (TENANT, TENANT._replace(target=GEMINI.target.replace("gemini", "%67emini", 1))),
    "slash in the path": (TENANT, TENANT._replace(target="/" + GEMINI.target)),
    "empty query": (TENANT, TENANT._replace(target=f"{GEMINI.target}?")),
    "tenant in the body": (
        TENANT._replace(body={**GEMINI.body, "labels": {"tenant": "a"}}),
        TENANT._replace(body={**GEMINI.body, "labels": {"tenant": "b"}}),
    ),
    "header of one's own": (TENANT.having(X_Tenant="a"), TENANT.having(X_Tenant="b")),
    "upstream": (TENANT, TENANT._replace(upstream="gemini-two")),
    "path": (TENANT, TENANT._replace(target=GEMINI.target.replace("v1beta", "v1"))),
    "query": (TENANT, TENANT._replace(target=f"{GEMINI.target}?alt=json")),
    "body": (TENANT, TENANT._replace(body={**GEMINI.body, "generationConfig": {"temperature": 0}})),
    "opt-out of the retry": (TENANT, TENANT.having(X_Sidecar_Rescue="off")),
}
"""A request, and one that is another; whoever can tell two tenants apart by anything finds them apart."""

NEVER = {
    "opted out": (TENANT.having(X_Sidecar_Rescue="off"), TENANT.having(X_Sidecar_Rescue="off")),
    "first one opted out": (TENANT.having(X_Sidecar_Rescue="off"), TENANT),
    "hop of google-genai's": (HOP, HOP),
    "SigV4 without an invocation id": (signed(BEDROCK, "1"), signed(BEDROCK, "2")),
}
"""A request whose answer nobody else is given, and what comes after it."""


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    more = {"azure": {"dialect": "azure"}, "gemini-two": {"dialect": "gemini", "provider": "gemini"}}
    with sdk_road(tmp_path_factory.mktemp("shared"), {"mode": "enforce"}, more_upstreams=more) as running:
        yield running


@pytest.fixture
def desk(road: SdkRoad) -> Desk:
    return desk_at(road)


@pytest.mark.parametrize(("request_", "retry"), SAME.values(), ids=SAME.keys())
def test_retry_is_given_what_was_abandoned(desk: Desk, request_: Request, retry: Request) -> None:
    desk.leave(request_)
    answered = desk.ask(retry)
    assert (answered.status, desk.posts()) == (200, 1)
    assert answered.rescued is not None


def test_retries_that_leave_at_once__the_next_one_is_given_it(road: SdkRoad) -> None:
    """Each comes before the end of the one before it can have been told."""
    desk = desk_at(road, SCRIPT.replace("0.1", "0.6"))
    desk.leave(TENANT)
    for _ in range(10):
        desk.sent(TENANT).close()
    answered = desk.ask(TENANT)
    assert (answered.rescued is None, desk.posts()) == (False, 1)


@pytest.mark.parametrize(("request_", "other"), OTHER.values(), ids=OTHER.keys())
def test_request_that_differs__has_an_answer_of_its_own(desk: Desk, request_: Request, other: Request) -> None:
    desk.leave(request_)
    answered = desk.ask(other)
    assert (answered.status, answered.rescued, desk.posts()) == (200, None, 2)
    rescued = desk.ask(request_)
    assert rescued.rescued is not None
    assert rescued.number != answered.number
    assert desk.posts() == 2


@pytest.mark.parametrize(("request_", "after"), NEVER.values(), ids=NEVER.keys())
def test_answer_that_nobody_else_is_given(desk: Desk, request_: Request, after: Request) -> None:
    desk.leave(request_)
    numbers = {answered.number for answered in (desk.ask(after), desk.ask(after)) if answered.rescued is None}
    assert (len(numbers), desk.posts()) == (2, 3)


def test_answer_is_handed_over_once(desk: Desk) -> None:
    desk.leave(TENANT)
    first, second = desk.ask(TENANT), desk.ask(TENANT)
    assert first.rescued is not None
    assert (second.rescued, desk.posts()) == (None, 2)
    assert first.number != second.number


def test_of_two_retries_at_once__one_is_given_it(desk: Desk) -> None:
    desk.leave(TENANT)
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(desk.ask, [TENANT, TENANT]))
    assert sorted(answered.rescued is None for answered in both) == [False, True]
    assert (len({answered.number for answered in both}), desk.posts()) == (2, 2)


@pytest.mark.parametrize("request_", [TENANT, BEARER, invoked("1")], ids=["gemini", "openai", "bedrock"])
def test_two_that_are_equal_and_both_there__have_an_answer_each(desk: Desk, request_: Request) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(desk.ask, [request_, request_]))
    assert [answered.rescued for answered in both] == [None, None]
    assert (len({answered.number for answered in both}), desk.posts()) == (2, 2)


def test_two_that_are_equal__one_after_the_other_was_answered(desk: Desk) -> None:
    both = [desk.ask(TENANT), desk.ask(TENANT)]
    assert [answered.rescued for answered in both] == [None, None]
    assert (len({answered.number for answered in both}), desk.posts()) == (2, 2)


def test_caller_that_is_still_there__keeps_its_answer_when_an_equal_one_leaves(desk: Desk) -> None:
    with closing(desk.sent(TENANT)) as staying:
        desk.road.simulator.reached(
            desk.name, Milestone.RECEIVED
        )  # or it would rightly be given what the other has left
        desk.leave(TENANT)
        stayed = desk.read(staying)
    assert stayed.rescued is None
    assert desk.ask(TENANT).number != stayed.number


def test_half_closed_connection__is_nobody_who_left(desk: Desk) -> None:
    """Its request is whole, and it still reads: an equal request that comes now has an answer of its own."""
    with closing(desk.sent(GEMINI)) as connection:
        desk.road.simulator.reached(desk.name, Milestone.RECEIVED)
        connection.sock.shutdown(socket.SHUT_WR)
        other = desk.ask(GEMINI)
        stayed = desk.read(connection)
    assert (other.rescued, stayed.rescued) == (None, None)
    assert (other.number == stayed.number, desk.posts()) == (False, 2)
