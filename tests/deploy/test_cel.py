import pytest
from celpy.evaluation import CELEvalError

from tests.deploy.cel import Operation, Pod, admitted, evaluated, operation, patched, plain

POD = {"metadata": {"name": "ask"}, "spec": {"containers": [{"name": "app"}, {"name": "log", "env": []}]}}


def value(expression: str) -> object:
    return plain(evaluated(expression, POD))


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("lists.range(object.spec.containers.size())", [0, 1]),
        ("lists.range(0)", []),
        ('[["a"], [], ["b", "c"]].flatten()', ["a", "b", "c"]),
        ('[[["a"]], ["b"]].flatten()', [["a"], "b"]),
        ('jsonpatch.escapeKey("a/b~c")', "a~1b~0c"),
        ('"/env/" + string(3)', "/env/3"),
        ('{"cpu": "50m"}', {"cpu": "50m"}),
        ("has(object.spec.containers[1].env)", True),
        ("has(object.spec.containers[0].env)", False),
        ("has(object.spec.volumes) ? 1 : 2", 2),
        ('object.spec.containers.exists(c, c.name == "app")', True),
    ],
)
def test_what_kubernetes_adds_to_cel_is_there(expression: str, wanted: object) -> None:
    assert value(expression) == wanted


def test_has_fails_where_what_it_looks_into_is_not_there__as_in_kubernetes() -> None:
    with pytest.raises(CELEvalError):
        value("has(object.status.phase)")


def test_variables_are_there_by_name() -> None:
    image = evaluated("'mine'", POD)
    assert plain(evaluated("variables.image + ':1'", POD, {"image": image})) == "mine:1"


def test_patch_holds_what_its_constructors_hold() -> None:
    made = evaluated(
        """JSONPatch{op: "add", path: "/spec/containers/0", value: Object.spec.containers{
          name: "a", args: ["b"], lifecycle: Object.spec.containers.lifecycle{},
          env: [Object.spec.containers.env{name: "C", value: "d"}]
        }}""",
        POD,
    )
    container = {"name": "a", "args": ["b"], "env": [{"name": "C", "value": "d"}], "lifecycle": {}}
    assert operation(made) == {"op": "add", "path": "/spec/containers/0", "value": container}


@pytest.mark.parametrize(
    "made",
    [
        "Object.spec.containers{env: [Object.spec.initContainers.env{}]}",
        "Object.spec.containers{resources: Object.spec.resources{}}",
        "Object.spec.containers{resources: JSONPatch{}}",
        "[Object.spec.containers{}]",
        "JSONPatch{}",
    ],
)
def test_value_that_an_api_server_refuses_or_panics_at__is_refused(made: str) -> None:
    with pytest.raises(TypeError):
        operation(evaluated(f'JSONPatch{{op: "add", path: "/", value: {made}}}', POD))


def test_what_is_no_patch_is_refused() -> None:
    with pytest.raises(TypeError):
        operation(evaluated('{"op": "add"}', POD))


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/list/0", {"list": ["new", "a", "b"]}),
        ("/list/1", {"list": ["a", "new", "b"]}),
        ("/list/-", {"list": ["a", "b", "new"]}),
        ("/list", {"list": "new"}),
        ("/a~1b~0c", {"list": ["a", "b"], "a/b~c": "new"}),
    ],
)
def test_operation_adds_where_its_path_leads(path: str, wanted: object) -> None:
    assert patched({"list": ["a", "b"]}, [{"op": "add", "path": path, "value": "new"}]) == wanted


def test_operations_are_done_one_after_another__and_the_pod_stays_as_it_was() -> None:
    pod: Pod = {"spec": {}}
    operations: list[Operation] = [
        {"op": "add", "path": "/spec/list", "value": []},
        {"op": "add", "path": "/spec/list/0", "value": {"name": "b"}},
        {"op": "add", "path": "/spec/list/0", "value": {"name": "a"}},
        {"op": "add", "path": "/spec/list/1/env", "value": 1},
    ]
    assert patched(pod, operations) == {"spec": {"list": [{"name": "a"}, {"name": "b", "env": 1}]}}
    assert pod == {"spec": {}}


@pytest.mark.parametrize("path", ["/spec/volumes/0", "/list/3", "/nothing/here"])
def test_place_that_is_not_there_is_an_error(path: str) -> None:
    with pytest.raises(LookupError):
        patched({"spec": {}, "list": ["a", "b"]}, [{"op": "add", "path": path, "value": 1}])


def test_operation_that_the_policy_never_does_is_an_error() -> None:
    with pytest.raises(ValueError, match="remove"):
        patched({"list": []}, [{"op": "remove", "path": "/list"}])


def test_mutations_see_what_those_before_them_did() -> None:
    policy = {
        "spec": {
            "matchConstraints": {"objectSelector": {"matchLabels": {"inject": "true"}}},
            "matchConditions": [{"expression": "!has(object.spec.count)"}],
            "variables": [
                {"name": "count", "expression": "has(object.spec.count) ? object.spec.count + 1 : 1"},
                {"name": "path", "expression": "variables.count > 1 ? '/spec/again' : '/spec/count'"},
            ],
            "mutations": [
                {"jsonPatch": {"expression": '[JSONPatch{op: "add", path: variables.path, value: variables.count}]'}},
            ]
            * 2,
        }
    }
    labels = {"labels": {"inject": "true", "app": "ask"}}
    once = admitted(policy, {"metadata": labels, "spec": {}})
    assert once["spec"] == {"count": 1, "again": 2}
    assert admitted(policy, once) == once
    assert admitted(policy, {"metadata": {}, "spec": {}})["spec"] == {}
