"""`sidecar inject`: manifests in, manifests with the sidecar out; notes on standard error. Talks to nobody."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from sidecar.cli import OK
from sidecar.cli.output import printable, say, standard_output
from sidecar.config.faults import faults
from sidecar.config.layers import default_layer
from sidecar.config.problems import BadSettings, SettingProblem, masked
from sidecar.config.settings import Settings
from sidecar.config.sources import PREFIX, SERVICE_LINK, variable_layer
from sidecar.errors import SettingsError
from sidecar.injection.additions import PORTS, Additions, chosen, shipped
from sidecar.injection.injecting import Injected, inject as inject_text
from sidecar.injection.problems import BadManifests

STANDARD_INPUT = "-"
FLAG = "--env"


def inject(files: list[str], image: str | None, env: list[str], config_map: str | None) -> int:
    """Print manifests with the sidecar in their pods, all or nothing.

    `files` are paths, `-` is standard input. `env` are settings of the sidecar as `SIDECAR_NAME=VALUE`.

    Raises:
        BadSettings: one of `env` is none.
        SettingsError: a file can't be read, or a flag is empty.
        BadManifests: a file holds what can't be injected; nothing was printed.
    """
    variables = read_variables(env)
    for flag, value in (("--image", image), ("--config-map", config_map)):
        if value is not None and not value.strip():
            raise SettingsError(flag, "is empty")
    for name in (name for name, value in variables.items() if masked(value) != value):
        say(f"{FLAG} {name} carries a password into the manifest; Secret {_secret()} is the place for it")
    found = list(_inject_all(files, chosen(image, variables, config_map)))
    for note in _notes(found):
        say(printable(note))
    with standard_output() as file:
        file.flush()
        file.buffer.write(joined([each.text for each in found]).encode())
    return OK


def read_variables(env: Sequence[str]) -> dict[str, str]:
    """Settings of the sidecar by the names of their variables.

    What is only missing is no problem here, because the ConfigMap may hold it.

    Raises:
        BadSettings: says everything that is no setting, has no value, or one that can't be.
    """
    problems = [
        SettingProblem(
            "", f"{FLAG} {text.partition('=')[0]}", "is no setting with its value", f"write {FLAG} SIDECAR_MODE=enforce"
        )
        for text in env
        if not text.partition("=")[2]
    ]
    variables = {name: value for name, _, value in (text.partition("=") for text in env) if value}
    problems += [
        SettingProblem("", f"{FLAG} {name}", "names no setting", f"those begin with {PREFIX}")
        for name in variables
        if not name.startswith(PREFIX) or SERVICE_LINK.fullmatch(name)
    ]
    if problems := problems + list(_problems(variables)):
        raise BadSettings(problems)
    return variables


def _problems(variables: Mapping[str, str]) -> Iterator[SettingProblem]:
    told = variable_layer(variables)
    layers = (told, default_layer([told]))
    yield from told.problems
    try:
        settings = Settings.of(*layers)
    except ValidationError as error:
        yield from (fault for fault in faults(error, layers) if not fault.problem.startswith("is missing"))
        return
    listening = {"PROXY": settings.proxy.listen, "OBSERVE": settings.observe.listen, "CONTROL": settings.control.listen}
    for (group, address), port in zip(listening.items(), PORTS, strict=True):
        if address.port != port:
            problem, advice = (
                f"port {address.port} is not {port}",
                "what a pod gets has this port in probes, variables and rules",
            )
            yield SettingProblem("", f"{PREFIX}{group}__LISTEN", problem, advice)


def _inject_all(files: Sequence[str], additions: Additions) -> Iterator[Injected]:
    """Every file's result; what is wrong with all of them at once."""
    texts = [(name, _read(name)) for name in files]
    problems: list[str] = []
    for name, text in texts:
        try:
            injected = inject_text(text, additions, "standard input" if name == STANDARD_INPUT else name)
        except BadManifests as bad:
            problems.extend(map(printable, bad.problems))
        else:
            yield injected
    if problems:
        raise BadManifests(problems)


def _read(name: str) -> str:
    """A file as it is: no end of line is made another."""
    try:
        read = sys.stdin.buffer.read() if name == STANDARD_INPUT else Path(name).read_bytes()
        return read.decode()
    except OSError as why:
        raise SettingsError(name, f"can't be read: {(why.strerror or 'unknown error').lower()}") from None
    except UnicodeDecodeError:
        raise SettingsError(name, "is not UTF-8 text") from None


def _notes(found: Sequence[Injected]) -> Iterator[str]:
    for each in found:
        yield from each.notes
    images = [image for each in found for image in each.images]
    if not images:
        yield "no pods were found: nothing is changed"
    if shipped().container["image"] in images:
        yield f"image {shipped().container['image']} is to be replaced: give --image, or let Kustomize's `images` do it"


def _secret() -> str:
    return str(shipped().container["envFrom"][0]["secretRef"]["name"])


def joined(texts: Sequence[str]) -> str:
    """Texts of YAML as one, each a document of its own or several."""
    whole = ""
    for text in texts:
        if whole and not whole.endswith("\n"):
            whole += "\n"
        if whole and text:
            whole += separator(text)
        whole += text.removeprefix("\N{BYTE ORDER MARK}") if whole else text
    return whole


def separator(text: str) -> str:
    """What must stand between a document and a text: nothing before one that begins with a mark of its own."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    first = next(lines, "")
    return "...\n" if first.startswith("%") else "" if first.startswith("---") else "---\n"
