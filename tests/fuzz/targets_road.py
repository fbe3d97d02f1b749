"""The road of a request before its body: targets, routes, `X-Sidecar-*`, credentials, what makes two requests one.

An input is a request's head; the upstream is named by the first segment of its path, as callers name it.
"""

import contextlib
import json
import re

from sidecar.clock import SECOND
from sidecar.config.settings import Settings
from sidecar.errors import RequestRefused
from sidecar.http1.framing import TEXT, TOKEN
from sidecar.http1.head import END_OF_HEAD, TARGET, RequestHead, read_request_head
from sidecar.lifecycle.lease import LONGEST_SECONDS, SHORTEST_SECONDS
from sidecar.providers.credential_seen import credential_in
from sidecar.providers.registry import DIALECTS
from sidecar.providers.same_request import identity_of
from sidecar.providers.sdk_family import caller_timeout_seconds
from sidecar.proxy.admission import MAX_CALLER_NAME, MAX_LABEL, Admission, admit, error_body
from sidecar.proxy.destination import destinations_of
from sidecar.proxy.replies import request_head_for_upstream
from sidecar.proxy.retry_after import retry_after_seconds
from sidecar.proxy.target import kept_query, parameter_in, tunnel_place
from tests.fuzz.target import Target
from tests.http1.grammar import until_end
from tests.proxy.messages import get

UPSTREAMS = {name: {"dialect": name, "url": f"https://{name.replace('_', '-')}.example/base"} for name in DIALECTS}
SETTINGS = Settings.model_validate({
    "upstreams": {name.replace("_", "-"): one for name, one in UPSTREAMS.items()}, "labels": {"allow": ["team", "run"]},
    "calls": {"server_timeout": "from_client"},
})  # fmt: skip
DESTINATIONS = destinations_of(SETTINGS)
ADDRESSES = (("127.0.0.1", 8780), ("::1", 80))
ORIGINS = (None, ("gemini.example", 443), ("nobody.example", 443))
NOW = 1_790_000_000 * SECOND
IS_TARGET, IS_LINE = re.compile(TARGET).fullmatch, re.compile(TOKEN + rb":" + TEXT).fullmatch


def road(data: bytes) -> None:
    """A request goes to one upstream, by one line that is a target, or is refused with a status and a sentence in its dialect."""
    try:
        head = read_request_head(until_end(data))
    except RequestRefused:
        return
    if head.method == b"CONNECT":
        check_tunnel(head.target)
        return
    for address in ADDRESSES:
        for origin in ORIGINS:
            try:
                admission = admit(head, DESTINATIONS, address, origin)
            except RequestRefused as refused:
                check_refusal(head, refused)
                continue
            check_admission(admission)
            check_sent(head, admission)
    check_fields(head)


def check_tunnel(target: bytes) -> None:
    with contextlib.suppress(RequestRefused):
        host, port = tunnel_place(target)
        assert host == host.lower()
        assert 0 < port < 65536


def check_refusal(head: RequestHead, refused: RequestRefused) -> None:
    """Its body is JSON, whatever stood in the request."""
    assert 400 <= refused.status < 600
    for origin in ORIGINS:
        json.loads(error_body(head.target, DESTINATIONS, ADDRESSES[0], refused, origin))


def check_admission(admission: Admission) -> None:
    """Words of bounded length, a lease within its bounds, a target below the upstream's base path."""
    assert len(admission.caller or "") <= MAX_CALLER_NAME
    assert all(len(value) <= MAX_LABEL for _, value in admission.labels)
    assert admission.lease_seconds is None or SHORTEST_SECONDS <= admission.lease_seconds <= LONGEST_SECONDS
    assert IS_TARGET(admission.target)
    assert admission.target.startswith(admission.destination.base_path)
    route = admission.route
    assert route is None or (len(route.model) <= 128 and len(route.operation_id) <= len(admission.path))
    admission.destination.endpoint_for(admission.path, admission.host)
    assert kept_query(admission.target).count(" ") == 0
    assert isinstance(parameter_in(admission.target, "id"), str)


