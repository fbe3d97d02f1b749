"""Fleet: the sidecars themselves. Which versions run, in what state, at what cost, and whether the ledger keeps up."""

from dashboards.source.curves import timeseries
from dashboards.source.figures import Column, bars, stat, table
from dashboards.source.looks import HINT, ORANGE, PRICES_AGE, WORRY, Threshold
from dashboards.source.pages import Page, Row
from dashboards.source.panels import (
    BYTES,
    BYTES_PER_SECOND,
    COUNT,
    PER_MINUTE,
    PER_SECOND,
    ROWS_PER_SECOND,
    SECONDS,
    SHARE,
)
from dashboards.source.queries import of_sidecars, over_range, per_minute, quantile, rate, summed

BUILD_INFO = "inference_sidecar_build_info"
WAS_ONE = "last_over_time(inference_sidecar_build_info[$__range])"
CONFIG_INFO = "inference_sidecar_config_info"
STATE = "inference_sidecar_state"
OVERHEAD = "inference_sidecar_overhead_seconds"
TARGET = "namespace, pod, instance"
PRICES_AT = "inference_sidecar_price_table_timestamp_seconds"
SETTINGS_AT = "inference_sidecar_config_last_reload_success_timestamp_seconds"
COMMITTED_AT = "inference_sidecar_ledger_last_commit_timestamp_seconds"
WHO = Row(
    "Who runs",
    [
        stat("Sidecars", "Sidecars that were scraped last time.", COUNT, f"count({BUILD_INFO})", width=3),
        stat(
            "Not scraped",
            "Targets that were sidecars at some time in the chosen range and that Prometheus can't read now. What they count"
            " meanwhile is read later, if they live that long.",
            COUNT, f"sum({of_sidecars('(1 - up)', WAS_ONE)})", width=3, thresholds=WORRY,
        ),
        stat(
            "Versions",
            "Different versions at once. More than one is a rollout, or one that has stopped halfway.",
            COUNT, f"count(count by (version) ({BUILD_INFO}))", width=3,
            thresholds=(Threshold(None, "text"), Threshold(2, ORANGE)),
        ),
        stat(
            "In mode enforce",
            "Sidecars that rescue and cancel. The others observe: they change nothing at a provider.",
            COUNT, f'count({CONFIG_INFO}{{mode="enforce"}}) or 0 * count({CONFIG_INFO})', width=3, no_value="not known",
        ),
        stat(
            "Bad settings",
            "Sidecars whose settings could not be read when they last tried; they go on with those before.",
            COUNT, "sum(1 - inference_sidecar_config_last_reload_successful)", width=3, thresholds=WORRY,
        ),
        stat(
            "Oldest price list",
            "How long ago the newest day is that the price lists in use show, where it is longest. Prices change: the alert"
            " PricesStale speaks at 90 days, unless you have recorded another threshold.",
            SECONDS, f"max(time() - {PRICES_AT})", width=3, thresholds=PRICES_AGE, no_value="not known",
        ),
        stat(
            "Counted as 'other'",
            "Calls and operations of the chosen range whose model (or other label) was one too many for the metrics; the ledger"
            " has the real name. Raise labels.max_models if it matters.",
            COUNT, over_range("inference_sidecar_label_overflow_total"), width=3, thresholds=HINT,
        ),
        stat(
            "Lost rows",
            "Rows given up in the chosen range because the ledger could not take them. The alert LedgerRowsDropped pages.",
            COUNT, over_range("inference_sidecar_ledger_rows_dropped_total"), width=3, thresholds=WORRY,
        ),
        table(
            "Each sidecar",
            "Each with its version and mode, how long it has been running, how long ago it last read its settings,"
            " and what it uses. Sorted by memory.",
            ("namespace", "pod", "instance", "version", "mode"),
            [
                Column("Memory", f"max by ({TARGET}) ({of_sidecars('process_resident_memory_bytes')})", BYTES),
                Column("Runs for", f"max by ({TARGET}) ({of_sidecars('(time() - process_start_time_seconds)')})", SECONDS),
                Column("Calls in flight", f"sum by ({TARGET}) (inference_sidecar_calls_in_flight)", COUNT),
                Column("Settings read", f"max by ({TARGET}) (time() - {SETTINGS_AT})", SECONDS),
                Column("", f"max by ({TARGET}, version) ({BUILD_INFO})"),
                Column("", f"max by ({TARGET}, mode) ({CONFIG_INFO})"),
            ],
            width=24, height=7,
        ),
    ],
)  # fmt: skip

