"""Command lines as people type them, by command. Those that say more of themselves have theirs in their own text."""

from collections.abc import Mapping
from typing import Final

EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "serve": (
        "sidecar serve",
        "sidecar serve --config sidecar.yaml --mode enforce",
    ),
    "report": (
        "sidecar report --since 7d",
        "sidecar report --by caller --since 24h --format csv > callers.csv",
        "sidecar report --timeouts",
    ),
    "demo": ("sidecar demo",),
    "reprice": (
        "sidecar reprice --since 7d --dry-run",
        "sidecar reprice --since 2026-11-01 --model 'gemini-2.5-*'",
    ),
    "drain": ("sidecar drain",),
    "version": ("sidecar version",),
    "probe": ("sidecar probe openai --model gpt-5-mini --max-usd 0.02",),
    "calls list": (
        "sidecar calls list --since 1h --orphaned",
        "sidecar calls list --format jsonl | jq .spend_usd",
    ),
    "calls show": ("sidecar calls show c_01k",),
    "operations list": (
        "sidecar operations list --state open",
        "sidecar operations list --kind batch --since 7d --format json",
    ),
    "operations show": ("sidecar operations show o_01k",),
    "operations renew": ("sidecar operations renew o_01k8z4xq2m7n5p9r3t6v8w0y1b",),
    "operations cancel": ("sidecar operations cancel o_01k8z4xq2m7n5p9r3t6v8w0y1b",),
    "config check": (
        "sidecar config check --config new.yaml && cp new.yaml sidecar.yaml",
        "sidecar config check --strict",
    ),
    "config print": (
        "sidecar config print --set",
        "sidecar config print calls rescue",
    ),
    "ca create": (
        "sidecar ca create",
        "sidecar ca create --host sidecar.internal --directory ./ca",
    ),
    "ca show": ("sidecar ca show --format json | jq -r .bundle",),
    "prices show": (
        "sidecar prices show gemini-2.5-flash",
        "sidecar prices show gpt-5-mini --tier batch",
    ),
}
