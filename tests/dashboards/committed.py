"""The dashboards as they are committed, and how their queries look once Grafana has put values for its variables."""

import json
import re
from typing import Any

from tests.readme import ROOT

NAMES = ("overview", "lifecycle", "operations", "fleet", "reconciliation")
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
MACROS = {"$__rate_interval": "1m", "$__range_s": "3600", "$__range": "1h"}
"""The longer name first, where one begins as another."""


def dashboard(form: str, name: str) -> dict[str, Any]:
    """One committed file."""
    found: dict[str, Any] = json.loads((ROOT / "dashboards" / form / f"{name}.json").read_text())
    return found


CLASSIC = {name: dashboard("classic", name) for name in NAMES}
V2 = {name: dashboard("v2", name) for name in NAMES}


def asked(expr: str) -> str:
    """A query as Prometheus gets it when All is chosen everywhere."""
    for macro, value in MACROS.items():
        expr = expr.replace(macro, value)
    return re.sub(r"\$\w+", ".+", expr)
