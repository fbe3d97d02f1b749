"""A sidecar that speaks TLS, before a simulated provider that does; and how a row of a live call compares with the bill."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Entry
from sidecar.simulator.realtime import METHOD as REALTIME
from sidecar.simulator.server import RunningSimulator, running_simulator
from sidecar.simulator.settings import Settings
from tests.certificates import Certificate, certificate_in
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.end_to_end.sdk_road import SdkRoad

UPSTREAMS = ("gemini", "vertex", "openai", "azure")


class LiveRoad(NamedTuple):
    """Where the clients go, and what is known of them afterwards."""

    simulator: RunningSimulator
    sidecar: RunningSidecar
    certificate: Certificate

    @property
    def through(self) -> str:
        """The base URL of the sidecar, over TLS."""
        return f"https://{self.sidecar.proxy.rpartition('/')[2]}"

    def rows(self, name: str, count: int) -> list[CallRecord]:
        """The settled rows of the calls of this name, oldest first, once there are so many."""
        return SdkRoad(self.simulator, None, self.sidecar).rows(name, count)  # type: ignore[arg-type]  # nobody's scripts

    def billed(self, name: str, count: int) -> list[Entry]:
        """The entries of the turns of a socket, once there are so many, in the order in which they were asked for."""
        for nth in range(1, count + 1):
            self.simulator.reached(f"{name}/{nth}", "billed")
        return [entry for nth in range(1, count + 1) for entry in self.simulator.bill.of(f"{name}/{nth}")]


@contextmanager
def live_road(directory: Path) -> Iterator[LiveRoad]:
    """All of it, for as long as the block lasts."""
    certificate = certificate_in(directory)
    tls = Settings(certificate_file=certificate.certificate_file, key_file=certificate.key_file)
    with running_simulator(tls) as simulator:
        trusted = {"url": simulator.url, "ca_file": certificate.authority_file}
        placed = dict.fromkeys(UPSTREAMS, trusted)
        shown = {"cert": certificate.certificate_file, "key": certificate.key_file}
        told = {"upstreams": placed, "proxy": {"tls": shown}}
        (directory / "sidecar.yaml").write_text(json.dumps(told))
        with running_sidecar(directory, simulator) as sidecar:
            yield LiveRoad(simulator, sidecar, certificate)


def counted(entry: Entry) -> dict[str, int]:
    """What an entry of the bill used, in the words of the ledger: sound is a part of what it was heard or spoken in.

    Realtime says what its cached tokens are, and the simulator caches text alone.
    """
    used = entry.usage
    counts = {
        "input": used.get("prompt_tokens", 0) - used.get("cached_tokens", 0),
        "cached_input": used.get("cached_tokens", 0),
        "cached_text_input": used.get("cached_tokens", 0) if entry.method == REALTIME else 0,
        "output": used.get("output_tokens", 0) + used.get("audio_output_tokens", 0),
        "reasoning": used.get("thought_tokens", 0),
        "tool_use": used.get("tool_tokens", 0),
        "audio_seconds": used.get("audio_seconds", 0),
        "audio_input": used.get("audio_tokens", 0),
        "audio_output": used.get("audio_output_tokens", 0),
    }
    return {name: count for name, count in counts.items() if count}
