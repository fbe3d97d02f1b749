"""Who is let in."""

import hashlib

import openai
import pytest

from sidecar.simulator.declined import Declined
from sidecar.simulator.keys import Keys, credential_of, digest_of
from sidecar.simulator.request import Request
from sidecar.simulator.server import running_simulator
from sidecar.simulator.settings import Settings
from tests.simulator.callers import FLASH, UNARY, VERTEX, ask
from tests.simulator.operation_clients import GPT, gpt


def request(headers: dict[str, str], query: dict[str, str] | None = None) -> Request:
    return Request("GET", "/", query or {}, headers, "", 0, b"", 0)


@pytest.mark.parametrize(
    ("headers", "credential"),
    [
        ({"authorization": "Bearer abc"}, "abc"),
        ({"authorization": "Key id:secret"}, "id:secret"),
        ({"authorization": "rpa_raw"}, "rpa_raw"),
        ({"x-goog-api-key": "g"}, "g"),
        ({"x-api-key": "a"}, "a"),
        ({"api-key": "z"}, "z"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20261121/us-east-1/bedrock/aws4_request, Sig=x"}, "AKIA"),
        ({}, ""),
    ],
)
def test_the_credential__wherever_it_stands(headers: dict[str, str], credential: str):
    assert credential_of(request(headers)) == credential


def test_a_key_in_the_query__is_one_too():
    assert credential_of(request({}, {"key": "q"})) == "q"


def test_a_digest__is_not_the_credential():
    assert digest_of("abc") == hashlib.sha256(b"abc").hexdigest()
    assert digest_of("") == ""


def test_without_keys__everybody_but_the_revoked():
    keys = Keys(None)
    keys.check(request({}))
    keys.revoke("abc")
    with pytest.raises(Declined, match="revoked"):
        keys.check(request({"x-api-key": "abc"}))


def test_with_keys__only_they():
    keys = Keys(["abc"])
    keys.check(request({"x-api-key": "abc"}))
    with pytest.raises(Declined, match="not known"):
        keys.check(request({"x-api-key": "def"}))
    keys.admit("def")
    keys.check(request({"x-api-key": "def"}))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", UNARY),
        ("GET", "/v1beta/models"),
        ("GET", f"{VERTEX[:-25]}/batchPredictionJobs/1"),
        ("GET", "/v1/batches"),
    ],
)
def test_strangers__401_wherever_they_knock(method: str, path: str):
    with running_simulator(Settings(keys=frozenset({"right"}))) as simulator:
        headers = {"x-goog-api-key": "wrong"}
        answer = ask(simulator, path, method=method, headers=headers)
        assert (answer.status, answer.content["error"]["status"]) == (401, "UNAUTHENTICATED")
        assert ask(simulator, f"{FLASH}:countTokens", headers={"x-goog-api-key": "right"}).status == 200
        assert ask(simulator, "/simulator/bill", method="GET").status == 200
        assert simulator.bill.total_usd == 0


def test_a_key_revoked_while_its_work_goes_on__the_cancel_is_declined_in_the_dialects_shape():
    with (
        running_simulator(Settings(keys=frozenset({"first", "second"}))) as simulator,
        gpt(simulator, "mine", "never_ending=1", key="first") as one,
        gpt(simulator, "mine", "", key="second") as other,
    ):
        begun = one.responses.create(model=GPT, input="hi", background=True)
        simulator.revoke("first")
        with pytest.raises(openai.PermissionDeniedError):
            one.responses.cancel(begun.id)
        assert other.responses.cancel(begun.id).status == "cancelled"
        (operation,) = simulator.operations
        assert operation.credential == digest_of("first")
        asked = [(cancel.answer, cancel.credential) for cancel in operation.cancels]
        assert asked == [(403, digest_of("first")), (200, digest_of("second"))]
