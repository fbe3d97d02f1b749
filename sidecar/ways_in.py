"""What is spoken on the proxy's port besides plain HTTP: TLS, and tunnels to upstreams, as the settings say.

Joins the local authority with the road, which are told of each other only here.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sidecar.config.settings import Settings
from sidecar.local_authority import shown_by
from sidecar.proxy.context import Context
from sidecar.telemetry.log import Log

if TYPE_CHECKING:
    from sidecar.authority.authority import Authority


def open_ways(context: Context, settings: Settings, log: Log, authority: "Authority | None") -> None:
    """Offer what is set. `authority` speaks for upstreams' hosts, and for us; None where nothing that is set needs one.

    Raises:
        OSError: the files of `proxy.tls` can't be used any more.
    """
    context.connect = settings.proxy.connect
    context.authority = authority if settings.proxy.connect.intercept else None
    context.tls = shown_by(settings, authority, context.recorder.certificates_reloaded)
    context.warn = log.events.warning


def ports_of(addresses: Mapping[str, str]) -> set[int]:
    """The ports of our own sockets, to which no tunnel leads; a Unix socket has none."""
    return {port for url in addresses.values() if (port := urlsplit(url).port) is not None}
