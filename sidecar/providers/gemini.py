"""The Gemini Developer API: `generativelanguage.googleapis.com`."""

from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.google import GoogleDialect

GEMINI = GoogleDialect(name="gemini", provider="gemini", on_close=ON_CLOSE["gemini"])