TRAFFIC = Row(
    "Connections and limits",
    [
        timeseries(
            "States",
            "How many sidecars are starting, serving, draining or settling.",
            COUNT, {f"{{{{{STATE}}}}}": f"sum by ({STATE}) ({STATE})"}, width=6, stacked=True,
        ),
        timeseries(
            "Callers' connections",
            "active: a request is served. idle: kept open for the next one.",
            COUNT, {"{{state}}": "sum by (state) (inference_sidecar_downstream_connections)"}, width=6, stacked=True,
        ),
        timeseries(
            "Connections to providers",
            "By what they do. waiting are requests in line for a connection: a limit is too low, or the provider slow.",
            COUNT, {"{{state}}": "sum by (state) (inference_sidecar_upstream_connections)"}, width=6, stacked=True,
        ),
        timeseries(
            "Connects",
            "Connections to providers that were made, or failed. Every other exchange used one again.",
            PER_MINUTE, {"{{result}}": per_minute("inference_sidecar_upstream_connects_total", "result")}, width=6,
        ),
        timeseries(
            "Replies by status",
            "Every request and reply through the proxy, billable or not. no reply: none began, or its status was none of HTTP's.",
            PER_MINUTE,
            {
                "below 400": per_minute('inference_sidecar_exchanges_total{code=~"1..|2..|3.."}'),
                "4xx": per_minute('inference_sidecar_exchanges_total{code=~"4.."}'),
                "5xx": per_minute('inference_sidecar_exchanges_total{code=~"5.."}'),
                "no reply": per_minute('inference_sidecar_exchanges_total{code!~"1..|2..|3..|4..|5.."}'),
            },
            width=6, stacked=True,
        ),
        timeseries(
            "Upstream errors",
            "Exchanges that a provider, or the network to it, broke, by what went wrong.",
            PER_MINUTE, {"{{error}}": per_minute("inference_sidecar_upstream_errors_total", "error")}, width=6,
        ),
        bars(
            "Where upstream errors are",
            "The eight most frequent in the chosen range, by provider.",
            COUNT,
            {
                "{{provider}} {{error}}": f"topk(8, {over_range('inference_sidecar_upstream_errors_total', 'provider, error')})",
            },
            width=6, color="orphaned",
        ),
        bars(
            "Limits reached",
            "How often, in the chosen range, by the setting that draws the bound; the eight reached most.",
            COUNT,
            {"{{limit}}": f"topk(8, {over_range('inference_sidecar_limits_reached_total', 'limit')})"},
            width=6, color="orphaned",
        ),
    ],
)  # fmt: skip

CONNECT = Row(
    "TLS and CONNECT on the proxy port",
    [
        timeseries(
            "CONNECTs",
            "By what became of them. intercepted: to an upstream, and read as any call. grpc: to an upstream, and not read."
            " tunneled: to another host. refused: by proxy.connect in the settings.",
            PER_MINUTE, {"{{result}}": per_minute("inference_sidecar_connects_total", "result")}, width=6, stacked=True,
        ),
        timeseries(
            "TLS handshakes with callers",
            "untrusted: the caller does not know our authority, and its call did not even begin. Its program lacks a variable:"
            " `sidecar ca show` names them, and the sidecar's log says which.",
            PER_MINUTE, {"{{result}}": per_minute("inference_sidecar_tls_handshakes_total", "result")}, width=6, stacked=True,
        ),
        timeseries(
            "Open tunnels",
            "By instance. What passes through them is not read, and no cost is known of it.",
            COUNT, {"{{instance}}": "sum by (instance) (inference_sidecar_tunnels)"}, width=6,
        ),
        timeseries(
            "Bytes in tunnels",
            "By direction and second.",
            BYTES_PER_SECOND, {"{{direction}}": rate("inference_sidecar_tunnel_bytes_total", "direction")}, width=6,
        ),
    ],
)  # fmt: skip

