"""Settings that change while a sidecar runs: in a ConfigMap as kubelet mounts one, and by SIGHUP."""

import json
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.rig import Row, RunningSidecar, running_sidecar, usd

OUTPUT_TOKENS = 1_000
RELOAD_OK = "config_last_reload_successful"
RELOADED_AT = "config_last_reload_success_timestamp_seconds"


class ConfigMap:
    """A directory as kubelet fills it: `sidecar.yaml` -> `..data/sidecar.yaml`, `..data` -> `..<moment>`, swapped at once."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "sidecar.yaml"
        self._directory = directory
        self._data: Path | None = None
        self.write("{}")
        self.file.symlink_to("..data/sidecar.yaml")

    def write(self, text: str) -> None:
        """The steps of kubelet's AtomicWriter: a new directory, a link to it under another name, a rename, the old one gone."""
        before, self._data = self._data, self._directory / f"..{uuid4().hex}"
        self._data.mkdir()
        (self._data / "sidecar.yaml").write_text(text)
        link = self._directory / "..data_tmp"
        link.symlink_to(self._data.name)
        link.rename(self._directory / "..data")
        if before is not None:
            (before / "sidecar.yaml").unlink()
            before.rmdir()


class Reloads:
    """A sidecar, its settings file, and a caller."""

    def __init__(self, sidecar: RunningSidecar, simulator: RunningSimulator, config_map: ConfigMap) -> None:
        self.sidecar, self.simulator, self.config_map = sidecar, simulator, config_map
        self._threads = ThreadPoolExecutor(1)

    def change(self, text: str) -> Row:
        """Change the ConfigMap; what is logged of it."""
        return self._heard(lambda: self.config_map.write(text))

    def hang_up(self) -> Row:
        """Send SIGHUP; what is logged of it."""
        return self._heard(lambda: self.sidecar.process.send_signal(signal.SIGHUP))

    def _heard(self, act: Callable[[], None]) -> Row:
        before = len(self._reloads())
        act()
        wait_until(lambda: len(self._reloads()) > before)
        return self._reloads()[before]

    def _reloads(self) -> list[Row]:
        return [line for line in self.sidecar.log if line["event"] in ("settings_reloaded", "settings_refused")]

    def call(self, name: str, seconds: float = 0.0) -> None:
        """A call that takes so long."""
        script = f"seconds={seconds} prompt=0 output={OUTPUT_TOKENS}"
        headers = {
            "X-Goog-Api-Key": "a-key", "X-Simulator": script, "X-Simulator-Call": name, "X-Sidecar-Caller": name,
            "Content-Type": "application/json",
        }  # fmt: skip
        body = json.dumps({"contents": [{"parts": [{"text": "hello"}]}]}).encode()
        url = f"{self.sidecar.proxy}/gemini/v1beta/models/gemini-2.5-flash:generateContent"
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as reply:
            reply.read()

    def start(self, name: str, seconds: float) -> None:
        """A call in flight: the provider works on it."""
        self._threads.submit(self.call, name, seconds)
        self.simulator.reached(name, Milestone.RECEIVED)

    def end(self) -> None:
        """The caller's threads have ended."""
        self._threads.shutdown()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Return when it is so."""
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def reloads(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reloads]:
    directory = tmp_path_factory.mktemp("reload")
    (mounted := directory / "etc").mkdir()
    config_map = ConfigMap(mounted)
    config_map.write(priced(1))
    with running_sidecar(directory, simulator, {"CONFIG": str(config_map.file)}) as sidecar:
        reloads = Reloads(sidecar, simulator, config_map)
        yield reloads
        reloads.end()


def priced(usd_per_mtok: int, more: str = "") -> str:
    """A settings file with a price."""
    price = f'{{model: "gemini-*", output_per_mtok_usd: {usd_per_mtok}}}'
    return f"mode: enforce\nprices: {{overrides: [{price}]}}\n{more}"


def cost(row: Row) -> Decimal:
    """US dollars per million tokens that a call was priced at."""
    return usd(row) * 1_000_000 / OUTPUT_TOKENS


def test_price_changes__the_next_call_is_priced_by_it_and_not_the_one_in_flight(reloads: Reloads) -> None:
    reloads.start("in-flight", seconds=1.5)
    line = reloads.change(priced(7))
    reloads.call("next")
    assert (line["by"], line["changed"]) == ("file", ["prices.overrides"])
    assert cost(reloads.sidecar.settled("next")[0]) == 7
    assert cost(reloads.sidecar.settled("in-flight")[0]) == 1


def test_second_swap_is_seen_like_the_first(reloads: Reloads) -> None:
    reloads.change(priced(8))
    reloads.change(priced(9))
    reloads.call("after-two-swaps")
    assert cost(reloads.sidecar.settled("after-two-swaps")[0]) == 9


def test_bad_file__what_was_stays_and_the_metric_says_so(reloads: Reloads) -> None:
    reloads.change(priced(5))
    read_at = reloads.sidecar.total(RELOADED_AT)
    refused = reloads.change("prices: {overrides: [{model: x, output_per_mtok: 3}]}\nmode: enfroce")
    assert (refused["event"], refused["level"]) == ("settings_refused", "error")
    assert [name in str(refused["problems"]) for name in ("output_per_mtok", "mode: 'enfroce'")] == [True, True]
    assert (reloads.sidecar.total(RELOAD_OK), reloads.sidecar.total(RELOADED_AT)) == (0, read_at)
    reloads.call("as-before")
    assert cost(reloads.sidecar.settled("as-before")[0]) == 5
    reloads.change(priced(5))
    assert reloads.sidecar.total(RELOAD_OK) == 1
    assert reloads.sidecar.total(RELOADED_AT) > read_at


def test_sighup__reads_again(reloads: Reloads) -> None:
    line = reloads.hang_up()
    assert (line["event"], line["by"], line["changed"]) == ("settings_reloaded", "signal", [])


def test_what_needs_a_restart_is_named_and_stays(reloads: Reloads) -> None:
    reloads.change(priced(5, "limits: {max_calls: 1}\nupstreams: {mine: {dialect: openai, url: 'http://127.0.0.1:1'}}"))
    line = reloads.sidecar.logged("settings_need_restart")
    assert line["changed"] == ["limits.max_calls", "upstreams.mine"]


def test_brake__observe_holds_at_once_and_enforce_needs_a_restart(reloads: Reloads) -> None:
    reloads.change(priced(5).replace("enforce", "observe"))
    assert reloads.sidecar.logged("mode_changed")["mode"] == "observe"
    assert reloads.sidecar.total("config_info", mode="observe") == 1
    reloads.change(priced(5))
    assert reloads.sidecar.logged("settings_need_restart", changed=["mode"])
    assert reloads.sidecar.total("config_info", mode="observe") == 1


def test_log_level_changes(reloads: Reloads) -> None:
    read_at = reloads.sidecar.total(RELOADED_AT)
    reloads.config_map.write(priced(5, "log: {level: warning}"))
    wait_until(lambda: reloads.sidecar.total(RELOADED_AT) > read_at)  # no line says so: it would be `info`
    reloads.call("unseen")
    reloads.change("no: settings")
    assert [line for line in reloads.sidecar.log if line.get("caller") == "unseen"] == []
