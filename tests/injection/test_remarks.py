"""What people are told of pods that are injected."""

import pytest

from sidecar.injection.additions import GRACE, chosen, shipped
from sidecar.injection.pod import injected
from sidecar.injection.remarks import leads_to_us, remarks
from tests.injection.manifests import POD

OURS = shipped().container
((AUTOSCALER, LEDGER),) = shipped().annotations.items()
VERTEX, ENTERPRISE = "GOOGLE_GENAI_USE_VERTEXAI", "GOOGLE_GENAI_USE_ENTERPRISE"
GEMINI = "GOOGLE_GEMINI_BASE_URL"


def said(pod, additions=None):
    return [remark.sentence for remark in remarks(pod, additions or shipped())]


def with_container(**keys):
    return {"spec": {"containers": [{"name": "app", **keys}]}}


def with_env(*pairs):
    return with_container(env=[{"name": name, "value": value} for name, value in pairs])


def test_plain_pod__nothing():
    assert said({"spec": POD}) == []


def test_injected_pod__nothing():
    assert said(injected({"spec": POD}, shipped())) == []


def test_own_value_that_leads_elsewhere():
    (remark,) = remarks(with_env(("A", "1"), ("OPENAI_BASE_URL", "https://api.openai.com/v1")), shipped())
    assert remark.path == ("spec", "containers", 0, "env", 1)
    assert remark.sentence.startswith(
        "container app has its own OPENAI_BASE_URL, which is kept: such calls do not come"
    )


def test_own_value_that_leads_to_us__nothing():
    assert said(with_env(("OPENAI_BASE_URL", "http://localhost:8780/my-vllm/v1"))) == []


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "GROQ_BASE_URL", "CO_API_URL"])
@pytest.mark.parametrize("entry", [{"value": ""}, {"value": None}, {}])
def test_empty_value_without_which_an_sdk_has_no_address(name, entry):
    (sentence,) = said(with_container(env=[{"name": name, **entry}]))
    assert sentence == (
        f"container app has an empty {name}, which is kept: its SDK has no address then; name one, or take the line out"
    )


@pytest.mark.parametrize("name", ["GOOGLE_GEMINI_BASE_URL", "GOOGLE_VERTEX_BASE_URL"])
def test_empty_value_with_which_an_sdk_calls_its_provider(name):
    (sentence,) = said(with_env((name, "")))
    assert sentence.startswith(
        f"container app has its own {name}, which is kept: such calls do not come to the sidecar"
    )


@pytest.mark.parametrize(
    ("pairs", "switch"),
    [
        ([(VERTEX, "true")], VERTEX),
        ([(VERTEX, "1")], VERTEX),
        ([(VERTEX, "True")], VERTEX),
        ([(ENTERPRISE, "true")], ENTERPRISE),
        ([(VERTEX, "false"), (ENTERPRISE, "1")], ENTERPRISE),
        ([(VERTEX, "true"), (GEMINI, "http://127.0.0.1:8780/vertex")], VERTEX),
    ],
)
def test_google_switched_to_vertex_by_a_variable(pairs, switch):
    (remark,) = remarks(with_env(*pairs), shipped())
    assert remark.path == ("spec", "containers", 0, "env")
    assert remark.sentence == (
        f"container app sets {switch}: unless its code gives project= and location= to genai.Client, google-genai's requests "
        "have no path and are answered 400"
    )


@pytest.mark.parametrize(
    "pairs",
    [
        [(VERTEX, "false")],
        [(VERTEX, "yes")],
        [(VERTEX, "")],
        [(VERTEX, "true"), (ENTERPRISE, "false")],
        [("GOOGLE_CLOUD_PROJECT", "a")],
    ],
)
def test_google_that_is_not_switched(pairs):
    assert said(with_env(*pairs)) == []


def test_google_switched_to_vertex_and_past_the_sidecar():
    (sentence,) = said(with_env((VERTEX, "true"), (GEMINI, "")))
    assert "such calls do not come to the sidecar" in sentence


