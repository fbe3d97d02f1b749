"""README's generated parts, each written from the code: a greeting, a map, and tables.

    python tests/readme.py            says whether they are up to date
    python tests/readme.py --write    rewrites them in place (`make docs`)

A generated part stands between `<!-- name -->` and `<!-- /name -->`; everything outside belongs to the people who write.
"""

import ast
import re
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

from sidecar.cli.greeting import greeting
from sidecar.config.groups import Rescue
from sidecar.config.limits import Limits
from sidecar.config.quantities import KIB
from sidecar.config.settings import Settings
from sidecar.config.upstreams import PUBLIC_URLS, DialectName
from sidecar.lifecycle.call import Outcome
from sidecar.providers.registry import DIALECTS
from sidecar.telemetry.metrics import metrics_table
from tests.readme_operations import operations_table
from tests.readme_rescue import rescue_table

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"

APART = ("simulator",)
"""Folders of the package that stand on no floor."""

BESIDE = {
    "dashboards": "For Grafana: dashboards as JSON",
    "deploy": "For production: Kubernetes, an image, compose, systemd; exact versions with hashes",
    "tests": "A test file for each source file; whole scenes in end_to_end/; measurements in bench/",
}
"""The folders beside the package, which have no docstring to be asked."""

WAYS = (
    ("groups.py", "Live", "calls.live."),
    ("sockets.py", "Tls", "proxy.tls."),
    ("sockets.py", "Connect", "proxy.connect."),
)
"""Groups of settings of calls that are not plain HTTP: file, class, and what stands before their keys."""


def outcomes_table() -> str:
    """Every outcome with the docstring below it, as a Markdown table."""
    meanings = _attribute_docstrings(ROOT / "sidecar" / "lifecycle" / "call.py", "Outcome")
    rows = [f"| `{outcome}` | {meanings[outcome.name]} |" for outcome in Outcome]
    return "\n".join(["| outcome | meaning |", "| --- | --- |", *rows, ""])


def limits_table() -> str:
    """Every key of `limits` with its default and the docstring below it, as a Markdown table."""
    meanings = _attribute_docstrings(ROOT / "sidecar" / "config" / "limits.py", "Limits")
    rows = [f"| `{key}` | {_default(key)} | {meanings[key]} |" for key in Limits.model_fields]
    return "\n".join(["| key | default | meaning |", "| --- | --- | --- |", *rows, ""])


def rescue_settings_table() -> str:
    """Every key of `rescue` with the docstring below it, as a Markdown table."""
    meanings = _attribute_docstrings(ROOT / "sidecar" / "config" / "groups.py", "Rescue")
    rows = [f"| `rescue.{key}` | {meanings[key]} |" for key in Rescue.model_fields]
    return "\n".join(["| key | meaning |", "| --- | --- |", *rows, ""])


def ways_table() -> str:
    """Every key of sockets, of TLS on the proxy port, and of tunnels, with the docstring below it, as a Markdown table."""
    rows = []
    for file, group, prefix in WAYS:
        meanings = _attribute_docstrings(ROOT / "sidecar" / "config" / file, group)
        rows += [f"| `{prefix}{key}` | {meaning} |" for key, meaning in meanings.items()]
    return "\n".join(["| key | meaning |", "| --- | --- |", *rows, ""])


def prices_table() -> str:
    """Every key of a price with the docstring below it, as a Markdown table."""
    source = ROOT / "sidecar" / "config" / "prices.py"
    meanings = _attribute_docstrings(source, "PriceOverride") | _attribute_docstrings(source, "PriceKeys")
    rows = [f"| `{key}` | {meaning} |" for key, meaning in meanings.items()]
    return "\n".join(["| key | meaning |", "| --- | --- |", *rows, ""])


def _default(key: str) -> str:
    value = getattr(Limits(), key)
    if key.endswith("_bytes") and value is not None:
        return f"{value // KIB} KiB"
    return "none" if value is None else f"{value:,g} s" if key.endswith("_seconds") else f"{value:,}"


