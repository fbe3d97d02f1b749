"""The simulator with what real providers show of their work: counters of engines, and records of calls that were cut.

What it shows is told from the simulator's own state and bill, which `sidecar probe` never sees. The simulator in its dialects
does not keep answers of calls; here they are kept as those providers do that keep them.
"""

import json
from typing import Any

from sidecar.simulator.bill import Entry, Finished
from sidecar.simulator.connection import Connections
from sidecar.simulator.request import Message, Receive, Send
from sidecar.simulator.script import OnClose, Script
from sidecar.simulator.server import Simulator
from sidecar.simulator.settings import Settings

LENGTH_SECONDS = 1.2
OUTPUT_TOKENS = 120
STATES = {Finished.COMPLETED: "completed", Finished.STOPPED: "cancelled"}


def script(on_close: OnClose, **more: Any) -> Script:
    """Calls of one length that can be cut in the middle."""
    given: dict[str, Any] = {"seconds": LENGTH_SECONDS, "output": OUTPUT_TOKENS, "chunks": 30, "on_close": on_close}
    return Script(**{**given, **more})


class ProbedProvider(Simulator):
    """A simulator whose work can be looked at from outside. `looks` are the paths that were asked for."""

    def __init__(self, on_close: OnClose, **more: Any) -> None:
        super().__init__(Settings(script=script(on_close, **more)))
        self._connections = Connections(self._answer)
        self.looks: list[str] = []
        self.is_silent = False
        """It shows nothing: an engine that was started without metrics."""
        self.headers: list[dict[str, str]] = []
        """Of every request."""

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        if scope["method"] == "POST" or self.is_silent:
            await self._application(scope, receive, send)
            return
        path, query = scope["path"], scope["query_string"].decode()
        self.looks.append(path)
        await _reply(send, self._shown(path, query))

    def _shown(self, path: str, query: str) -> Any:
        name = path.rpartition("/")[2]
        if name == "metrics":
            return self._metrics()
        if name == "slots":
            return [{"id": 0, "is_processing": bool(self._running())}, {"id": 1, "is_processing": False}]
        if name == "generation":
            return self._generation(query.partition("id=")[2])
        if "/chat/completions" in path:
            return self._completions()
        return self._record(name)

    def _running(self) -> int:
        return len(self._application._under_way)

    def _metrics(self) -> str:
        made = sum(entry.usage.get("output_tokens", 0) for entry in self.bill.entries)
        return "\n".join(
            f"# TYPE {engine}{running} gauge\n{engine}{running}{{model=\"m\"}} {self._running()}.0\n"
            f"{engine}{counter}{{model=\"m\"}} {made}.0\n"
            for engine, running, counter in (
                ("vllm:", "num_requests_running", "generation_tokens_total"),
                ("sglang:", "num_running_reqs", "generation_tokens_total"),
                ("llamacpp:", "requests_processing", "tokens_predicted_total"),
                ("tgi_", "batch_current_size", "unused"),
            )
        )  # fmt: skip

    def _entry(self, identity: str) -> Entry | None:
        """The call whose answer has this id: its number stands at the end of it."""
        number = identity.rpartition("-")[2].rpartition("_")[2]
        return next((entry for entry in self.bill.entries if str(entry.number) == number), None)

    def _generation(self, identity: str) -> Any:
        if (entry := self._entry(identity)) is None:
            return None
        tokens = {"native_tokens_prompt": 9, "native_tokens_completion": entry.usage.get("output_tokens", 0)}
        return {"data": {"id": identity, "model": entry.model, "total_cost": 0.001, "cancelled": True, **tokens}}

    def _record(self, identity: str) -> Any:
        """A stored response or interaction, whose shapes are alike as far as they are read."""
        entry = self._entry(identity)
        told: dict[str, Any] = {"id": identity, "status": STATES[entry.finished_how] if entry else "in_progress"}
        if entry is not None and entry.finished_how is Finished.COMPLETED:
            made = entry.usage["output_tokens"]
            told["usage"] = {"input_tokens": 9, "output_tokens": made, "total_tokens": made + 9,
                             "total_input_tokens": 9, "total_output_tokens": made}  # fmt: skip
        return told

    def _completions(self) -> Any:
        """Only what has come to its end is stored; the newest is ours."""
        done = [] if self._running() else self.bill.entries
        done = [entry for entry in done if entry.finished_how is Finished.COMPLETED]
        data = [{"usage": {"completion_tokens": entry.usage["output_tokens"]}} for entry in done[-1:]]
        return {"object": "list", "data": data}


async def _reply(send: Send, shown: Any) -> None:
    """200 with text or JSON, 404 for nothing."""
    body = shown.encode() if isinstance(shown, str) else json.dumps(shown).encode()
    await send({"type": "http.response.start", "status": 404 if shown is None else 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