COST = Row(
    "What the sidecars cost",
    [
        timeseries(
            "Overhead",
            "Time that the sidecar itself adds to an exchange.",
            SECONDS,
            {name: quantile(share, OVERHEAD) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))},
            width=6,
        ),
        timeseries(
            "CPU",
            "Of one core, by instance. One process runs one event loop: near 100 % it is the bottleneck.",
            SHARE, {"{{instance}}": summed(of_sidecars("rate(process_cpu_seconds_total[$__rate_interval])"), "instance")},
            width=6,
        ),
        timeseries(
            "Memory",
            "Resident, by instance.",
            BYTES, {"{{instance}}": summed(of_sidecars("process_resident_memory_bytes"), "instance")}, width=6,
        ),
        timeseries(
            "Open files",
            "Of those that the process may have; connections are files.",
            SHARE,
            {"{{instance}}": f"max by (instance) ({of_sidecars('process_open_fds / process_max_fds')})"},
            width=6,
        ),
        timeseries(
            "Answers kept for retries",
            "Memory that they take, those included whose caller is still there (at most rescue.max_bytes).",
            BYTES, {"{{instance}}": "sum by (instance) (inference_sidecar_rescue_kept_bytes)"},
        ),
        timeseries(
            "Answers kept for retries, by number",
            "Answers, whole or as far as they have come, that this memory holds.",
            COUNT, {"{{instance}}": "sum by (instance) (inference_sidecar_rescue_kept_answers)"},
        ),
    ],
)  # fmt: skip

LEDGER = Row(
    "Ledger",
    [
        timeseries(
            "Rows written and expired",
            "Rows committed, and rows deleted because they were older than ledger.retention_days.",
            ROWS_PER_SECOND,
            {
                "written": rate("inference_sidecar_ledger_rows_written_total"),
                "expired": rate("inference_sidecar_ledger_rows_expired_total"),
            },
            width=6,
        ),
        timeseries(
            "Rows waiting",
            "Waiting for the next commit, by instance. Growing means that the disk or PostgreSQL does not keep up.",
            COUNT, {"{{instance}}": "sum by (instance) (inference_sidecar_ledger_rows_waiting)"}, width=6,
        ),
        timeseries(
            "Time of a commit",
            "How long the latest commit took, most of it the disk.",
            SECONDS,
            {"{{instance}}": "max by (instance) (inference_sidecar_ledger_last_commit_duration_seconds)"},
            width=6,
        ),
        timeseries(
            "Ledger errors",
            "What failed: open, write (tried again), row (can never be written), operation, expire, keep_alive, close.",
            PER_MINUTE, {"{{operation}}": per_minute("inference_sidecar_ledger_errors_total", "operation")}, width=6,
        ),
        timeseries(
            "Since the last commit",
            "By instance. Long is fine where nothing happens, and bad beside rows that wait.",
            SECONDS,
            {"{{instance}}": f"max by (instance) (clamp_min(time() - {COMMITTED_AT}, 0) * ({COMMITTED_AT} > bool 0))"},
        ),
        timeseries(
            "Certificates read again",
            "Changed certificate files, by result; after a failure those before stay in use.",
            PER_SECOND, {"{{result}}": rate("inference_sidecar_certificate_reloads_total", "result")},
        ),
    ],
)  # fmt: skip

PAGE = Page(
    "fleet",
    "inference-sidecar / Fleet",
    "The sidecars themselves: versions, state, connections, limits, what they cost and whether the ledger keeps up.",
    [WHO, TRAFFIC, CONNECT, COST, LEDGER],
)
