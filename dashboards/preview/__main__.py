"""`python -m dashboards.preview`: play the demo, ask Prometheus what the dashboards ask, and take their pictures."""

import argparse
import json
import shutil
import time
from pathlib import Path

from dashboards.preview.pictures import Studio
from dashboards.preview.questions import Span, answers, empty_panels
from dashboards.preview.scene import played, running_scene
from dashboards.preview.workload import play

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CLASSIC = HERE.parent / "classic"
PICTURES = HERE.parent / "pictures"
PROGRAMS = ("prometheus", "npm", "node")
INSTANCES = ("checkout", "search", "nightly")
"""Whose sidecars these are; the first has most to do."""
LEAD_IN_SECONDS = 20.0
"""Rates need some scrapes before the pictures begin."""


def main() -> None:
    """Read the flags and do it."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.preview", description=__doc__)
    parser.add_argument("--seconds", type=float, default=480.0, help="how long callers call (%(default)g)")
    parser.add_argument("--again", action="store_true", help="draw what was played last; nothing is played")
    parser.add_argument("--workshop", type=Path, default=ROOT / ".preview", help="npm's packages and the scene's data")
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="where the PNG files go")
    parser.add_argument("dashboards", nargs="*", help="names of files in dashboards/classic; all of them by default")
    flags = parser.parse_args()
    scene: Path = flags.workshop / "scene"
    if absent := [name for name in PROGRAMS if shutil.which(name) is None]:
        parser.error(f"not installed: {', '.join(absent)}")
    sources = sorted(path for path in CLASSIC.glob("*.json") if path.stem in (flags.dashboards or [path.stem]))
    if unknown := set(flags.dashboards) - {path.stem for path in sources}:
        parser.error(f"no such dashboard: {', '.join(sorted(unknown))}")
    studio = Studio(HERE, flags.workshop)  # first: what it lacks is seen before minutes are played
    if not flags.again:
        _play(scene, flags.seconds)
    flags.pictures.mkdir(parents=True, exist_ok=True)
    _draw(studio, scene, sources, flags.pictures)


def _play(scene: Path, seconds: float) -> None:
    """Leave what was scraped, and when, in the scene's directory."""
    shutil.rmtree(scene, ignore_errors=True)
    scene.mkdir(parents=True)
    with running_scene(scene, INSTANCES) as running:
        running.prometheus.wait_for("sum(up)", len(INSTANCES), LEAD_IN_SECONDS)
        began = time.time()
        _say(f"{len(running.sidecars)} sidecars; callers for {seconds:g} s, seen through {running.prometheus.url}")
        play(tuple(sidecar.proxy_url for sidecar in running.sidecars), seconds)
    span = Span(began + LEAD_IN_SECONDS, began + seconds)  # to a moment at which callers still called
    (scene / "span.json").write_text(json.dumps(span))


def _draw(studio: Studio, scene: Path, sources: list[Path], pictures: Path) -> None:
    span = Span(*json.loads((scene / "span.json").read_text()))
    with played(scene) as prometheus:
        answered = {path.stem: answers(json.loads(path.read_text()), prometheus, span) for path in sources}
    for name, answer in answered.items():
        picture = pictures / f"{name}.png"
        studio.take(answer, picture)
        _say(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")
        for title in empty_panels(answer):
            _say(f"  without any data: {title}")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  it is a program for people


if __name__ == "__main__":
    main()
