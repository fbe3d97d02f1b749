"""`sidecar inject`, as it is typed."""

import io
import json
import subprocess
import sys

import pytest
import yaml

from sidecar.cli import FAILURE, OK, USAGE
from sidecar.cli.injecting import joined, separator

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}   # mine
spec:
  containers:
    - name: app
      image: app:1
"""
JOB = POD.replace("kind: Pod", "kind: Pod # second")
PLACEHOLDER = "sidecar: image inference-sidecar is to be replaced: give --image, or let Kustomize's `images` do it\n"
IMAGE = ("--image", "registry.example/sidecar:1")


@pytest.fixture
def file(empty_folder):
    path = empty_folder / "web.yaml"
    path.write_text(POD)
    return path


@pytest.fixture
def standard_input(monkeypatch):
    def given(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return given


def spec_of(printed):
    return yaml.safe_load(printed)["spec"]


def ours(printed):
    return spec_of(printed)["initContainers"][0]


def test_file__the_pod_with_the_sidecar_on_standard_output(sidecar, file):
    ran = sidecar("inject", "web.yaml", *IMAGE)
    assert (ran.code, ran.err) == (OK, "")
    assert ours(ran.out)["image"] == "registry.example/sidecar:1"
    assert "metadata: {name: web, " in ran.out
    assert "}   # mine\n" in ran.out
    assert file.read_text() == POD


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_standard_input_with_a_dash_or_without_any_file(sidecar, standard_input, arguments):
    standard_input(POD.replace("\n", "\r\n").encode())
    ran = sidecar("inject", *arguments, *IMAGE)
    assert ran.code == OK
    assert ran.out.count("\r\n") == ran.out.count("\n")


def test_twice_is_once(sidecar, standard_input, file):
    once = sidecar("inject", "web.yaml", *IMAGE).out
    standard_input(once.encode())
    assert sidecar("inject") == (OK, once, "")


def test_without_an_image__said_that_one_is_needed(sidecar, file):
    assert sidecar("inject", "web.yaml").err == PLACEHOLDER


def test_several_files__documents_of_one_text(sidecar, file, standard_input):
    standard_input(JOB.encode())
    ran = sidecar("inject", "web.yaml", "-", "web.yaml", *IMAGE)
    assert len(list(yaml.safe_load_all(ran.out))) == 3
    assert ran.out.count("\n---\n") == 2


def test_settings_become_variables_of_the_sidecar(sidecar, file):
    ran = sidecar(
        "inject", "web.yaml", *IMAGE, "--env", "SIDECAR_MODE=enforce", "--env", "SIDECAR_OBSERVE__LISTEN=[::]:8781"
    )
    env = {entry["name"]: entry.get("value") for entry in ours(ran.out)["env"]}
    assert env["SIDECAR_MODE"] == "enforce"
    assert env["SIDECAR_OBSERVE__LISTEN"] == "[::]:8781"


def test_what_another_place_will_say_is_not_missed(sidecar, file):
    ran = sidecar("inject", "web.yaml", *IMAGE, "--env", "SIDECAR_UPSTREAMS__MINE__URL=http://vllm:8000")
    assert (ran.code, ran.err) == (OK, "")


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ("SIDECAR_MOOD=enforce", "SIDECAR_MOOD: names no setting; did you mean SIDECAR_MODE?"),
        ("SIDECAR_MODE=enfroce", "SIDECAR_MODE: 'enfroce' is not one of observe, enforce; did you mean enforce?"),
        ("OPENAI_API_KEY=a", "--env OPENAI_API_KEY: names no setting; those begin with SIDECAR_"),
        ("SIDECAR_PORT=a", "--env SIDECAR_PORT: names no setting; those begin with SIDECAR_"),
        ("SIDECAR_MODE", "--env SIDECAR_MODE: is no setting with its value; write --env SIDECAR_MODE=enforce"),
        ("SIDECAR_MODE=", "--env SIDECAR_MODE: is no setting with its value; write --env SIDECAR_MODE=enforce"),
        (
            "SIDECAR_PROXY__LISTEN=127.0.0.1:9000",
            "SIDECAR_PROXY__LISTEN: port 9000 is not 8780; what a pod gets has this port in probes, variables and rules",
        ),
    ],
)
def test_what_is_no_setting__exit_2_and_nothing_printed(sidecar, file, env, sentence):
    assert sidecar("inject", "web.yaml", "--env", env) == (USAGE, "", f"sidecar: {sentence}\n")


def test_password_in_a_variable__where_it_belongs(sidecar, file):
    ran = sidecar("inject", "web.yaml", *IMAGE, "--env", "SIDECAR_LEDGER__URL=postgresql://a:hunter2@db/calls")
    assert ran.code == OK
    assert ran.err == (
        "sidecar: --env SIDECAR_LEDGER__URL carries a password into the manifest; Secret inference-sidecar is the place for it\n"
    )


def test_config_map_of_choice(sidecar, file):
    printed = sidecar("inject", "web.yaml", *IMAGE, "--config-map", "mine").out
    assert spec_of(printed)["volumes"][1]["configMap"] == {"name": "mine", "optional": True}


@pytest.mark.parametrize("flag", ["--image", "--config-map"])
def test_empty_flag(sidecar, file, flag):
    assert sidecar("inject", "web.yaml", flag, " ") == (USAGE, "", f"sidecar: {flag}: is empty\n")


def test_file_that_is_not_there__exit_2(sidecar, file):
    assert sidecar("inject", "web.yaml", "no.yaml") == (
        USAGE,
        "",
        "sidecar: no.yaml: can't be read: no such file or directory\n",
    )


def test_file_that_is_no_text(sidecar, empty_folder):
    (empty_folder / "x").write_bytes(b"\xff\xfe")
    assert sidecar("inject", "x") == (USAGE, "", "sidecar: x: is not UTF-8 text\n")


def test_what_is_wrong_in_one_file__all_of_it_said_and_nothing_printed_of_any(sidecar, file, empty_folder):
    (empty_folder / "broken.yaml").write_text("a: [\n")
    (empty_folder / "host.yaml").write_text(POD.replace("spec:", "spec:\n  hostNetwork: true"))
    ran = sidecar("inject", "web.yaml", "broken.yaml", "host.yaml")
    assert (ran.code, ran.out) == (FAILURE, "")
    broken, host = ran.err.splitlines()
    assert broken.startswith("sidecar: broken.yaml:2: is not valid YAML: ")
    assert host.startswith("sidecar: host.yaml:5: Pod web: hostNetwork: ")


def test_problem_on_standard_input__said_to_be_there(sidecar, standard_input):
    standard_input(b"kind: Pod\n")
    ran = sidecar("inject", "-")
    assert ran.err == "sidecar: standard input:1: is no Kubernetes manifest, which has apiVersion and kind\n"


def test_no_pods__said_and_printed_as_it_is(sidecar, standard_input):
    text = "apiVersion: v1\nkind: ConfigMap   # mine\n"
    standard_input(text.encode())
    assert sidecar("inject") == (OK, text, "sidecar: no pods were found: nothing is changed\n")


def test_name_that_would_move_the_cursor(sidecar, standard_input):
    value = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "\x1b[2J"},
        "spec": {"containers": [{"name": "a"}], "hostNetwork": True},
    }
    standard_input(json.dumps(value).encode())
    assert "Pod ?[2J: hostNetwork" in sidecar("inject").err


def test_as_a_process_of_its_own(start, file):
    child = start("inject", "web.yaml", *IMAGE)
    printed, said = child.communicate(timeout=60)
    assert (child.returncode, said) == (OK, b"")
    assert printed.startswith(b"apiVersion: v1\nkind: Pod\n")


def test_nothing_of_it_is_loaded_before_it_is_typed():
    code = "import sys, sidecar.cli.commands; sys.exit('sidecar.injection.documents' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("a: 1\n", "---\n"),
        ("# c\n\n---\na: 1\n", ""),
        ("%YAML 1.1\n---\na: 1\n", "...\n"),
        ("", "---\n"),
        ("{}", "---\n"),
    ],
)
def test_mark_between_documents(text, mark):
    assert separator(text) == mark


def test_joined_texts_end_their_lines_and_have_one_byte_order_mark():
    assert joined(["\ufeffa: 1", "", "\ufeffb: 2"]) == "\ufeffa: 1\n---\nb: 2"
