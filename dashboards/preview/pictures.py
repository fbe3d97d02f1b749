"""Pictures of answered dashboards: npm's packages, one bundle, and a browser that nobody sees."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dashboards.preview.questions import WIDTH, panels_of

ROW_PIXELS, MARGIN_PIXELS, HEAD_PIXELS = 30, 8, 84
"""The grid's, as Grafana has them; the head is the page's own (`page.tsx`)."""
SCALES = (1.25, 1.0)
MOST_BYTES = 250_000
"""Of a picture that is committed. One that has more is taken again, smaller."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DRAWING_MILLISECONDS = 8_000
"""Of the browser's own time, which runs ahead while nothing happens."""
BROWSING = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--timeout=60000",
    "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr", "--log-level=0",
    f"--virtual-time-budget={DRAWING_MILLISECONDS}",
)  # fmt: skip
"""Without a sandbox, which root can not have: it opens our own page and nothing else."""
STAND_INS = {"react-inlinesvg": "Icon.tsx", "react/jsx-runtime": "jsx.ts"}
"""Packages, and what is bundled in their place; each file says why."""
BUNDLING = (
    "--bundle", "--jsx=automatic", "--log-level=error", "--define:global=window", '--define:process.env.NODE_ENV="production"',
    "--loader:.woff2=dataurl", "--loader:.woff=empty", "--loader:.ttf=empty",
)  # fmt: skip
PAGE = """<!doctype html>
<meta charset="utf-8">
<link rel="stylesheet" href="page.css">
<style>body {{ margin: 0; overflow: hidden; }}</style>
<div id="page"></div>
<script>window.ANSWERS = {answers};</script>
<script src="page.js"></script>
"""


class Studio:
    """Where pictures are taken. Everything that is not the project's own is in the workshop, a folder that git ignores."""

    def __init__(self, sources: Path, workshop: Path) -> None:
        self._sources, self._workshop = sources.resolve(), workshop.resolve()
        self._browser = browser()
        self._install()
        self._bundle()

    @property
    def _node(self) -> Mapping[str, str]:
        """The environment in which node finds the packages, which are not beside the sources."""
        return {**os.environ, "NODE_PATH": str(self._workshop / "node_modules")}

    def _install(self) -> None:
        """Nothing, when the packages are those of `package.json`; else 680 MB from the npm registry."""
        self._workshop.mkdir(parents=True, exist_ok=True)
        wanted, there = self._sources / "package.json", self._workshop / "package.json"
        if there.exists() and there.read_bytes() == wanted.read_bytes():
            return
        there.write_bytes(wanted.read_bytes())
        try:
            command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
            subprocess.run(command, cwd=self._workshop, check=True)  # noqa: S603
        except BaseException:
            there.unlink()  # not complete: the next run tries again
            raise

    def _bundle(self) -> None:
        """One script and one style sheet out of the page and all that it needs."""
        page = self._sources / "page"
        stand_ins = (f"--alias:{name}={page / file}" for name, file in STAND_INS.items())
        esbuild = self._workshop / "node_modules" / ".bin" / "esbuild"
        command = [
            str(esbuild),
            str(page / "page.tsx"),
            f"--outfile={self._workshop / 'page.js'}",
            *BUNDLING,
            *stand_ins,
        ]
        subprocess.run(command, check=True, env=self._node)  # noqa: S603

    def take(self, answers: Mapping[str, Any], picture: Path) -> None:
        """Draw one dashboard into a PNG file."""
        page = self._workshop / "page.html"
        page.write_text(PAGE.format(answers=json.dumps(answers).replace("</", "<\\/")))
        for scale in SCALES:
            self._take(page, height_of(answers["dashboard"]), scale, picture)
            if picture.stat().st_size <= MOST_BYTES:
                break

    def _take(self, page: Path, height: int, scale: float, picture: Path) -> None:
        screenshot = self._workshop / "screenshot.png"
        screenshot.unlink(missing_ok=True)
        flags = (
            f"--screenshot={screenshot}",
            f"--window-size={WIDTH},{height}",
            f"--force-device-scale-factor={scale}",
        )
        self._browse(page, flags)
        shrink = ["node", str(self._sources / "shrink.mjs"), str(screenshot), str(picture)]
        subprocess.run(shrink, check=True, env=self._node)  # noqa: S603

    def _browse(self, page: Path, flags: Sequence[str]) -> None:
        """Open a page.

        Raises:
            RuntimeError: the page has complained, or the browser failed.
        """
        profile = f"--user-data-dir={self._workshop / 'profile'}"
        command = [self._browser, *BROWSING, profile, *flags, page.as_uri()]
        done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
        complaints = complaints_in(done.stderr)
        if done.returncode or complaints:
            raise RuntimeError("\n".join(complaints) or done.stderr[-2000:])


def complaints_in(log: str) -> Sequence[str]:
    """What a page has written as errors, of all that a browser says."""
    return [line for line in log.splitlines() if ":CONSOLE" in line and "Error" in line]


def browser() -> str:
    """The path of a Chromium.

    Raises:
        RuntimeError: there is none.
    """
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise RuntimeError(f"none of {', '.join(BROWSERS)} is installed")
    return found


def height_of(dashboard: Mapping[str, Any]) -> int:
    """Pixels of the whole page."""
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels_of(dict(dashboard)))
    return int(HEAD_PIXELS + bottom * (ROW_PIXELS + MARGIN_PIXELS) + MARGIN_PIXELS)
