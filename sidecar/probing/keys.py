"""The user's own key: where the settings say, else in the variables that the provider's SDK reads. Never a flag, never shown.

A variable's key goes to the provider's own hosts only, as another upstream of the same dialect is somebody else.
"""

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from sidecar.config.credential import CredentialSource
from sidecar.config.upstreams import PUBLIC_URLS, Upstream
from sidecar.errors import SidecarError
from sidecar.providers.answer import Credential
from sidecar.providers.contract import Dialect
from sidecar.reaper.credentials_aws import AwsSignatures
from sidecar.reaper.credentials_configured import source_of
from sidecar.reaper.credentials_google import GoogleTokens
from sidecar.reaper.credentials_source import NoCredential

NONE: Final = Credential((), "nowhere")

VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "gemini": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "openai": ("OPENAI_API_KEY",),
    "azure": ("AZURE_OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "bedrock": ("AWS_BEARER_TOKEN_BEDROCK",),
    "cohere": ("CO_API_KEY",),
    "mistral": ("MISTRAL_API_KEY",),
    "groq": ("GROQ_API_KEY",),
    "xai": ("XAI_API_KEY",),
    "deepseek": ("DEEPSEEK_API_KEY",),
    "together": ("TOGETHER_API_KEY",),
    "fireworks": ("FIREWORKS_API_KEY",),
    "openrouter": ("OPENROUTER_API_KEY",),
}
"""By dialect, in the order in which the SDK looks (providers-wire 2; google-genai takes GOOGLE_API_KEY first)."""
SEARCHED: Final = {"vertex": CredentialSource(google_adc=True), "bedrock": CredentialSource(aws=True)}
"""Dialects whose SDK searches for credentials by itself."""


class NoKey(SidecarError):
    """There is no key to ask with. The sentence says where one is looked for."""


async def key_for(upstream: Upstream, dialect: Dialect) -> Credential:
    """The credential to ask an upstream with; none at all for servers of one's own that no setting names one for.

    Raises:
        NoKey: a provider that wants one, and none is there, or it can't be had.
    """
    place = upstream.credential or _usual(upstream, dialect)
    if place is None:
        return NONE
    try:
        return await source_of(place, dialect.name, GoogleTokens(), AwsSignatures()).credential()
    except NoCredential as why:
        raise NoKey(f"no key for {dialect.name}: {why}") from None


def _usual(upstream: Upstream, dialect: Dialect) -> CredentialSource | None:
    """The place where the provider's SDK looks."""
    is_its_own = str(upstream.url) == PUBLIC_URLS.get(upstream.dialect)
    is_its_own = is_its_own or any(fnmatchcase(upstream.url.host, glob) for glob in dialect.hosts)
    names = VARIABLES.get(dialect.name, ())
    if not is_its_own or not (names or dialect.name in SEARCHED):
        return None
    found = next((name for name in names if os.environ.get(name)), None)
    if found is not None:
        return CredentialSource(env=found)
    if dialect.name in SEARCHED:
        return SEARCHED[dialect.name]
    raise NoKey(f"no key for {dialect.name}: set {' or '.join(names)}, or upstreams.<name>.credential")
