"""What people should know of a pod that is injected: mostly what keeps calls away from the sidecar in it."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from sidecar.injection.additions import GRACE, Additions
from sidecar.injection.objections import called, containers_of
from sidecar.injection.pod import DEFAULT_GRACE, injected
from sidecar.injection.pods import at
from sidecar.injection.problems import Path, Remark
from sidecar.injection.variables import BASE

SPARE_SECONDS = 3
"""The sidecar is done so long before the grace is over."""

PROXIES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")
"""Variables that send calls over plain HTTP elsewhere; the way to us is plain HTTP."""

NO_ADDRESS = ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GROQ_BASE_URL", "CO_API_URL")
"""Empty, these leave their SDK without an address: each call fails in it. The others go to their provider then."""

GOOGLE = "GOOGLE_GEMINI_BASE_URL"
VERTEX_SWITCHES = ("GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI")
"""google-genai looks at the second where there is no first; true is `true` or `1` (google-wire 5.2)."""

SOURCES = ("configMapRef", "secretRef")
COMPONENTS = "inference-sidecar-sdk"
"""How the name of the ConfigMap begins by which the Kustomize component gives containers the same variables."""

LOOPBACK = ("127.0.0.1", "localhost")


def remarks(pod: Mapping[str, Any], additions: Additions) -> Iterator[Remark]:
    """What is to be said of a pod without objections."""
    yield from _of_the_grace(pod)
    yield from _of_annotations(pod, additions)
    for path, container in containers_of(pod):
        if container.get("name") == additions.name:
            yield from _of_ours(pod, path, container, additions)
        else:
            yield from _of_variables(path, container, additions)


def _of_the_grace(pod: Mapping[str, Any]) -> Iterator[Remark]:
    grace, said = pod["spec"].get("terminationGracePeriodSeconds"), at(pod, ("metadata", "annotations", GRACE))
    if type(grace) is int and grace <= SPARE_SECONDS:
        sentence = f"terminationGracePeriodSeconds: {grace} leaves no time to cancel what the pod leaves running"
        yield Remark(("spec", "terminationGracePeriodSeconds"), sentence)
    if grace is None and said not in {None, str(DEFAULT_GRACE)}:
        sentence = (
            f"annotation {GRACE} is kept, but the pod has no terminationGracePeriodSeconds: Kubernetes gives it 30"
        )
        yield Remark(("metadata", "annotations", GRACE), sentence)


def _of_annotations(pod: Mapping[str, Any], additions: Additions) -> Iterator[Remark]:
    """Those of ours are lists of names with commas between them."""
    own = at(pod, ("metadata", "annotations")) or {}
    for key, name in additions.annotations.items():
        if key in own and name not in str(own[key]).replace(" ", "").split(","):
            said = (
                f"annotation {key} is kept: add {name} to it, or the cluster autoscaler keeps the node for the ledger"
            )
            yield Remark(("metadata", "annotations", key), said)


def _of_ours(
    pod: Mapping[str, Any], path: Path, container: Mapping[str, Any], additions: Additions
) -> Iterator[Remark]:
    if path[-1] != 0:
        yield Remark(path, f"{called(path, container)} is not the first: it does not see the calls of those before it")
    now = at(injected(pod, additions), path)
    renewed = [key for key in now if container.get(key) != now[key]]
    if renewed:
        yield Remark(
            path, f"{called(path, container)} was there already, and is brought up to date: {', '.join(renewed)}"
        )


def _of_variables(path: Path, container: Mapping[str, Any], additions: Additions) -> Iterator[Remark]:
    who = called(path, container)
    own = {entry.get("name"): (place, entry) for place, entry in enumerate(container.get("env") or [])}
    for name in additions.variables:
        if name in own:
            place, entry = own[name]
            yield from _of_own_value((*path, "env", place), who, name, entry)
    if _is_told_elsewhere(container) and any(name not in own for name in additions.variables):
        said = f"{who} takes variables from elsewhere (envFrom): those of SDKs in there give way to the sidecar's"
        yield Remark((*path, "envFrom"), f"{said}; to keep one, name it in env")
    values = {name: entry.get("value") for name, (_, entry) in own.items()}
    yield from _of_vertex((*path, "env"), who, values)
    yield from _of_proxies(path, who, values)


def _is_told_elsewhere(container: Mapping[str, Any]) -> bool:
    names = [at(source, (key, "name")) for source in container.get("envFrom") or [] for key in SOURCES if key in source]
    return any(not str(name).startswith(COMPONENTS) for name in names)


def _of_own_value(path: Path, who: str, name: str, entry: Mapping[str, Any]) -> Iterator[Remark]:
    if "valueFrom" in entry:
        yield Remark(path, f"{who} takes {name} from elsewhere: calls come to the sidecar only if that is below {BASE}")
    elif name in NO_ADDRESS and not entry.get("value"):
        said = f"{who} has an empty {name}, which is kept: its SDK has no address then; name one, or take the line out"
        yield Remark(path, said)
    elif not leads_to_us(entry.get("value")):
        yield Remark(path, f"{who} has its own {name}, which is kept: such calls do not come to the sidecar ({BASE})")


def _of_vertex(path: Path, who: str, values: Mapping[Any, Any]) -> Iterator[Remark]:
    """What the code says nobody sees here, and it decides."""
    switch = next((name for name in VERTEX_SWITCHES if values.get(name)), None)
    is_on = switch is not None and str(values[switch]).lower() in ("true", "1")
    if is_on and (GOOGLE not in values or leads_to_us(values[GOOGLE])):
        said = f"{who} sets {switch}: unless its code gives project= and location= to genai.Client, google-genai's requests"
        yield Remark(path, f"{said} have no path and are answered 400")


def _of_proxies(path: Path, who: str, values: Mapping[Any, Any]) -> Iterator[Remark]:
    proxy = next((name for name in PROXIES if values.get(name)), None)
    unproxied = f"{values.get('NO_PROXY') or ''},{values.get('no_proxy') or ''}".replace(" ", "").split(",")
    if proxy and not {"*", "127.0.0.1"} & set(unproxied):
        yield Remark(
            (*path, "env"), f"{who} sets {proxy}: put 127.0.0.1 into NO_PROXY, or calls may not come to the sidecar"
        )


def leads_to_us(value: object) -> bool:
    """A base URL of the sidecar in the same pod."""
    try:
        found = urlsplit(str(value))
        return (found.scheme, found.port) == ("http", urlsplit(BASE).port) and found.hostname in LOOPBACK
    except ValueError:
        return False
