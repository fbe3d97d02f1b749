"""One target under atheris, in a process of its own: libFuzzer ends the process that it runs in.

`python -m tests.fuzz.engine MODULE TARGET SECONDS`, called by `run.py`. What a target raises does not stop it: the input is kept
in `found/`, once for each place in the code, and the search goes on. Only an input that takes forever or all memory ends it.
"""

import importlib
import random
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from tests.fuzz.mutation import mutated
from tests.fuzz.places import CORPUS, FOUND, TOOL, WORKING, files_of, kept

MEMORY_MIB, FOREVER_SECONDS = 2048, 60
SLOW_SECONDS = 0.5
"""Of a processor, for an input of some kilobytes: nothing that a peer sends may hold the event loop up so long."""
OWN_CHANGES = 0.5
"""Of all changes, those that `mutation.py` makes; the rest are libFuzzer's."""


class Engine:
    """Feeds one target and keeps what it found."""

    def __init__(self, target: Any, atheris: Any) -> None:
        self._target = target
        self._atheris = atheris
        self._known: set[str] = set()
        self.executions = 0

    def feed(self, data: bytes) -> None:
        """One execution."""
        self.executions += 1
        if self._seconds_of(data) > SLOW_SECONDS and (again := self._seconds_of(data)) > SLOW_SECONDS:
            self._keep("slow", data, f"took {again:.2f} s")  # also when everything that it needs had been loaded

    def _seconds_of(self, data: bytes) -> float:
        """What an input takes of the processor; what it raises is kept."""
        began = time.process_time()
        try:
            self._target.run(data)
        except Exception as error:
            self._keep(_where(error), data, "".join(traceback.format_exception(error)))
        return time.process_time() - began

    def change(self, data: bytes, most_bytes: int, seed: int) -> bytes:
        """The next input, made of one that is known."""
        drawn = random.Random(seed)
        if drawn.random() < OWN_CHANGES:
            return mutated(data, drawn, most_bytes)
        return bytes(self._atheris.Mutate(data, most_bytes))

    def _keep(self, where: str, data: bytes, told: str) -> None:
        if where in self._known:
            return
        self._known.add(where)
        file = kept(FOUND / self._target.name, data)
        print(f"\nFOUND {file.name} in {self._target.name}, {where}\n{data[:400]!r}\n{told}", flush=True)


def _where(error: BaseException) -> str:
    """The innermost line of ours, and what was raised there: what tells two findings apart."""
    ours = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "/sidecar/" in frame.filename or "/fuzz/" in frame.filename
    ]
    return f"{type(error).__name__} at {Path(ours[-1].filename).name}:{ours[-1].lineno}"


def options(target: Any, seconds: int) -> list[str]:
    """libFuzzer's flags and folders; the first folder is the one that it adds to."""
    working = WORKING / target.name
    working.mkdir(parents=True, exist_ok=True)
    for seed in [*target.seeds, *(file.read_bytes() for file in files_of(CORPUS / target.name))]:
        kept(working, seed)
    words = WORKING / f"{target.name}.words"
    words.write_text("".join('"' + "".join(rf"\x{byte:02x}" for byte in word) + '"\n' for word in target.words))
    return [
        "fuzz", str(working), f"-dict={words}", f"-max_total_time={seconds}", f"-max_len={target.most_bytes}",
        "-print_final_stats=1", f"-timeout={FOREVER_SECONDS}", f"-report_slow_units={FOREVER_SECONDS}",
        f"-rss_limit_mb={MEMORY_MIB}", f"-artifact_prefix={FOUND / target.name}/", "-verbosity=1",
    ]  # fmt: skip


def main(module: str, name: str, seconds: int) -> None:
    """Fuzz one target for so long."""
    sys.path.insert(0, str(TOOL))
    atheris = importlib.import_module("atheris")  # not at the top: it is here only where it was fetched

    with atheris.instrument_imports(include=["sidecar"]):
        targets = importlib.import_module(module).TARGETS
    target = next(one for one in targets if one.name == name)
    engine = Engine(target, atheris)
    (FOUND / name).mkdir(parents=True, exist_ok=True)
    atheris.Setup(options(target, seconds), engine.feed, custom_mutator=engine.change)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
