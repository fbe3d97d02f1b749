"""The arithmetic of the benchmark."""

import pytest

from tests.bench.figures import GOALS, Goal, Measured, beside_table, percentile, ratio, scenario_table, summary_table

UNARY = "unary"


def rounds(key: str, *values: float) -> list[Measured]:
    return [{key: value} for value in values]


def results(**contenders: list[Measured]) -> dict[str, dict[str, list[Measured]]]:
    return {UNARY: contenders}


def test_ratio_is_the_median_of_the_rounds_ratios() -> None:
    """The machine was three times as slow in the second round: for both of them."""
    assert ratio([20, 60, 22], [10, 30, 20]) == 2


def test_ratio_passes_over_rounds_in_which_theirs_is_nothing() -> None:
    assert ratio([20, 60], [10, 0]) == 2


@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([1.0], []), ([1.0], [0.0])])
def test_nothing_to_compare__no_ratio(ours: list[float], theirs: list[float]) -> None:
    assert ratio(ours, theirs) is None


def test_figure_of_our_own_is_the_median_of_its_rounds() -> None:
    goal = Goal("memory", UNARY, "kib", 12, "KiB")
    assert goal.measured(results(sidecar=rounds("kib", 9, 30, 10))) == 10


def test_figure_beside_a_peer_is_a_ratio() -> None:
    goal = Goal("CPU", UNARY, "cpu_us", 2, against="nginx")
    assert goal.measured(results(sidecar=rounds("cpu_us", 30), nginx=rounds("cpu_us", 20))) == 1.5


def test_added_latency_is_what_is_above_a_direct_call() -> None:
    goal = Goal("added latency", UNARY, "p50_us", 1.3, against="nginx", is_added=True)
    measured = results(
        sidecar=rounds("p50_us", 150), nginx=rounds("p50_us", 120), direct=rounds("p50_us", 20)
    )  # fmt: skip
    assert goal.measured(measured) == 1.3


def test_what_enforce_costs_is_the_median_of_the_rounds_differences() -> None:
    goal = Goal("CPU", UNARY, "cpu_us", 2, "us", beyond="sidecar")
    measured = results(enforcing=rounds("cpu_us", 101, 203, 100), sidecar=rounds("cpu_us", 100, 200, 90))
    assert (goal.measured(measured), goal.is_met(3)) == (3, False)


@pytest.mark.parametrize(
    "measured",
    [{}, results(), results(sidecar=rounds("cpu_us", 30)), results(sidecar=[{}], nginx=rounds("cpu_us", 20))],
    ids=["no scenario", "nobody", "no peer", "no figure"],
)
def test_what_was_not_measured_is_not_told(measured: dict[str, dict[str, list[Measured]]]) -> None:
    assert Goal("CPU", UNARY, "cpu_us", 2, against="nginx").measured(measured) is None


def test_reaching_the_target_is_meeting_it() -> None:
    assert Goal("memory", UNARY, "kib", 12, "KiB").is_met(12)


def test_reaching_a_target_that_is_to_be_stayed_below_is_missing_it() -> None:
    assert not Goal("growth", UNARY, "mib", 2, "MiB", is_below=True).is_met(2)


@pytest.mark.parametrize(
    ("goal", "target"),
    [
        (Goal("CPU", UNARY, "cpu_us", 1.0, against="envoy"), "<= 1 x envoy"),
        (Goal("CPU", UNARY, "cpu_us", 1 / 100, against="litellm"), "<= 1/100 x litellm"),
        (Goal("memory", UNARY, "kib", 12, "KiB"), "<= 12 KiB"),
        (Goal("growth", UNARY, "mib", 2, "MiB", is_below=True), "< 2 MiB"),
    ],
)
def test_target_as_people_read_it(goal: Goal, target: str) -> None:
    assert goal.target == target


def test_summary_says_which_targets_are_met() -> None:
    goals = [Goal("CPU", UNARY, "cpu_us", most, against="nginx") for most in (1.0, 2.0)]
    goals.append(Goal("latency", UNARY, "p50_us", 1.0, "us"))
    goals.append(Goal("of a scenario that was not run", "other", "p50_us", 1.0, "us"))
    measured = results(sidecar=rounds("cpu_us", 30), nginx=rounds("cpu_us", 20))
    verdicts = [line.split(" | ")[-1].strip(" |") for line in summary_table(measured, goals).splitlines()[2:]]
    assert verdicts == ["NO", "yes", "not measured"]


def test_table_has_the_medians_of_all_and_a_dash_for_what_one_has_not() -> None:
    measured = results(direct=[{"p50_us": 20}], nginx=[{"p50_us": 120, "cpu_us": 10}, {"p50_us": 122, "cpu_us": 12}])
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in scenario_table(measured[UNARY]).splitlines()
    ]
    assert [lines[0], *lines[2:]] == [["", "p50_us", "cpu_us"], ["direct", "20", "-"], ["nginx", "121", "11"]]


def test_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(200, 0, -1)]
    assert [percentile(values, percent) for percent in (0, 50, 99, 100)] == [1, 101, 199, 200]


def test_percentile_of_nothing_is_nothing() -> None:
    assert percentile([], 99) == 0.0


def test_every_promised_figure_is_there() -> None:
    assert len({goal.figure for goal in GOALS}) == 12


def test_beside_somebody__then_the_medians_of_the_ratios_and_dashes() -> None:
    found = {
        "one": {"nginx": rounds("cpu_us", 10, 40), "sidecar": rounds("cpu_us", 20, 100)},
        "two": {"nginx": rounds("cpu_us", 10), "intercepting": rounds("cpu_us", 35)},
    }
    told = [
        line.replace(" ", "") for line in beside_table(found, ("one", "two", "three"), "cpu_us", "nginx").splitlines()
    ]
    assert told[0] == "|cpu_us,besidenginx|sidecar|intercepting|"
    assert told[2:] == ["|one|2.25x|-|", "|two|-|3.5x|"]
