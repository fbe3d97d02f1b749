"""What goes with a request of our own, and what comes back."""

import asyncio

from sidecar.providers.answer import Answer, Credential, Fields, Signable

REQUEST = Signable("POST", "https://a.example/b", b"")


async def signed(request: Signable) -> Fields:
    return ((b"authorization", request.verb.encode()),)


def test_credential_shows_where_it_is_from_and_not_what_it_is():
    credential = Credential(((b"authorization", b"Bearer canary"),), "caller")
    assert repr(credential) == str(credential) == "<Credential from caller>"
    assert "canary" not in repr([credential])


def test_answer_shows_no_body():
    assert repr(Answer(200, b"canary")) == "<Answer 200, 6 bytes>"


def test_credential_without_a_signature_is_its_fields():
    fields = ((b"x-api-key", b"k"),)
    assert asyncio.run(Credential(fields, "caller").fields_for(REQUEST)) == fields


def test_credential_that_signs_adds_what_the_request_needs():
    credential = Credential(((b"a", b"b"),), "aws", signed)
    assert asyncio.run(credential.fields_for(REQUEST)) == ((b"a", b"b"), (b"authorization", b"POST"))
