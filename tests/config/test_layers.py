"""Layers, and where a value stands."""

from sidecar.config.layers import DEFAULT, FLAGS, Layer, Origin, default_layer, flag_layer, nearest_origin, origin_of
from sidecar.config.schema import kind_at

FLAG, FILE = Origin("flag", "--mode", ("mode",)), Origin("file", "s.yaml:3")


def layer(*paths_and_origins) -> Layer:
    made = Layer()
    for path, origin in paths_and_origins:
        made.put(path, "x", origin)
    return made


def test_flags_name_settings_that_exist():
    assert [flag for flag, path in FLAGS.items() if kind_at(path) is None] == []


def test_flag_that_was_not_given_says_nothing():
    made = flag_layer({"--mode": "observe", "--ledger": None})
    assert made.values == {"mode": "observe"}
    assert str(made.origins["mode",]) == "flag --mode"


def test_groups_on_the_way_are_made():
    made = layer((("calls", "follow", "max_calls"), FILE), (("calls", "on_departure"), FILE))
    assert made() == {"calls": {"follow": {"max_calls": "x"}, "on_departure": "x"}}


def test_first_layer_that_holds_a_value_is_its_origin():
    layers = [layer((("mode",), FLAG)), layer((("mode",), FILE), (("log", "level"), FILE))]
    assert origin_of(("mode",), layers) is FLAG
    assert origin_of(("log", "level"), layers) is FILE
    assert origin_of(("log", "format"), layers) is DEFAULT


def test_value_that_stands_nowhere__the_group_around_it():
    layers = [layer(), layer((("log", "level"), FILE)), default_layer()]
    assert nearest_origin(("log", "format"), layers) is FILE
    assert nearest_origin(("drain", "deadline_seconds"), layers) is DEFAULT


def test_problem_is_named_as_the_key_was_typed():
    variable = Origin("variable", "SIDECAR_PRICES", ("prices",))
    assert str(FILE.problem(("log", "level"), "is bad")) == "s.yaml:3: log.level: is bad"
    assert str(FLAG.problem(("mode",), "is bad")) == "--mode: is bad"
    assert str(variable.problem(("prices", "overrides", 0), "is bad")) == "SIDECAR_PRICES (overrides[0]): is bad"
