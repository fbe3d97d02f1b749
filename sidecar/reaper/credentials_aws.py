"""AWS's signature (SigV4) over each request to Bedrock, made by botocore with the credentials that it finds.

A signature that a caller sent is of no use: it is over host, path and minute of the request that it came with.
"""

import asyncio
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from sidecar.providers.answer import Credential, Fields, Signable, Unreachable
from sidecar.reaper.credentials_source import NoCredential

if TYPE_CHECKING:
    from botocore.session import Session

SOURCE: Final = "aws"
SERVICE: Final = "bedrock"
"""The name that signatures for all of Bedrock's hosts are made with (botocore 1.44, `signingName`)."""
REGION: Final = re.compile(r"(?:^|\.)([a-z]{2,6}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2})(?:\.|$)").search
"""In a host's name, as also in those of endpoints in a private network."""


class AwsSignatures:
    """Signs with whatever botocore finds: variables, a profile, the role of a pod or an instance; renewed by botocore itself."""

    is_slow = True

    def __init__(self) -> None:
        self._session: Session | None = None
        self._one_at_a_time = asyncio.Lock()

    def __repr__(self) -> str:
        return "<AwsSignatures>"

    async def credential(self) -> Credential:
        """What signs each request by itself.

        Raises:
            NoCredential: botocore is not installed, or finds no credentials.
        """
        async with self._one_at_a_time:
            self._session = await asyncio.to_thread(_found, self._session)
        return Credential((), SOURCE, self.sign)

    async def sign(self, request: Signable) -> Fields:
        """The fields of a request's signature.

        Raises:
            Unreachable: no region can be told, or the credentials are gone.
        """
        session = self._session
        assert session is not None  # a credential is made with one
        return await asyncio.to_thread(_signature, session, request)


def _found(session: "Session | None") -> "Session":
    """A session that has credentials. In a thread: it may ask the instance's metadata."""
    try:
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session
    except ImportError:
        advice = "install the extra: pip install 'inference-sidecar[aws]'"
        raise NoCredential(f"signing for AWS needs botocore, which is not installed; {advice}") from None
    session = session or Session()
    try:
        if session.get_credentials() is not None:
            return session
    except BotoCoreError as error:
        raise NoCredential(
            f"botocore could not get credentials ({type(error).__name__}); look at its profile"
        ) from None
    raise NoCredential("botocore finds no credentials here; set its variables or a profile, or give the pod a role")


def _signature(session: "Session", request: Signable) -> Fields:
    """Signed are the host and the moment; botocore would sign more fields, if it were told of any."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError

    host = urlsplit(request.url).hostname or ""
    region = found[1] if (found := REGION(host)) else session.get_config_variable("region")
    if not region:
        raise Unreachable(f"no AWS region stands in the host {host}, and none is configured: set AWS_DEFAULT_REGION")
    asked = AWSRequest(request.verb, request.url, data=request.body)
    try:
        SigV4Auth(session.get_credentials().get_frozen_credentials(), SERVICE, region).add_auth(asked)
    except BotoCoreError as error:
        raise Unreachable(f"the request could not be signed for AWS ({type(error).__name__})") from None
    return tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in asked.headers.items())
