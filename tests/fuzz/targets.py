"""Every target, by name."""

from tests.fuzz import (
    targets_bodies,
    targets_calls,
    targets_control,
    targets_http,
    targets_json,
    targets_ledger,
    targets_money,
    targets_operations,
    targets_road,
    targets_settings,
    targets_websocket,
)
from tests.fuzz.target import Target

MODULES = (
    targets_http,
    targets_bodies,
    targets_json,
    targets_websocket,
    targets_road,
    targets_calls,
    targets_operations,
    targets_settings,
    targets_ledger,
    targets_money,
    targets_control,
)
TARGETS: dict[str, Target] = {target.name: target for module in MODULES for target in module.TARGETS}
MODULE_OF: dict[str, str] = {target.name: module.__name__ for module in MODULES for target in module.TARGETS}
"""Where a target stands: what fuzzes it loads no other module of targets."""