@pytest.mark.parametrize(("own", "count"), [("scratch", 1), ("", 1), (f"scratch, {LEDGER}", 0), (LEDGER, 0)])
def test_own_list_of_volumes_for_the_autoscaler(own, count):
    found = list(remarks({"metadata": {"annotations": {AUTOSCALER: own}}, "spec": POD}, shipped()))
    assert [remark.path for remark in found] == [("metadata", "annotations", AUTOSCALER)] * count
    assert all(f"add {LEDGER} to it" in remark.sentence for remark in found)


def test_value_that_stands_elsewhere():
    reference = {"secretKeyRef": {"name": "a", "key": "b"}}
    (sentence,) = said(with_container(env=[{"name": "OPENAI_BASE_URL", "valueFrom": reference}]))
    assert "takes OPENAI_BASE_URL from elsewhere" in sentence


def test_variables_from_elsewhere_would_give_way():
    pod = with_container(envFrom=[{"configMapRef": {"name": "a"}}])
    (sentence,) = said(pod)
    assert "give way to the sidecar's; to keep one, name it in env" in sentence
    assert said(injected(pod, shipped())) == []


def test_variables_by_the_component_are_the_same():
    assert said(with_container(envFrom=[{"configMapRef": {"name": "inference-sidecar-sdk-7k2"}}])) == []


@pytest.mark.parametrize(
    ("pairs", "count"),
    [
        ([("HTTP_PROXY", "http://p")], 1), ([("all_proxy", "http://p")], 1), ([("HTTPS_PROXY", "http://p")], 0),
        ([("HTTP_PROXY", "")], 0),
        ([("http_proxy", "http://p"), ("NO_PROXY", "a, 127.0.0.1")], 0), ([("http_proxy", "http://p"), ("no_proxy", "*")], 0),
        ([("http_proxy", "http://p"), ("no_proxy", "localhost")], 1),
    ],
)  # fmt: skip
def test_proxy_between_a_container_and_us(pairs, count):
    assert len(said(with_env(*pairs))) == count


@pytest.mark.parametrize(("grace", "count"), [(0, 1), (3, 1), (4, 0), (30, 0)])
def test_grace_that_leaves_no_time(grace, count):
    assert len(said({"spec": {**POD, "terminationGracePeriodSeconds": grace}})) == count


@pytest.mark.parametrize(("value", "count"), [("45", 1), ("30", 0)])
def test_annotation_of_a_grace_that_the_pod_does_not_have(value, count):
    assert len(said({"metadata": {"annotations": {GRACE: value}}, "spec": POD})) == count


def test_older_container__what_becomes_new():
    pod = {"spec": {**POD, "initContainers": [{**OURS, "args": ["run"], "lifecycle": {}}]}}
    assert said(pod) == [
        "init container inference-sidecar was there already, and is brought up to date: args, lifecycle"
    ]


def test_image_of_choice_for_a_container_that_is_there():
    (sentence,) = said({"spec": {**POD, "initContainers": [OURS]}}, chosen(image="other"))
    assert sentence.endswith("brought up to date: image")


def test_ours_behind_others():
    (sentence,) = said({"spec": {**POD, "initContainers": [{"name": "first"}, OURS]}})
    assert sentence.startswith("init container inference-sidecar is not the first")


@pytest.mark.parametrize(
    ("value", "leads"),
    [
        ("http://127.0.0.1:8780/openai/v1", True), ("http://localhost:8780", True), ("https://127.0.0.1:8780", False),
        ("http://127.0.0.1:8080", False), ("http://127.0.0.1:8780.example", False), ("$(OTHER)", False), (None, False),
        ("http://[", False), ("http://127.0.0.1:8780@evil/", False),
    ],
)  # fmt: skip
def test_leads_to_us(value, leads):
    assert leads_to_us(value) is leads
