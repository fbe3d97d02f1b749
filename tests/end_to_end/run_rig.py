"""`sidecar run` before a simulated provider, on a terminal and off it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.terminal import PATIENCE_SECONDS, Terminal, terminal
from tests.readme import ROOT

SCRIPTS = str(Path(__file__).with_name("run_scripts.py"))
ASK = """
import http.client, os, sys, urllib.parse
place = urllib.parse.urlsplit(os.environ[sys.argv[1]])
connection = http.client.HTTPConnection(place.netloc)
headers = {"X-Simulator-Call": sys.argv[3], "X-Simulator": sys.argv[4], "x-goog-api-key": "k", "Authorization": "Bearer k"}
connection.request("POST", place.path + sys.argv[2], sys.argv[5], {"Content-Type": "application/json", **headers})
print(connection.getresponse().read().decode()[:60], flush=True)
"""
"""A program without an SDK that makes one request: variable, path, name, script, body."""
CONTENT = json.dumps({"contents": [{"parts": [{"text": "Tell me about the sea."}]}]})
GENERATE = "/v1beta/models/gemini-2.5-pro:generateContent"


def asking(
    name: str, script: str, *, variable: str = "GOOGLE_GEMINI_BASE_URL", path: str = GENERATE, body: str = CONTENT
) -> list[str]:
    """The command line of that program."""
    return [sys.executable, "-S", "-c", ASK, variable, path, name, script, body]


def script(what: str, name: str, work: str) -> list[str]:
    """The command line of one of `run_scripts.py`."""
    return [sys.executable, SCRIPTS, what, name, work]


class Runs:
    """Starts `sidecar run` in a directory of its own, where its ledger and its logs are."""

    def __init__(self, directory: Path, simulator: RunningSimulator) -> None:
        self.directory, self.simulator = directory, simulator
        self.state = directory / "state" / "inference-sidecar"
        urls = {f"SIDECAR_UPSTREAMS__{name}__URL": simulator.url for name in ("GEMINI", "OPENAI")}
        own = {name: os.environ[name] for name in os.environ if not name.endswith(("BASE_URL", "_proxy", "_PROXY"))}
        self.variables = {
            **own, **urls, "XDG_STATE_HOME": str(directory / "state"), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color",
        }  # fmt: skip

    def line(self, command: Sequence[str], *flags: str) -> list[str]:
        """The whole command line."""
        return [sys.executable, "-m", "sidecar", "run", *flags, "--", *command]

    def piped(
        self, command: Sequence[str], *flags: str, variables: Mapping[str, str] | None = None, **more: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run to the end without a terminal."""
        return subprocess.run(
            self.line(command, *flags), cwd=self.directory, env={**self.variables, **(variables or {})}, capture_output=True,
            text=True, timeout=PATIENCE_SECONDS, stdin=more.pop("stdin", subprocess.DEVNULL), **more,
        )  # fmt: skip

    def started(self, command: Sequence[str], *flags: str, **more: Any) -> "subprocess.Popen[str]":
        """Start without a terminal."""
        return subprocess.Popen(
            self.line(command, *flags), cwd=self.directory, env=self.variables, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=more.pop("stdin", subprocess.DEVNULL), **more,
        )  # fmt: skip

    def on_terminal(self, command: Sequence[str], *flags: str) -> AbstractContextManager[Terminal]:
        """Start on a terminal, in its foreground."""
        return terminal(self.line(command, *flags), self.directory, self.variables)

    def in_shell(self) -> AbstractContextManager[Terminal]:
        """A shell on a terminal, as a person has it."""
        variables = {**self.variables, "PS1": "$ ", "HISTFILE": ""}
        return terminal(["bash", "--norc", "-i"], self.directory, variables)
