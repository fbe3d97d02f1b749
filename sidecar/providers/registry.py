"""The dialects that we know, by the name that `upstreams.<name>.dialect` gives them."""

from sidecar.providers.contract import Dialect
from sidecar.providers.gemini import GEMINI
from sidecar.providers.vertex import VERTEX

DIALECTS: dict[str, Dialect] = {
    "gemini": GEMINI,
    "vertex": VERTEX,
}
