"""What can be chosen at the top of a page, and the events that are drawn over its curves."""

from typing import NamedTuple

from dashboards.source.looks import BLUE, PURPLE
from dashboards.source.queries import of_sidecars, scoped

DATASOURCE = "${datasource}"
BUILD_INFO = "inference_sidecar_build_info"
SPEND = "inference_sidecar_spend_usd_total"


class Variable(NamedTuple):
    """A list of label values to choose from, several or all at once."""

    name: str
    label: str
    query: str
    all_value: str
    """What All stands for: more than the values that are listed, so that a series born later is seen."""


class Annotation(NamedTuple):
    """Events that are drawn as lines over all curves."""

    name: str
    expr: str
    title: str
    color: str


LABELS = {"provider": "Provider", "model": "Model", "kind": "Kind"}


def variables_of(filters: tuple[str, ...]) -> list[Variable]:
    """Job and instance, and the page's filters, each narrowed by those before it."""
    found = [
        Variable("job", "Job", f"label_values({BUILD_INFO}, job)", ".+"),
        Variable("instance", "Instance", f'label_values({BUILD_INFO}{{job=~"$job"}}, instance)', ".+"),
    ]
    for number, name in enumerate(filters):
        series = scoped(SPEND, filters[:number])
        # All is `.*`: money whose label is empty would be missing from every sum with `.+`.
        found.append(Variable(name, LABELS[name], f"label_values({series}, {name})", ".*"))
    return found


def annotations() -> list[Annotation]:
    """New versions and restarts. A version is a label, so that its change is a new series and not a change of value."""
    running = scoped(BUILD_INFO)
    new_version = f"count by (job, version) ({running}) unless count by (job, version) ({running} offset 5m)"
    restarted = f"sum by (job, instance) (changes({scoped('process_start_time_seconds')}[5m])) > 0"
    restarted = of_sidecars(restarted, running)
    return [
        Annotation("New versions", new_version, "{{job}} runs {{version}}", PURPLE),
        Annotation("Restarts", restarted, "{{instance}} restarted", BLUE),
    ]
