"""Which rules for routes can never count, because others before them match all that they match."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from sidecar.config.schema import Path
from sidecar.config.upstreams import RouteRule


def route_conflicts(path: Path, rules: Sequence[RouteRule]) -> Iterator[tuple[Path, str, str]]:
    """The rules of one upstream of which no key can ever count: where each stands, the problem, the advice."""
    for place, rule in enumerate(rules):
        by = {key: _first_that_covers(rule, key, rules[:place]) for key in _keys(rule)}
        if None not in by.values():
            first = min(earlier for earlier in by.values() if earlier is not None)
            yield (
                (*path, place, "path"),
                f"'{rule.path}' never counts: all that it matches, '{rules[first].path}' of routes[{first}] matches first",
                "put it first, or remove it",
            )


def _keys(rule: RouteRule) -> list[str]:
    """What a rule sets."""
    return [key for key in ("on_departure", "rescue") if getattr(rule, key) is not None]


def _first_that_covers(rule: RouteRule, key: str, earlier: Sequence[RouteRule]) -> int | None:
    return next((at for at, one in enumerate(earlier) if key in _keys(one) and covers(one.path, rule.path)), None)


def covers(wider: str, narrower: str) -> bool:
    """Whether all that one glob matches another one is known to match too. False also where that can't be told.

    Without `?` and `[ab]` in the wider one, only its `*` can stand for what is a sign in the narrower one, and stands then for
    whatever that sign stands for.
    """
    if wider == narrower:
        return True
    return not set("?[") & set(wider) and "[" not in narrower and fnmatchcase(narrower, wider)
