"""Hot reload in this process; with a ConfigMap and from outside it is in end_to_end/test_reload.py."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import watchfiles

from sidecar.app import Application
from sidecar.config.load import Loaded, load
from sidecar.lifecycle.policy import OnDeparture
from sidecar.proxy.foregone import Foregone
from sidecar.proxy.shelf import Shelf

pytestmark = pytest.mark.anyio
VARIABLES = {
    "SIDECAR_PROXY__LISTEN": "127.0.0.1:0", "SIDECAR_CONTROL__LISTEN": "127.0.0.1:0", "SIDECAR_OBSERVE__LISTEN": "127.0.0.1:0",
}  # fmt: skip


class Scene:
    """A sidecar whose settings file is watched."""

    def __init__(self, application: Application, file: Path) -> None:
        self.application, self.file = application, file
        self.context = application._context

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return when it is so."""
        async with asyncio.timeout(10):
            while not is_so():
                await asyncio.sleep(0.01)

    async def reread(self, text: str) -> None:
        """Have a new text read, and wait for what comes of it."""
        program = self.context.recorder.program
        before, program.settings_are_good = program.settings_read_at, True
        self.file.write_text(text)
        self.application.reloading.ask()
        await self.until(lambda: program.settings_read_at != before or not program.settings_are_good)

    @property
    def on_departure(self) -> OnDeparture:
        return self.context.destinations[b"gemini"].wish.on_departure


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "sidecar.yaml"
    file.write_text("mode: enforce")

    def read() -> Loaded:
        return load({"--log-format": "console"}, VARIABLES)

    loaded = read()
    application = Application(loaded.settings)
    await application.start()
    application.reloading.begin(loaded, read)
    yield Scene(application, file)
    await application.reloading.stop()
    await application.stop()


async def test_file_written_in_place__is_read(scene: Scene) -> None:
    await asyncio.sleep(0.3)  # the watch begins beside the loop
    scene.file.write_text("calls: {on_departure: cut}")
    await scene.until(lambda: scene.on_departure is OnDeparture.CUT)


async def test_file_put_in_its_place__is_read(scene: Scene) -> None:
    await asyncio.sleep(0.3)
    new = scene.file.with_name("sidecar.yaml.new")
    new.write_text("calls: {on_departure: cut}")
    new.rename(scene.file)
    await scene.until(lambda: scene.on_departure is OnDeparture.CUT)


async def test_other_files_of_the_directory__are_nobodys_business(scene: Scene) -> None:
    await asyncio.sleep(0.3)
    read_at = scene.context.recorder.program.settings_read_at
    scene.file.with_name("other.yaml").write_text("calls: {on_departure: cut}")
    await asyncio.sleep(0.5)
    assert scene.context.recorder.program.settings_read_at == read_at


async def test_kernel_that_can_not_watch__the_file_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watchfiles.awatch

    def awatch(*paths: Path, force_polling: bool | None, poll_delay_ms: int, **others: Any) -> object:
        if not force_polling:
            raise OSError("OS file watch limit reached")
        return watched(*paths, force_polling=True, poll_delay_ms=50, **others)

    monkeypatch.setattr(watchfiles, "awatch", awatch)
    monkeypatch.chdir(tmp_path)
    Path("sidecar.yaml").write_text("{}")
    os.utime("sidecar.yaml", (1, 1))  # a poll knows times to the second
    loaded = load({}, VARIABLES)
    application = Application(loaded.settings)
    await application.start()
    application.reloading.begin(loaded, lambda: load({}, VARIABLES))
    scene = Scene(application, Path("sidecar.yaml"))
    try:
        await asyncio.sleep(0.3)
        scene.file.write_text("calls: {on_departure: cut}")
        await scene.until(lambda: scene.on_departure is OnDeparture.CUT)
    finally:
        await application.reloading.stop()
        await application.stop()


async def test_file_that_can_not_be_read__all_stays(scene: Scene) -> None:
    prices, destinations = scene.context.prices, scene.context.destinations
    await scene.reread("calls: {on_departure: no}")
    assert not scene.context.recorder.program.settings_are_good
    assert (scene.context.prices, scene.context.destinations) == (prices, destinations)
    assert scene.application.reloading.loaded.origins["mode"] == "file sidecar.yaml:1"


async def test_prices_that_are_the_same__keep_the_book_that_knows_them(scene: Scene) -> None:
    book = scene.context.prices
    await scene.reread("mode: enforce\ncalls: {on_departure: cut}")
    assert scene.context.prices is book


async def test_everything_that_rules_is_swapped(scene: Scene) -> None:
    await scene.reread(
        "mode: enforce\ncalls: {follow: {max_seconds: 7}}\nrescue: {max_bytes: 1MiB, max_answer_bytes: 1MiB}\n"
        "operations: {lease_seconds: 7, grace_seconds: 3}\nprices: {overrides: [{model: x, request_usd: 1}]}\n"
        "labels: {allow: [team]}\nlog: {level: error}"
    )
    context, shelf = scene.context, scene.context.shelf
    assert context.limits.follow.max_seconds == 7
    assert isinstance(shelf, Shelf)
    assert (shelf._store.most_bytes, shelf._store.most_each) == (1 << 20, 1 << 20)
    assert context.operations is not None
    assert context.operations.renewals.lease_seconds == 7
    means = scene.application._operating._reaper._means
    assert (means.rules.lease_seconds, means.rules.grace_seconds) == (7, 3)
    assert [override.model for override in context.prices.overrides] == ["x"]
    assert context.destinations[b"gemini"].label_names == ("team",)
    assert scene.application._log.level == "error"


async def test_observe_again__nothing_is_kept_for_retries_any_more(scene: Scene) -> None:
    shelf = scene.context.shelf
    assert isinstance(shelf, Shelf)
    await scene.reread("mode: observe")
    assert shelf.is_closed
    assert isinstance(scene.context.shelf, Foregone)
    assert scene.application.state().mode == "observe"
    assert not scene.application._operating._reaper._means.rules.is_enforcing


async def test_rescue_switched_off_and_on(scene: Scene) -> None:
    await scene.reread("mode: enforce\nrescue: {enabled: false}")
    assert isinstance(scene.context.shelf, Foregone)
    await scene.reread("mode: enforce")
    assert isinstance(scene.context.shelf, Shelf)
    assert scene.context.recorder.program.kept() == scene.context.shelf.kept()


async def test_level_that_somebody_has_set__stays_when_something_else_changes(scene: Scene) -> None:
    scene.application._log.level = "debug"
    await scene.reread("mode: enforce\ncalls: {on_departure: cut}")
    assert scene.application._log.level == "debug"


async def test_sidecar_that_is_about_to_end__keeps_what_it_has(scene: Scene) -> None:
    scene.application.start_drain()
    scene.file.write_text("calls: {on_departure: cut}")
    scene.application.reloading.ask()
    await asyncio.sleep(0.2)
    assert scene.on_departure is OnDeparture.AUTO


async def test_asked_twice_at_once__is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read: list[Loaded] = []

    def reading() -> Loaded:
        read.append(load({}, VARIABLES))
        return read[-1]

    loaded = load({}, VARIABLES)
    application = Application(loaded.settings)
    await application.start()
    application.reloading.begin(loaded, reading)
    application.reloading.ask()
    application.reloading.ask()
    await asyncio.sleep(0.2)
    await application.reloading.stop()
    await application.stop()
    assert len(read) == 1
