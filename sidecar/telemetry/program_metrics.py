"""The families that count no call and no operation: bounds, connections, kept answers, the ledger's health, the program."""

from sidecar.telemetry.family import counter, gauge, info, stateset

# Bounds: every one of them is a setting, and every child is born at 0.
LIMITS_REACHED = counter(
    "limits_reached_total", "Times that a bound was reached, by the setting that draws it.", ("limit",)
)
DOWNSTREAM_CONNECTIONS = gauge(
    "downstream_connections",
    "Callers' connections now: active (a request is served) or idle.",
    ("state",),
)
UPSTREAM_CONNECTIONS = gauge(
    "upstream_connections",
    "Connections to providers now: idle, busy or connecting; waiting are requests in line for one.",
    ("upstream", "state"),
)
UPSTREAM_CONNECTS = counter(
    "upstream_connects_total",
    "Connections to providers that were made, or failed; every other exchange used one again.",
    ("upstream", "result"),
)
RESCUE_KEPT_BYTES = gauge(
    "rescue_kept_bytes",
    "Memory that answers take which are kept for a retry, those included whose caller is still there (rescue.max_bytes).",
    unit="bytes",
)
RESCUE_KEPT_ANSWERS = gauge(
    "rescue_kept_answers", "Answers, whole or as far as they have come, that this memory holds."
)
CERTIFICATE_RELOADS = counter(
    "certificate_reloads_total",
    "Changed certificate files that were read again: good, or failed (those before stay in use).",
    ("result",),
)

# TLS and CONNECT on the proxy port.
TUNNELS = gauge(
    "tunnels", "Tunnels that callers' CONNECTs opened and that are open now: their bytes pass, nothing is read."
)
TUNNEL_BYTES = counter("tunnel_bytes_total", "Bytes that passed through tunnels.", ("direction",), "bytes")
CONNECTS = counter(
    "connects_total",
    "CONNECTs by what became of them: intercepted (to an upstream: read as any call), grpc (to an upstream, and not read: the"
    " caller insists on HTTP/2), tunneled (to another host), refused by the settings, or failed.",
    ("result",),
)
TLS_HANDSHAKES = counter(
    "tls_handshakes_total",
    "TLS handshakes with callers: made, untrusted (the caller does not know our authority: a variable is missing), or failed.",
    ("result",),
)

# The ledger's health, asked at every scrape.
LEDGER_ROWS_WRITTEN = counter("ledger_rows_written_total", "Rows committed to the ledger.")
LEDGER_ROWS_DROPPED = counter("ledger_rows_dropped_total", "Rows given up because the ledger could not take them.")
LEDGER_ROWS_EXPIRED = counter("ledger_rows_expired_total", "Rows deleted because they were older than the retention.")
LEDGER_ERRORS = counter(
    "ledger_errors_total",
    "What failed in the ledger: open, write (tried again), row (can never be written), operation, keep_alive, expire, close.",
    ("operation",),
)
LEDGER_ROWS_WAITING = gauge("ledger_rows_waiting", "Rows waiting for the next commit.")
LEDGER_LAST_COMMIT = gauge(
    "ledger_last_commit_timestamp_seconds", "When the ledger last committed; 0 before the first time.", unit="seconds"
)
LEDGER_COMMIT_SECONDS = gauge(
    "ledger_last_commit_duration_seconds", "How long the latest commit took, most of it the disk.", unit="seconds"
)

# The program.
LABEL_OVERFLOW = counter(
    "label_overflow_total",
    "Calls and operations counted under the label value other because there were too many values.",
    ("label",),
)
CONFIG_RELOAD_OK = gauge("config_last_reload_successful", "1 if the settings were last read without error, else 0.")
CONFIG_RELOAD_AT = gauge(
    "config_last_reload_success_timestamp_seconds", "When the settings were last read without error.", unit="seconds"
)
PRICE_TABLE_AT = gauge(
    "price_table_timestamp_seconds",
    "The latest day that the price lists in use show: on which a row was compared with its source, or from which a price in force"
    " is dated. The settings' own prices have no day.",
    unit="seconds",
)
CONFIG_INFO = info("config_info", "How far it may go: mode is observe or enforce.", ("mode",))
BUILD_INFO = info("build_info", "Which version this is.", ("version",))
STATE = stateset(
    "state",
    "What the program is doing: starting, serving, draining (calls that live may end) or settling (all have; the last figures are"
    " written, and wait for a scrape).",
)
