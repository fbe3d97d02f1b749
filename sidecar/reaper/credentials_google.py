"""Google's Application Default Credentials, as google-auth finds them: a key file, a workload's identity, the metadata server."""

import asyncio
from typing import TYPE_CHECKING, Any, Final

from sidecar.providers.answer import Credential, Fields
from sidecar.reaper.credentials_source import NoCredential

if TYPE_CHECKING:
    from google.auth.credentials import Credentials

SOURCE: Final = "google_adc"
SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
"""What google-genai asks for (`_api_client.load_auth`, 3.4.0)."""
TIMEOUT_SECONDS: Final = 20.0
"""For one request of google-auth's own, which waits two minutes otherwise."""


class GoogleTokens:
    """One access token for all upstreams that want it, renewed in a thread when it is about to expire.

    google-auth is loaded with the first one. It reaches the token's issuer by itself, past the connection pool: with the
    variables HTTPS_PROXY and REQUESTS_CA_BUNDLE, where it needs them.
    """

    is_slow = True

    def __init__(self) -> None:
        self._credentials: Credentials | None = None
        self._one_at_a_time = asyncio.Lock()

    def __repr__(self) -> str:
        return "<GoogleTokens>"

    async def credential(self) -> Credential:
        """A token that is good for some minutes at least.

        Raises:
            NoCredential: google-auth finds no credentials, or its token can't be renewed.
        """
        async with self._one_at_a_time:
            if self._credentials is None or not self._credentials.valid:
                self._credentials = await asyncio.to_thread(_renewed, self._credentials)
            return Credential(_fields(self._credentials), SOURCE)


def _fields(credentials: Any) -> Fields:  # noqa: ANN401
    """The token, and the project that pays for the quota where there is one."""
    headers: dict[str, str] = {}
    credentials.apply(headers)
    return tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items())


def _renewed(credentials: Any) -> Any:  # noqa: ANN401  google-auth's own classes have no types
    """In a thread: the import alone takes a tenth of a second. Errors of google-auth may repeat what a server said."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

    try:
        if credentials is None:
            credentials, _ = google.auth.default(scopes=SCOPES)
        credentials.refresh(_request)
    except DefaultCredentialsError:
        advice = "set GOOGLE_APPLICATION_CREDENTIALS, or give the pod a service account"
        raise NoCredential(f"google-auth finds no Application Default Credentials here; {advice}") from None
    except GoogleAuthError as error:
        advice = "look at the service account and at the way to its token's issuer"
        raise NoCredential(f"google-auth could not renew its token ({type(error).__name__}); {advice}") from None
    return credentials


def _request(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401  as google-auth calls it
    """google-auth's own HTTP request, with an end."""
    from google.auth.transport.requests import Request

    return Request()(*arguments, **({"timeout": TIMEOUT_SECONDS} | options))