def _attribute_docstrings(source: Path, class_name: str) -> dict[str, str]:
    """Name -> the string literal that follows its assignment; the interpreter throws these away."""
    tree = ast.parse(source.read_text())
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name)
    found = {}
    for assigned, following in pairwise(body):
        match assigned, following:
            case (
                ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(meaning))),
            ):
                found[name] = " ".join(meaning.split())
    return found


def floors() -> dict[str, int]:
    """Folder or file of the package -> its floor, from the import contract; the lowest is 1."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["name"] == "floors")
    return {
        module.strip().removeprefix("sidecar."): floor
        for floor, layer in enumerate(reversed(layers), start=1)
        for module in re.split(r"[|:]", layer)
    }


def map_of_the_house() -> str:
    """The tree with floors and captions, top floor first."""
    top_first = sorted(floors().items(), key=lambda room: -room[1])
    rooms = [(name, str(floor)) for name, floor in top_first] + [(name, "-") for name in APART]
    lines = [("sidecar/", "floor", "")]
    lines += [(f"  {_shown(name)}", floor, _caption(name)) for name, floor in rooms]
    lines += [(f"{name}/", "", caption) for name, caption in BESIDE.items() if any((ROOT / name).glob("*"))]
    width = max(len(name) for name, _, _ in lines)
    drawn = (f"{name:<{width}}  {floor:<5}  {caption}".rstrip() for name, floor, caption in lines)
    return "\n".join(["```", *drawn, "```", ""])


def _shown(name: str) -> str:
    return f"{name}/" if (ROOT / "sidecar" / name).is_dir() else f"{name}.py"


def _caption(name: str) -> str:
    """The first sentence of the docstring of a folder or a file."""
    place = ROOT / "sidecar" / name
    source = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    first_line = (ast.get_docstring(ast.parse(source.read_text())) or "").partition("\n")[0]
    return first_line.partition(". ")[0].rstrip(".")


def default_greeting() -> str:
    """What `sidecar serve` says with the default settings."""
    settings = Settings.model_validate({})
    listen = {
        "proxy": settings.proxy.listen,
        "control": settings.control.listen,
        "observe": settings.observe.listen,
    }
    addresses = {name: f"http://{address}" for name, address in listen.items()}
    return "\n".join(["```text", greeting(addresses, settings), "```", ""])


def providers_table() -> str:
    """Every dialect: its upstream, and what is known of its provider when a connection closes."""
    rows = []
    for name in DialectName:
        dialect, url = DIALECTS[name], PUBLIC_URLS.get(name)
        facts, place = dialect.on_close, f"`{url}`" if url else "yours to name"
        rows.append(f"| `{name}` | {place} | {facts.stream} / {facts.unary} | {facts.evidence} |\n")
    return (
        "| dialect | upstream | a stream / a whole reply | how that is known |\n| --- | --- | --- | --- |\n"
        + "".join(rows)
    )


PARTS = {
    "greeting": default_greeting,
    "providers": providers_table,
    "outcomes": outcomes_table,
    "rescue": rescue_table,
    "rescue settings": rescue_settings_table,
    "operations": operations_table,
    "metrics": metrics_table,
    "prices": prices_table,
    "limits": limits_table,
    "ways": ways_table,
    "map": map_of_the_house,
}


def written(text: str) -> str:
    """README with its generated parts made anew.

    Raises:
        ValueError: a part's markers are missing, or stand there twice.
    """
    for name, made in PARTS.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"README.md must have {begin} and {end} exactly once")
        before, after = text.partition(begin)[0], text.partition(end)[2]
        text = f"{before}{begin}\n\n{made()}\n{end}{after}"
    return text


def main(arguments: list[str]) -> int:
    """Check README, or rewrite it with `--write`."""
    old = README.read_text()
    new = written(old)
    if arguments == ["--write"]:
        README.write_text(new)
    elif new != old:
        print("README.md is behind the code: make docs", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
