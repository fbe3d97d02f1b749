"""The engines, one sidecar in front of them, and the table of what was found.

An engine starts when the first test asks for it. Each is reached by several names: with what is known of it, with what is not
true of it, and with other wishes.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.bench.processes import free_port
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.real import fetch
from tests.real.engines import Engine, LlamaServer, PythonServer, Vllm, running
from tests.real.report import FILE, Report
from tests.real.stage import GPU_HOUR_USD, Stage

REPORT = pytest.StashKey[Report]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORT] = Report()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    report = config.stash[REPORT]
    if report.findings:
        versions = ", ".join(fetch.version(engine) for engine in fetch.FETCHERS if fetch.is_here(engine))
        terminalreporter.section(f"what the sidecar said and what the engine did ({versions})")
        terminalreporter.write("\n".join([*report.lines(), ""]))
        report.write()
        terminalreporter.write_line(f"written to {FILE.parent.name}/{FILE.name}")


@pytest.fixture(scope="session")
def ports() -> dict[type[Engine], int]:
    """Known before the engines run, so that the sidecar need not wait for all of them."""
    return {kind: free_port() for kind in (LlamaServer, Vllm, PythonServer)}


def _started(
    kind: type[Engine], ports: dict[type[Engine], int], factory: pytest.TempPathFactory
) -> AbstractContextManager[Engine]:
    if not fetch.is_here(kind.fetched_as):
        pytest.skip(f"{kind.name} is not here: make real-setup ENGINES={kind.fetched_as}")
    return running(kind, ports[kind], factory.mktemp(kind.fetched_as))


@pytest.fixture(scope="session")
def llama_server(ports: dict[type[Engine], int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with _started(LlamaServer, ports, tmp_path_factory) as engine:
        yield engine


@pytest.fixture(scope="session")
def vllm(ports: dict[type[Engine], int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with _started(Vllm, ports, tmp_path_factory) as engine:
        yield engine


@pytest.fixture(scope="session")
def python_server(ports: dict[type[Engine], int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with _started(PythonServer, ports, tmp_path_factory) as engine:
        yield engine


@pytest.fixture(scope="session")
def sidecar(ports: dict[type[Engine], int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    llama, vllm, python = (f"http://127.0.0.1:{ports[kind]}" for kind in (LlamaServer, Vllm, PythonServer))
    upstreams: dict[str, dict[str, str]] = {
        "LLAMA": {"DIALECT": "llama_cpp", "URL": llama},
        "LLAMA_FOLLOWED": {"DIALECT": "llama_cpp", "URL": llama, "ON_DEPARTURE": "follow"},
        "LLAMA_ASKED": {"DIALECT": "llama_cpp", "URL": llama, "INJECT_USAGE": "true"},
        "VLLM": {"DIALECT": "vllm", "URL": vllm},
        "VLLM_FOLLOWED": {"DIALECT": "vllm", "URL": vllm, "ON_DEPARTURE": "follow"},
        "VLLM_ASKED": {"DIALECT": "vllm", "URL": vllm, "INJECT_USAGE": "true"},
        "PYTHON": {"DIALECT": "openai", "URL": python, "ON_CLOSE__STREAM": "stops", "ON_CLOSE__UNARY": "runs_on"},
        "PYTHON_MISTAKEN": {"DIALECT": "openai", "URL": python, "ON_CLOSE__UNARY": "stops"},
    }
    price = {"PRICE__GPU_HOUR_USD": str(GPU_HOUR_USD), "PRICE__SLOTS": "1"}
    settings = {
        f"UPSTREAMS__{name}__{key}": value
        for name, keys in upstreams.items()
        for key, value in {**keys, **price}.items()
    }
    with running_sidecar(tmp_path_factory.mktemp("sidecar"), llama, settings) as started:
        yield started


@pytest.fixture
def stage_of(sidecar: RunningSidecar, request: pytest.FixtureRequest) -> Callable[[str, str], Stage]:
    """The stage of an engine: the name of its fixture and of its upstreams."""

    def stage(fixture: str, upstream: str) -> Stage:
        return Stage(sidecar, request.getfixturevalue(fixture), upstream, request.config.stash[REPORT])

    return stage
