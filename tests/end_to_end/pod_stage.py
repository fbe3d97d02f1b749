"""Where pods are played: one provider for all of them, and what is left of each when it has ended."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.pod import Pod, Started, running_pod
from tests.end_to_end.pod_app import OPENS, Apps, Errand
from tests.end_to_end.pod_books import Books, at_the_provider, books_of
from tests.end_to_end.pod_end import Ending
from tests.end_to_end.pod_scraper import Samples, Scraper

SECRET = {"PROVIDER_KEY": "a-pod-key"}
ENDLESS = "never_ending=1 seconds=600"
"""What an operation does that somebody has to end."""


def config(url: str, mode: str = "enforce") -> str:
    """`sidecar.yaml` of a pod: one provider for all, and a credential for what an earlier process has left."""
    places = "\n".join(
        f"  {name}: {{url: '{url}', credential: {{env: PROVIDER_KEY}}}}" for name in ("gemini", "vertex", "openai")
    )
    return f"mode: {mode}\nupstreams:\n{places}\n"


class Story(NamedTuple):
    """A pod that has ended, and what is left of it."""

    pod: Pod
    errands: tuple[Errand, ...]
    endings: tuple[Ending, ...]
    books: Books
    """As they are at the end of all."""
    provider: Mapping[str, Seen]
    page: Samples
    """The last that was scraped."""
    told: Mapping[str, str]
    """By errand: the last that its application saw of it."""
    notes: Mapping[str, Any]
    """What else the scene has seen."""

    @property
    def ending(self) -> Ending:
        """Of a pod that ended once."""
        (one,) = self.endings
        return one

    def named(self, *doing: str) -> list[str]:
        """The names of the errands of these kinds."""
        return [errand.name for errand in self.errands if errand.doing in doing]

    def cancels(self, names: Collection[str]) -> list[float]:
        """When the cancels of these operations came to the provider: seconds since the container's first SIGTERM."""
        told_at = self.endings[0].told_at or 0
        return [(cancel.at - told_at) / 1e6 for name in names for cancel in self.provider[name].cancels]


class Stage:
    """Gives every scene a directory and what it needs."""

    def __init__(self, simulator: RunningSimulator, apps: Apps, directory: Path) -> None:
        self.simulator, self.apps, self._directory = simulator, apps, directory

    def folder(self, name: str) -> Path:
        """A new folder."""
        folder = self._directory / name
        folder.mkdir()
        return folder

    def play(self, name: str, scene: "Callable[[Stage, str], Story]") -> Story:
        """Play one scene. Its name begins the names of its errands."""
        return scene(self, name)

    @contextmanager
    def pod(self, name: str, asked: Started) -> Iterator[tuple[Pod, Scraper]]:
        """A pod that has started up and is scraped."""
        with running_pod(self.folder(name), asked) as pod:
            scraper = Scraper(pod.observe)
            try:
                yield pod, scraper
            finally:
                scraper.close()

    def asked(self, mode: str = "enforce", grace_seconds: int = 30, **more: Any) -> Started:
        """A pod whose upstreams lead to the simulator."""
        return Started(config(self.simulator.url, mode), SECRET, grace_seconds, **more)

    def story(
        self,
        pod: Pod,
        scraper: Scraper,
        errands: Collection[Errand],
        endings: Collection[Ending],
        told: Mapping[str, str],
        notes: Mapping[str, Any] | None = None,
    ) -> Story:
        """What is left of a pod."""
        names = {errand.name for errand in errands if errand.doing in OPENS}
        books = books_of(pod, pod.volume.with_name("copy at the end"))
        provider = at_the_provider(self.simulator, names)
        return Story(pod, tuple(errands), tuple(endings), books, provider, scraper.samples(), told, notes or {})


def errands(name: str, script: str = ENDLESS, **counts: int) -> list[Errand]:
    """So many errands of each kind, all with this script."""
    return [
        Errand(f"{name} {doing} {number}", doing, script) for doing, count in counts.items() for number in range(count)
    ]
