"""One question on its way through the SDK is one request, and the one that was asked for."""

import pytest

from sidecar.providers.answer import Answer, Credential, Unreachable
from sidecar.providers.operation import Ask
from sidecar.reaper.google_errand import Errand
from tests.reaper.test_credentials import an_operation

pytestmark = pytest.mark.anyio

ASK = Ask("GET", "/v1beta/interactions/i")
CREDENTIAL = Credential(((b"x-goog-api-key", b"k"),), "caller")
SAID = ((b"user-agent", b"sdk"),)


class Carried:
    """Keeps what was sent, and answers, or does not."""

    def __init__(self, *failures: Unreachable) -> None:
        self.sent: list[object] = []
        self._failures = list(failures)

    async def send(self, record, question, fields):
        self.sent.append((question, fields))
        if self._failures:
            raise self._failures.pop()
        return Answer(200, b"{}")

    async def ask(self, record, ask, credential):
        raise AssertionError


@pytest.fixture
def carried() -> Carried:
    return Carried()


def an_errand(carried, credential=CREDENTIAL):
    return Errand(carried, an_operation(), ASK, credential)


async def test_request_goes_out_with_the_credential__and_its_answer_is_kept(carried):
    errand = an_errand(carried)
    written = Ask("GET", "/v1beta/interactions/i?stream=false")
    assert await errand.carry(written, SAID) == errand.answer() == Answer(200, b"{}")
    assert carried.sent == [(written, SAID + CREDENTIAL.fields)]


async def test_without_a_credential_it_goes_without(carried):
    await an_errand(carried, None).carry(ASK, SAID)
    assert carried.sent == [(ASK, SAID)]


async def test_second_request_is_never_sent(carried):
    errand = an_errand(carried)
    await errand.carry(ASK, SAID)
    with pytest.raises(Unreachable, match="one question is one request"):
        await errand.carry(ASK, SAID)
    assert len(carried.sent) == 1
    assert errand.answer() == Answer(200, b"{}")


@pytest.mark.parametrize("other", [Ask("POST", ASK.target), Ask("GET", "/v1/interactions/i")])
async def test_request_for_another_place_is_not_sent(carried, other):
    errand = an_errand(carried)
    with pytest.raises(Unreachable, match="at another place"):
        await errand.carry(other, SAID)
    assert not carried.sent
    assert errand.answer() is None


async def test_answer_that_never_came_is_said_to_whoever_asked():
    errand = an_errand(Carried(Unreachable("no answer")))
    with pytest.raises(Unreachable, match="no answer"):
        await errand.carry(ASK, SAID)
    with pytest.raises(Unreachable, match="no answer"):
        errand.answer()
