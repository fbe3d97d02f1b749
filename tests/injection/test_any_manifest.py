"""What holds for every manifest, however it is written, and whatever stands in it."""

from typing import Any

from hypothesis import given, settings, strategies as st

from sidecar.injection.additions import LABEL, chosen, shipped
from sidecar.injection.injecting import inject
from sidecar.injection.problems import BadManifests
from sidecar.injection.variables import sdk_values
from tests.injection.manifests import anything, manifests, objects, pod_of, text_of, texts

ADDED, OTHER = shipped(), chosen("registry/sidecar:1", {"SIDECAR_MODE": "enforce"}, "mine")


@settings(max_examples=60)
@given(texts())
def test_twice_is_once_and_without_the_additions_it_is_what_it_was(text):
    once = inject(text, ADDED).text
    assert inject(once, ADDED).text == once
    assert [without_additions(each) for each in objects(once)] == [canonical(each) for each in objects(text)]


def without_additions(made: dict[str, Any]) -> dict[str, Any]:
    """An injected object with everything of ours taken out of it again, by other means than it was put in."""
    pod = pod_of(made)
    spec, metadata = pod["spec"], pod["metadata"]
    assert spec["initContainers"].pop(0) == ADDED.container
    assert [spec["volumes"].pop(0) for _ in ADDED.volumes] == list(ADDED.volumes)
    assert metadata["labels"].pop(LABEL) == "true"
    for key, value in ADDED.annotations.items():
        assert metadata["annotations"].pop(key) == value
    grace = metadata["annotations"].pop("inference-sidecar/grace-seconds", "30")
    assert grace == str(spec.get("terminationGracePeriodSeconds", 30))
    for container in spec["initContainers"] + spec["containers"]:
        entries = container["env"]
        assert {entry["name"] for entry in entries} >= set(sdk_values())
        while entries and sdk_values().get(entries[0]["name"]) == entries[0]["value"]:
            entries.pop(0)
    return canonical(made)


def canonical(made: dict[str, Any]) -> dict[str, Any]:
    """An object whose pod has no empty groups and lists: `env:`, `env: []` and no env are the same to Kubernetes."""
    pod = pod_of(made)
    for container in (pod["spec"].get("initContainers") or []) + pod["spec"]["containers"]:
        drop_empty(container, "env")
    drop_empty(pod["spec"], "initContainers", "volumes")
    if pod.get("metadata"):
        drop_empty(pod["metadata"], "labels", "annotations")
    drop_empty(pod, "metadata")
    return made


def drop_empty(group: dict[str, Any], *keys: str) -> None:
    for key in keys:
        if not group.get(key):
            group.pop(key, None)


@given(st.data())
def test_whatever_stands_in_a_pod__injected_or_refused(data):
    (made,) = (
        objects(inject(text_of(data.draw(manifests())), OTHER).text)
        if data.draw(st.booleans())
        else [data.draw(manifests())]
    )
    where: Any = pod_of(made)
    for _ in range(data.draw(st.integers(0, 7))):
        if not isinstance(where, dict | list) or not where:
            break
        key = data.draw(st.sampled_from(sorted(where) if isinstance(where, dict) else range(len(where))))
        inner = where[key]
        if data.draw(st.booleans()):
            where[key] = data.draw(anything)
            break
        where = inner
    try:
        once = inject(text_of(made), OTHER).text
    except BadManifests:
        return
    assert inject(once, OTHER).text == once
