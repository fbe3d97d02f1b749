"""Which settings file is read, and what the variables say."""

from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.config.groups import Mode
from sidecar.config.load import load
from sidecar.config.problems import BadSettings
from sidecar.config.settings import Settings
from sidecar.lifecycle.policy import OnDeparture
from tests.config.loading import loaded, refusal

GOOD = Path(__file__).parent / "good" / "everything.yaml"


pytestmark = pytest.mark.usefixtures("folder")


def test_file_in_the_working_directory_is_found(folder):
    (folder / "sidecar.yaml").write_text("mode: enforce")
    result = load({}, {})
    assert result.settings.mode is Mode.ENFORCE
    assert result.file is not None
    assert (result.file.path, result.file.chosen_by) == ("sidecar.yaml", "")


def test_variable_names_the_file__flag_names_another(folder):
    (folder / "a.yaml").write_text("labels: {max_models: 1}")
    (folder / "b.yaml").write_text("labels: {max_models: 2}")
    assert load({}, {"SIDECAR_CONFIG": "a.yaml"}).settings.labels.max_models == 1
    assert load({}, {"SIDECAR_CONFIG": "a.yaml"}, "b.yaml").settings.labels.max_models == 2


@pytest.mark.parametrize(
    ("variables", "config", "message"),
    [
        ({}, "none.yaml", "--config: can't read none.yaml: no such file or directory"),
        ({"SIDECAR_CONFIG": "none.yaml"}, None, "SIDECAR_CONFIG: can't read none.yaml: no such file or directory"),
        ({}, ".", "--config: can't read .: is a directory"),
    ],
)
def test_file_that_was_named_and_is_not_there__error(variables, config, message):
    with pytest.raises(BadSettings, match="can't read") as refused:
        load({}, variables, config)
    assert str(refused.value) == message


def test_file_without_an_end_is_not_read_to_it(folder):
    (folder / "sidecar.yaml").symlink_to("/dev/zero")
    with pytest.raises(BadSettings, match=r"^sidecar.yaml: has more than 1,048,576 characters$"):
        load({}, {})


def test_variable_is_taken_as_it_stands__no_yaml_quotes_needed():
    settings = loaded(SIDECAR_CONTROL__LISTEN="[::1]:1", SIDECAR_CALLS__FOLLOW__MAX_BYTES="1MiB").settings
    assert str(settings.control.listen) == "[::1]:1"
    assert settings.calls.follow.max_bytes == 1 << 20


def test_variable_null__none_where_none_is_allowed():
    assert loaded(SIDECAR_LEDGER__RETENTION_DAYS="null").settings.ledger.retention_days is None


def test_variable_for_a_structure_is_yaml_or_json():
    prices = '[{"model": "a", "image_usd": "0.04"}]'
    settings = loaded(SIDECAR_PRICES__OVERRIDES=prices, SIDECAR_CALLS="{on_departure: cut}").settings
    assert settings.prices.overrides[0].image_usd == Decimal("0.04")
    assert settings.calls.on_departure is OnDeparture.CUT


def test_variable_deeper_down_beats_the_variable_of_its_group():
    settings = loaded(
        SIDECAR_CALLS="{on_departure: cut, half_close: wait}", SIDECAR_CALLS__ON_DEPARTURE="follow"
    ).settings
    assert (settings.calls.on_departure, settings.calls.half_close) == ("follow", "wait")


def test_variable_makes_an_upstream__underscore_for_hyphen():
    url = {"SIDECAR_UPSTREAMS__MY_VLLM__URL": "http://127.0.0.1:8000", "SIDECAR_UPSTREAMS__MY_VLLM__DIALECT": "gemini"}
    assert "my-vllm" in loaded(**url).settings.upstreams


def test_empty_variable__not_set():
    assert loaded(SIDECAR_MODE="", SIDECAR_CONFIG="").settings == Settings()


@pytest.mark.parametrize(
    "name",
    [
        "SIDECAR_PORT", "SIDECAR_SERVICE_HOST", "SIDECAR_SERVICE_PORT", "SIDECAR_SERVICE_PORT_PROXY", "SIDECAR_PORT_8780_TCP",
        "SIDECAR_PORT_8780_TCP_ADDR", "SIDECAR_EU_SERVICE_HOST", "SIDECAR_EU_PORT_53_UDP_PROTO",
    ],
)  # fmt: skip
def test_variables_that_kubernetes_sets_for_a_service_of_our_name__ignored(name):
    assert loaded(**{name: "tcp://10.0.0.1:8780"}).settings == Settings()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SIDECAR_CALL__ON_DEPARTURE", "cut", "names no setting; did you mean SIDECAR_CALLS__ON_DEPARTURE?"),
        ("SIDECAR_UPSTREAMS__MY_VLLM__URI", "x", "names no setting; did you mean SIDECAR_UPSTREAMS__MY_VLLM__URL?"),
        ("SIDECAR_XYZZY", "1", "names no setting"),
        ("SIDECAR_MODE__X", "1", "names no setting; did you mean SIDECAR_MODE?"),
        ("SIDECAR_CALLS__ON_DEPARTURE", "folow", "'folow' is not one of auto, follow, cut; did you mean follow?"),
        ("SIDECAR_LABELS__MAX_MODELS", "many", "'many' is not a whole number"),
        ("SIDECAR_CALLS", "{half_close: [", "is not valid YAML: expected the node content, but found '<stream end>'"),
        ("SIDECAR_LOG", "info", "'info' is not a group of keys; known here: level, format"),
    ],
)  # fmt: skip
def test_bad_variable_is_named_as_it_was_typed(variable, value, message):
    assert refusal(**{variable: value}) == f"{variable}: {message}"


def test_bad_key_inside_a_variable__variable_and_place():
    said = refusal(SIDECAR_PRICES="{overrides: [{modell: a}]}", SIDECAR_LOG="{level: loud}")
    assert said.splitlines() == [
        "SIDECAR_LOG (level): 'loud' is not one of debug, info, warning, error",
        "SIDECAR_PRICES (overrides[0].model): is missing",
        "SIDECAR_PRICES (overrides[0].modell): unknown key; did you mean model?",
    ]
