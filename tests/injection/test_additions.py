"""What is shipped, and what of it a user may choose."""

from typing import Any

from sidecar.config.settings import Settings
from sidecar.config.sources import variable_layer
from sidecar.injection.additions import LABEL, PORTS, chosen, shipped, with_env

ENTRIES: list[dict[str, Any]] = [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {}}]


def test_shipped__label_annotation_container_and_volumes():
    assert shipped().labels == {LABEL: "true"}
    assert list(shipped().annotations.values()) == ["inference-sidecar-ledger"]
    assert shipped().name == "inference-sidecar"
    assert shipped().new_container == shipped().container
    assert [volume["name"] for volume in shipped().new_volumes] == [
        "inference-sidecar-ledger",
        "inference-sidecar-config",
    ]


def test_ports_are_those_that_the_container_and_the_settings_have():
    settings = Settings()
    assert tuple(group.listen.port for group in (settings.proxy, settings.observe, settings.control)) == PORTS
    assert [port["containerPort"] for port in shipped().container["ports"]] == [PORTS[1]]


def test_every_variable_of_the_container_names_a_setting():
    names = [entry["name"] for entry in shipped().container["env"]]
    assert variable_layer(dict.fromkeys(names, "1")).problems == []


def test_image_and_variables_of_choice():
    container = chosen(image="registry/sidecar:2", env={"SIDECAR_MODE": "enforce"}).new_container
    assert container["image"] == "registry/sidecar:2"
    assert container["env"] == [*shipped().container["env"], {"name": "SIDECAR_MODE", "value": "enforce"}]


def test_config_map_of_choice__the_other_volume_stays():
    ledger, config = chosen(config_map="mine").new_volumes
    assert config == {"name": "inference-sidecar-config", "configMap": {"name": "mine", "optional": True}}
    assert ledger == shipped().volumes[0]


def test_chosen_value_of_a_name_that_is_there__takes_its_place():
    assert with_env(ENTRIES, {"B": "2"}) == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]


def test_choosing_leaves_what_is_shipped_alone():
    chosen(image="other", env={"SIDECAR_MODE": "enforce"}, config_map="mine")
    assert shipped() == chosen()