def check_sent(head: RequestHead, admission: Admission) -> None:
    """What goes on is one head of whole lines that we would take ourselves."""
    sent = request_head_for_upstream(head, admission.target, b"a", "via", admission.added)
    assert sent.endswith(END_OF_HEAD)
    assert sent.count(END_OF_HEAD) == 1
    again = read_request_head(sent)
    assert again.target == admission.target
    assert not [name for name in again.noted if name.startswith(b"x-sidecar-")]


def check_fields(head: RequestHead) -> None:
    """What is read out of the fields that go on."""
    seconds = caller_timeout_seconds(head.fields)
    assert seconds is None or seconds > 0
    wait = retry_after_seconds(head.fields, NOW)
    assert wait is None or 0 <= wait < 10**13
    assert identity_of(head.fields) == identity_of(head.fields)
    for dialect in DIALECTS:
        for name, value in credential_in(dialect, head.fields, head.target.decode("latin-1")):
            assert IS_LINE(name + b":" + value)


def a_request(target: str, *fields: str, method: str = "POST") -> bytes:
    return (
        get(target).replace(b"GET", method.encode(), 1)[:-2]
        + "".join(f"{field}\r\n" for field in fields).encode("latin-1")
        + b"\r\n"
    )


PATHS = (
    "/gemini/v1beta/models/gemini-3-flash:generateContent?key=k",
    "/vertex/v1/projects/p/locations/l/publishers/google/models/m:predict",
    "/gemini/v1beta1/projects/p/locations/us/publishers/google/models/m:generateContent", "/openai/v1/chat/completions",
    "/openai/v1/batches/b1/cancel",
    "/azure/openai/deployments/d/chat/completions?api-version=1", "/anthropic/v1/messages/batches?beta=true",
    "/bedrock/model/a%3Ab/converse-stream",
    "/replicate/v1/models/a/b/predictions", "/fal-queue/fal-ai/flux/requests/r1/status", "/runpod/v2/e/run",
    "http://localhost:8780/gemini/v1?x",
    "http://gemini.example/base/v1/models/m:countTokens", "/ollama/api/chat", "/cohere/v2/chat", "//gemini/x", "/gemini?x",
    "*", "/none",
)  # fmt: skip
HEADERS = (
    "X-Sidecar-Caller: " + "me" * 150,
    "X-Sidecar-Lease: 5m", "X-Sidecar-Detach: true", "X-Sidecar-On-Departure: cut", "X-Sidecar-Rescue: off",
    "X-Sidecar-Caller: me \xe4",
    "X-Sidecar-Label-Team: a", "Upgrade: websocket", "Connection: upgrade, x-a", "x-stainless-read-timeout: 5",
    "X-Server-Timeout: 9",
    "Retry-After: 5.5", "retry-after: Fri, 20 Nov 2026 10:00:00 GMT",
    "Authorization: AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x",
    "amz-sdk-invocation-id: 1", "Content-Type: multipart/form-data; boundary=\"a;b\"", "x-goog-api-key: k",
    "User-Agent: google-genai-sdk/1 ua/2.1 m/E",
)  # fmt: skip

TARGETS = (
    Target(
        "road",
        road,
        [a_request(path, *HEADERS[place % 5 :: 5]) for place, path in enumerate(PATHS)]
        + [b"CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n"],
        (
            "proxy/target.py",
            "proxy/admission.py",
            "proxy/within.py",
            "proxy/retry_after.py",
            "providers/same_request.py",
            "providers/sdk_family.py",
            "providers/credential_seen.py",
            "providers/google_routes.py",
            "providers/paths.py",
            "providers/azure.py",
            "lifecycle/lease.py",
        ),
        (
            *(f"{header}\r\n".encode("latin-1") for header in HEADERS),
            *(f" {path} ".encode() for path in PATHS),
            b"%2F",
            b"%00",
            b"/../",
            b":cancel",
            b"?key=",
        ),
    ),
)
