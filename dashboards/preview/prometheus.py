"""What is asked of Prometheus, by its HTTP API."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

TIMEOUT_SECONDS = 30.0
REFUSALS = (400, 422)
"""What it says no to a query with; 503 means that it is still starting."""

Series = dict[str, Any]
"""`metric` (labels) and `value` (moment, number) or `values`, as Prometheus says them."""


class QueryRefusedError(Exception):
    """Prometheus did not take a query; the message is its own."""


class Prometheus:
    """One server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def instant(self, query: str, at: float) -> list[Series]:
        """The values at a moment, in seconds since the epoch."""
        return list(self._data("query", query=query, time=f"{at:.3f}")["result"])

    def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """The curves between two moments, one value each step."""
        found = self._data("query_range", query=query, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step:g}")
        return list(found["result"])

    def label_values(self, label: str, selector: str) -> list[str]:
        """The values of a label; of all series where no selector is given."""
        asked = {"match[]": selector} if selector else {}
        return [str(value) for value in self._data(f"label/{label}/values", **asked)]

    def wait_for(self, query: str, least: float, seconds: float) -> None:
        """Return when the query's single value is at least this.

        Raises:
            TimeoutError: it has not come to that within so many seconds.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                found = self.instant(query, time.time())
            except OSError:
                found = []  # it is still starting
            if found and float(found[0]["value"][1]) >= least:
                return
            time.sleep(0.25)
        raise TimeoutError(f"{query} did not come to {least:g}")

    def _data(self, path: str, **asked: str) -> Any:  # noqa: ANN401  JSON
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(asked)}"
        try:
            with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310  our own server
                return json.load(reply)["data"]
        except urllib.error.HTTPError as error:
            if error.code not in REFUSALS:
                raise
            raise QueryRefusedError(f"{error.code}: {json.load(error)['error']}; the query is {asked}") from error
