"""How the pages' PromQL becomes what Grafana asks."""

import pytest

from dashboards.source.queries import metrics_in, of_sidecars, over_range, per_hour, quantile, ratio, scoped

SPEND = "inference_sidecar_spend_usd_total"
SCOPE = 'job=~"$job", instance=~"$instance"'


def test_every_selector_gets_the_target__and_the_filters_that_its_family_has():
    assert scoped(f"sum({SPEND})", ("provider", "kind")) == (
        f'sum({SPEND}{{{SCOPE}, provider=~"$provider", kind=~"$kind"}})'
    )
    assert scoped("inference_sidecar_exposure_usd", ("provider", "kind")) == (
        f'inference_sidecar_exposure_usd{{{SCOPE}, kind=~"$kind"}}'
    )


def test_a_selector_keeps_its_own_matchers():
    assert scoped(f'{SPEND}{{fate="orphaned"}}') == f'{SPEND}{{{SCOPE}, fate="orphaned"}}'


def test_a_label_that_is_called_as_its_family_is_no_selector():
    state = "inference_sidecar_state"
    assert scoped(f"sum by ({state}) ({state})") == f"sum by ({state}) ({state}{{{SCOPE}}})"


def test_functions_and_what_is_in_quotes_are_left_alone():
    expr = 'time() - max(up{instance="inference_sidecar_nothing"})'
    assert scoped(expr) == f'time() - max(up{{{SCOPE}, instance="inference_sidecar_nothing"}})'


def test_parts_of_histograms_are_known_by_their_family():
    bucket = "inference_sidecar_detection_seconds_bucket"
    assert scoped(bucket) == f"{bucket}{{{SCOPE}}}"


def test_a_family_that_is_not_in_the_catalogue_is_an_error():
    with pytest.raises(LookupError, match="inference_sidecar_spending_total"):
        scoped("sum(inference_sidecar_spending_total)")


def test_metrics_are_found_as_often_as_they_are_asked_for():
    assert list(metrics_in(f"{SPEND} / {SPEND} + time() - up")) == [SPEND, SPEND, "up"]


def test_what_every_process_has_is_narrowed_to_sidecars():
    assert of_sidecars("up") == "up and on (job, instance) inference_sidecar_build_info"


def test_the_usual_shapes():
    assert per_hour("c_total", "fate") == "3600 * sum by (fate) (rate(c_total[$__rate_interval]))"
    assert over_range("c_total") == "sum(increase(c_total[$__range]))"
    assert quantile(0.9, 'h_seconds{kind="unary"}', "provider") == (
        'histogram_quantile(0.9, sum by (le, provider) (rate(h_seconds_bucket{kind="unary"}[$__rate_interval])))'
    )
    assert ratio("a", "b") == "a / (b > 0)"
