"""The credential that an upstream's settings name: in a variable, a file, or found by a cloud's own library.

It is looked up when it is needed, off the loop, and never kept longer than it is good for. What can't be had is said once, by the
key of the setting, and what to do; never with the value.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sidecar.clock import Clock
from sidecar.config.credential import CredentialSource
from sidecar.config.upstreams import Upstream
from sidecar.providers.answer import Credential
from sidecar.reaper.credentials_aws import AwsSignatures
from sidecar.reaper.credentials_google import GoogleTokens
from sidecar.reaper.credentials_source import File, NoCredential, Source, Variable

Say = Callable[[str, str], None]
"""Told an upstream's name, and a sentence for people about its credential."""

AGAIN_SECONDS: Final = 60.0
"""After a cloud's library has found nothing, which may take it ten seconds: so long it is not asked again."""


class ConfiguredCredentials:
    """By upstream. Nothing is looked at before it is asked for."""

    def __init__(self, upstreams: Mapping[str, Upstream], clock: Clock, say: Say) -> None:
        self._clock = clock
        self._say = say
        google, aws = GoogleTokens(), AwsSignatures()
        self._sources = {
            name: source_of(upstream.credential, upstream.dialect.value, google, aws)
            for name, upstream in upstreams.items()
            if upstream.credential is not None
        }
        self._said: dict[str, str] = {}
        """What is wrong with it, by upstream; once it is right again, it is said anew."""
        self._not_before_ns: dict[str, int] = {}

    async def of(self, upstream: str) -> Credential | None:
        """An upstream's credential; None when its settings name none, or it can't be had. Never raises."""
        source = self._sources.get(upstream)
        if source is None or self._clock.monotonic_ns() < self._not_before_ns.get(upstream, 0):
            return None
        try:
            found = await source.credential()
        except NoCredential as why:
            self._failed(upstream, str(why), is_slow=source.is_slow)
            return None
        self._said.pop(upstream, None)
        return found

    def _failed(self, upstream: str, sentence: str, *, is_slow: bool) -> None:
        if is_slow:
            self._not_before_ns[upstream] = self._clock.monotonic_ns() + int(AGAIN_SECONDS * 1e9)
        if self._said.get(upstream) != sentence:
            self._said[upstream] = sentence
            self._say(upstream, f"upstreams.{upstream}.credential: {sentence}")


def source_of(place: CredentialSource, dialect: str, google: Source, aws: Source) -> Source:
    """What looks into the place that the settings name."""
    if place.env is not None:
        return Variable(place.env, dialect)
    if place.file is not None:
        return File(place.file, dialect)
    return google if place.google_adc else aws
