"""`python -m tests.page.pictures`: take README's pictures of the live page, with a tail growing, from a real sidecar.

A simulated provider, a sidecar before it in mode observe, and callers with everyday names, some of whom leave. What is seen is
what the sidecar says; the money is the simulator's bill at public list prices. Needs Chromium and npm (sharp, in .preview).
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from sidecar.simulator.server import running_simulator
from tests.end_to_end.live_page import BROWSING, TURN, asked, headers_of, open_operation
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.parts import part
from tests.readme import ROOT

PICTURES = ROOT / "dashboards" / "pictures"
PREVIEW = ROOT / "dashboards" / "preview"
WORKSHOP = ROOT / ".preview" / "page"
MOST_BYTES = 200_000
SCALE = 1.5
SIZE = {"width": 1280, "height": 860}
TOKENS_A_SECOND = 420
PATIENCE_SECONDS = 90.0
GROWING, SETTLED, LONGEST_TAIL = 3, 1, 0.2
"""A picture is taken when so many tails grow, so many orphans have settled, and one tail takes this part of the lane."""
SETTLED_IN_SIGHT = """() => {
    const edge = document.querySelector('.grid').getBoundingClientRect().bottom;
    const rows = [...document.querySelectorAll('.row.settled.orphan')].filter((row) => row.getBoundingClientRect().bottom < edge);
    return rows.filter((row) => !row.querySelector('.lane .left').hidden).length;
}"""
LEASE_SECONDS = 90


class Persona(NamedTuple):
    """One program that calls now and then."""

    name: str
    model: str
    seconds: tuple[float, float]
    """How long the provider works for it."""
    leaves: float
    """How often it leaves before the answer has come."""
    is_stream: bool = True


PERSONAS = (
    Persona("support-bot", "gemini-2.5-flash", (5, 14), 0.35),
    Persona("checkout", "gemini-2.5-flash", (3, 7), 0.1, is_stream=False),
    Persona("nightly-eval", "gemini-2.5-pro", (10, 26), 0.45),
    Persona("search-index", "gemini-2.5-flash-lite", (2, 6), 0.1, is_stream=False),
    Persona("notebook", "gemini-2.5-pro", (8, 20), 0.6, is_stream=False),
    Persona("code-review", "gemini-2.5-pro", (9, 22), 0.3),
)


def play(sidecar: RunningSidecar, persona: Persona, dice: random.Random) -> None:
    """One call of a program."""
    seconds = dice.uniform(*persona.seconds)
    stays = seconds * dice.uniform(0.2, 0.5) if dice.random() < persona.leaves else None
    tokens = round(seconds * TOKENS_A_SECOND)
    script = (
        f"seconds={seconds:.2f} think={seconds * 0.2:.2f} chunks=40 prompt={dice.randrange(800, 9000)} output={tokens}"
    )
    verb = "streamGenerateContent?alt=sse" if persona.is_stream else "generateContent"
    path = f"/gemini/v1beta/models/{persona.model}:{verb}"
    with asked(sidecar.proxy, path, TURN, headers_of(persona.name, script)) as connection:
        if stays is not None:
            time.sleep(stays)
            return
        with contextlib.suppress(OSError, HTTPException):  # the pictures are taken, and the sidecar has ended
            connection.getresponse().read()


@contextmanager
def traffic(sidecar: RunningSidecar, seed: int) -> Iterator[None]:
    """Calls, one every other second, for as long as the block lasts."""
    over, dice = threading.Event(), random.Random(seed)

    def callers() -> None:
        while not over.wait(dice.uniform(1.0, 2.4)):
            arguments = (sidecar, dice.choice(PERSONAS), random.Random(dice.random()))
            threading.Thread(target=play, args=arguments, daemon=True).start()

    thread = threading.Thread(target=callers, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def is_worth_a_picture(page: Page) -> bool:
    """Whether enough tails grow, and one of them is long."""
    tails = page.eval_on_selector_all(
        ".row.growing .tail", "found => found.map((tail) => tail.offsetWidth / tail.parentElement.offsetWidth)"
    )
    settled = page.evaluate(SETTLED_IN_SIGHT)
    return len(tails) >= GROWING and max(tails) >= LONGEST_TAIL and settled >= SETTLED


def take(sidecar: RunningSidecar, folder: Path) -> list[Path]:
    """Screenshots in light and dark."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=part("chromium").path(), args=list(BROWSING))
        page = browser.new_page(viewport=SIZE, device_scale_factor=SCALE)  # type: ignore[arg-type]
        page.goto(f"{sidecar.control}/")
        page.locator(".connection.live").wait_for()
        page.get_by_label("Time of the chart").select_option("5min")
        made = [shot(page, scheme, folder) for scheme in ("light", "dark")]
        browser.close()
    return made


def shot(page: Page, scheme: str, folder: Path) -> Path:
    """One screenshot, at the first moment that is worth it."""
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    time.sleep(0.5)  # the chart is drawn anew
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_worth_a_picture(page) and time.monotonic() < deadline:
        time.sleep(0.1)
    path = folder / f"live-{scheme}.png"
    page.screenshot(path=path, full_page=True)
    return path


def shrink(screenshot: Path, picture: Path) -> None:
    """Write a screenshot with a palette, as the dashboards' pictures are written."""
    subprocess.run(
        ["node", str(PREVIEW / "shrink.mjs"), str(screenshot), str(picture)],
        check=True,
        env={**os.environ, "NODE_PATH": str(WORKSHOP / "node_modules")},
    )


def install() -> None:
    """Bring what shrinks pictures, in the version that the dashboards' preview has."""
    version = json.loads((PREVIEW / "package.json").read_text())["dependencies"]["sharp"]
    if (WORKSHOP / "node_modules" / "sharp").exists():
        return
    WORKSHOP.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--loglevel=error", f"sharp@{version}"]
    subprocess.run([*command, "--prefix", str(WORKSHOP)], check=True)


def main() -> int:
    """Play, take both pictures, and say how large they are."""
    parser = argparse.ArgumentParser(prog="python -m tests.page.pictures", description=__doc__)
    parser.add_argument("--seconds", type=float, default=230.0, help="how long callers call before (%(default)g)")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="where the PNG files go")
    flags = parser.parse_args()
    install()
    with tempfile.TemporaryDirectory() as directory, running_simulator() as simulator:
        folder = Path(directory)
        settings = {"UPSTREAMS__OPENAI__URL": simulator.url, "OPERATIONS__LEASE_SECONDS": str(LEASE_SECONDS)}
        with running_sidecar(folder, simulator, settings) as sidecar, traffic(sidecar, flags.seed):
            time.sleep(flags.seconds * 0.4)
            open_operation(sidecar.proxy, "monthly-digest")
            time.sleep(flags.seconds * 0.6)
            open_operation(sidecar.proxy, "report-writer")
            screenshots = take(sidecar, folder)
        for screenshot in screenshots:
            picture = flags.pictures / screenshot.name
            shrink(screenshot, picture)
            size = picture.stat().st_size
            print(f"{picture.name}: {size / 1000:.0f} kB")
            assert size <= MOST_BYTES, f"{picture.name} is too large for a repository: {size} bytes"
    return 0


if __name__ == "__main__":
    sys.exit(main())
