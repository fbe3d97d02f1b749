"""The inference servers that these tests drive: where they are, and how they come here.

`python -m tests.real.fetch UV ENGINE...` brings the named ones, at the versions of engines.toml, into `.real/` at the root of the
repository: `llama_cpp` is built once (six minutes on two CPUs) from the source in the sdist of llama-cpp-python, and gives
llama-server and the libraries that the Python server loads too; `vllm` comes as wheels, most of the 6 GB being torch.
Nothing else on the machine changes but for a compiler where Debian's is missing.
"""

import os
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from tests import parts

PINS = Path(__file__).with_name("engines.toml")
FOLDER = Path(__file__).parents[2] / ".real"
LLAMA_PYTHON = FOLDER / "llama_cpp/bin/python"
LLAMA_SERVER = FOLDER / "build/bin/llama-server"
BUILD_LOG = FOLDER / "build.log"
VLLM_PYTHON = FOLDER / "vllm/bin/python"
VLLM = VLLM_PYTHON.with_name("vllm")

NOTHING: Mapping[str, str] = {}
CMAKE_OPTIONS = [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=ON",  # the Python server loads what llama-server is linked with
    "-DGGML_NATIVE=OFF",  # the build may be copied to another machine
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
]


def is_here(engine: str) -> bool:
    """Whether an engine is here, and as engines.toml pins it."""
    stamp = _stamp(engine)
    return stamp.exists() and stamp.read_text() == repr(_pins()[engine])


def version(engine: str) -> str:
    """The pinned version of an engine."""
    return str(_pins()[engine]["pypi"])


def _stamp(engine: str) -> Path:
    """Holds the pins that an engine was fetched by; written last."""
    return FOLDER / f"{engine}.complete"


def _pins() -> dict[str, dict[str, Any]]:
    return tomllib.loads(PINS.read_text())


def _run(command: list[str], output: IO[bytes] | None = None, variables: Mapping[str, str] = NOTHING) -> None:
    """At low priority: two CPUs compile for minutes, and somebody may be working."""
    environment = {**os.environ, **variables}
    subprocess.run(
        ["nice", *command], check=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
    )


def _new_environment(python: Path) -> None:
    _run([sys.executable, "-m", "venv", "--clear", str(python.parents[1])])


def _fetch_llama_cpp(pin: dict[str, Any], _uv: str) -> None:
    _bring_a_compiler(pin)
    _new_environment(LLAMA_PYTHON)
    _pip("install", *pin["tools"])
    sdist = _download(pin["pypi"])
    with tarfile.open(sdist) as packed:
        packed.extractall(FOLDER, filter="data")
    _build(FOLDER / sdist.name.removesuffix(".tar.gz"))
    _install_without_a_build(sdist, pin["server"])


def _bring_a_compiler(pin: dict[str, Any]) -> None:
    packages = dict(zip(pin["programs"], pin["debian"], strict=True))
    needed = [parts.Part(program, program, package, "building llama.cpp") for program, package in packages.items()]
    lacking = [part for part in needed if part.path() is None]
    if lacking and not parts.can_install():
        raise OSError(f"needs {', '.join(part.executable for part in lacking)}; or root on Debian, to install them")
    if lacking:
        parts.install(lacking)


def _pip(command: str, *arguments: str, variables: Mapping[str, str] = NOTHING) -> None:
    """pip, not uv: only pip downloads an sdist as it is."""
    _run(
        [str(LLAMA_PYTHON), "-m", "pip", "--disable-pip-version-check", command, "-qq", *arguments], variables=variables
    )


def _download(pin: str) -> Path:
    for old in FOLDER.glob("llama_cpp_python-*.tar.gz"):
        old.unlink()
    _pip("download", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", str(FOLDER), pin)
    (sdist,) = FOLDER.glob("llama_cpp_python-*.tar.gz")
    return sdist


def _build(source: Path) -> None:
    build, jobs = str(LLAMA_SERVER.parents[1]), str(os.cpu_count() or 1)
    with BUILD_LOG.open("wb") as log:
        _run(["cmake", "-S", str(source / "vendor/llama.cpp"), "-B", build, *CMAKE_OPTIONS], log)
        _run(["cmake", "--build", build, "--target", "llama-server", "--parallel", jobs], log)


def _install_without_a_build(sdist: Path, package: str) -> None:
    """The Python package has no build of its own: its libraries are those that are here."""
    wanted = f"{package} @ {sdist.as_uri()}"
    _pip("install", "--no-build-isolation", wanted, variables={"CMAKE_ARGS": "-DLLAMA_BUILD=OFF"})
    (home,) = LLAMA_PYTHON.parents[1].glob("lib/python3*/site-packages/llama_cpp")
    (home / "lib").symlink_to(LLAMA_SERVER.parent)


def _fetch_vllm(pin: dict[str, Any], uv: str) -> None:
    overrides = FOLDER / "vllm-overrides.txt"
    overrides.write_text("\n".join(pin["overrides"]) + "\n")
    _new_environment(VLLM_PYTHON)
    _run([uv, "pip", "install", "--quiet", "--python", str(VLLM_PYTHON), "--overrides", str(overrides), pin["pypi"]])
    (packages,) = VLLM_PYTHON.parents[1].glob("lib/python3*/site-packages")
    name, _, number = str(pin["installed_as"]).partition("-")
    answer = packages / f"{pin['installed_as']}.dist-info"
    answer.mkdir()
    (answer / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n")


FETCHERS: dict[str, Callable[[dict[str, Any], str], None]] = {"llama_cpp": _fetch_llama_cpp, "vllm": _fetch_vllm}


def main(uv: str, *engines: str) -> int:
    """Bring those of the engines that are not here, or say why they can't be."""
    FOLDER.mkdir(exist_ok=True)
    failed = []
    for engine in engines:
        if is_here(engine):
            continue
        pin = _pins()[engine]
        print("fetching", engine, pin["pypi"], flush=True)
        try:
            FETCHERS[engine](pin, uv)
        except (OSError, subprocess.CalledProcessError) as problem:
            failed.append(engine)
            print(f"{engine} is missing: {problem}; what the compiler said is in {BUILD_LOG.name}", file=sys.stderr)
        else:
            _stamp(engine).write_text(repr(pin))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
