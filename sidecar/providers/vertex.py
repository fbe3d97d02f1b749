"""Vertex AI, now "Gemini Enterprise Agent Platform": one host for each region."""

import re

from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.google import GoogleDialect

VERTEX = GoogleDialect(name="vertex", provider="vertex", on_close=ON_CLOSE["vertex"])

DEFAULT_HOST = "aiplatform.googleapis.com"
"""Serves `global`, and express mode, which names no location."""
MULTI_REGIONS = frozenset({"us", "eu"})
LOCATION = re.compile(r"/projects/[^/]+/locations/(?P<location>[^/]*)")
REGION = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]", re.ASCII)
"""What may become a label of a host name: nothing a client sends can name a host outside googleapis.com."""


def host_for(path: str) -> str:
    """The host that serves a path's location (google-wire 5.2); the default one where the path names no region."""
    found = LOCATION.search(path.partition("?")[0])
    location = found["location"] if found else ""
    if location == "global" or not REGION.fullmatch(location):
        return DEFAULT_HOST
    return f"aiplatform.{location}.rep.googleapis.com" if location in MULTI_REGIONS else f"{location}-{DEFAULT_HOST}"


def serves(host: str) -> bool:
    """Whether Vertex answers at a host of this name, without port: the default one, a region's, or a multi-region's."""
    if host == DEFAULT_HOST:
        return True
    region = host.removesuffix(f"-{DEFAULT_HOST}")
    if region != host:
        return REGION.fullmatch(region) is not None
    return host in {f"aiplatform.{location}.rep.googleapis.com" for location in MULTI_REGIONS}
