"""Settings that are each well formed and can't be used together; and those that can, but deserve a word."""

from collections.abc import Iterator
from pathlib import Path as FilePath

from sidecar.clock import SystemClock
from sidecar.config.addresses import Address
from sidecar.config.certificate_files import problem_of_authorities, problem_of_pair
from sidecar.config.groups import Mode, OnRepeat, ServerTimeout, WhenOrphaned
from sidecar.config.local_facts import fact_notes
from sidecar.config.problems import did_you_mean
from sidecar.config.quantities import size
from sidecar.config.route_rules import route_conflicts
from sidecar.config.schema import Path
from sidecar.config.settings import Settings
from sidecar.config.socket_rules import Conflict, socket_conflicts, socket_notes
from sidecar.config.upstreams import Upstream


def conflicts(settings: Settings) -> Iterator[Conflict]:
    """What keeps these settings from working."""
    yield from socket_conflicts(settings)
    yield from _overrides_of_nothing(settings)
    yield from _certificates(settings)
    yield from _credentials(settings)
    yield from _rescue(settings)
    for name, upstream in settings.upstreams.items():
        yield from route_conflicts(("upstreams", name, "routes"), upstream.routes)


def notes(settings: Settings) -> Iterator[str]:
    """What is allowed, and worth knowing before it surprises."""
    if settings.mode is Mode.ENFORCE:
        kinds = [kind for kind, what in settings.operations.on_orphan if what is WhenOrphaned.CANCEL]
        whose = (
            f"operations of kind {' and '.join(kinds)}" if kinds else "operations that were given a lease of their own"
        )
        rescued = "; abandoned answers are kept in memory and given to their caller's retry" if settings.rescues else ""
        yield f"mode is enforce: {whose} are cancelled at their provider when their caller is gone{rescued}"
    yield from _surprises(settings)
    yield from fact_notes(settings, SystemClock().now())
    yield from socket_notes(settings)
    for name, upstream in settings.upstreams.items():
        if not upstream.url.is_secure and not Address(upstream.url.host, upstream.url.port).is_loopback:
            yield f"upstream {name} is reached without TLS at {upstream.url}: credentials and prompts travel in the clear"
            if settings.egress.https_proxy is not None:
                yield f"upstream {name} is reached directly: only https goes through egress.https_proxy"


def _overrides_of_nothing(settings: Settings) -> Iterator[Conflict]:
    """A price for an upstream that does not exist is a slip, and would leave calls with the wrong price."""
    for place, override in enumerate(settings.prices.book()):
        named = override.upstream
        if named is not None and not any(
            override.matches(name, (override.model.lower(),)) for name in settings.upstreams
        ):
            names = ", ".join(settings.upstreams)
            path = ("prices", "overrides", place, "upstream")
            yield (
                path,
                f"'{named}' matches no upstream",
                did_you_mean(named, settings.upstreams) or f"there are: {names}",
            )


def _credentials(settings: Settings) -> Iterator[Conflict]:
    """Credentials that would go where they do not belong."""
    for name, upstream in settings.upstreams.items():
        if upstream.credential is not None:
            problem = upstream.credential.misplaced(upstream.dialect.value, upstream.url.host)
            if problem:
                yield ("upstreams", name, "credential"), problem, "name another place: {env: ...} or {file: ...}"


def _rescue(settings: Settings) -> Iterator[Conflict]:
    """Blames what was set: of the two one may be a default."""
    rescue = settings.rescue
    if rescue.max_answer_bytes > rescue.max_bytes:
        blamed = "max_answer_bytes" if "max_answer_bytes" in rescue.model_fields_set else "max_bytes"
        one, all_of_them = size(rescue.max_answer_bytes), size(rescue.max_bytes)
        yield (
            ("rescue", blamed),
            f"one answer (max_answer_bytes, {one}) may be larger than all of them (max_bytes, {all_of_them})",
            "set both; rescue.enabled: false keeps none",
        )


def _surprises(settings: Settings) -> Iterator[str]:
    """What does nothing, or undoes something else, as things are set. No conflict: one file serves in both modes."""
    if settings.rescue.on_repeat is OnRepeat.REFUSE and not settings.rescues:
        why = "rescue is off" if settings.mode is Mode.ENFORCE else "mode is observe"
        yield f"rescue.on_repeat is refuse, and has no effect: {why}, and only where answers are kept retries are refused"
    if settings.calls.server_timeout is ServerTimeout.FROM_CLIENT and settings.rescues:
        yield (
            "calls.server_timeout is from_client: what Google stops because nobody waits for it any more, no retry can be given"
        )
    for name, upstream in settings.upstreams.items():
        for place, rule in enumerate(upstream.routes):
            if rule.path.startswith(f"/{name}/"):
                yield (
                    f"upstreams.{name}.routes[{place}] begins with the upstream's own name: it matches /{name}{rule.path} "
                    f"of the proxy, not {rule.path}"
                )


def _certificates(settings: Settings) -> Iterator[Conflict]:
    """Files that TLS could not use, found now and not at the first call."""
    files: list[tuple[Path, FilePath | None]] = [(("egress", "ca_file"), settings.egress.ca_file)]
    files += [(("upstreams", name, "ca_file"), upstream.ca_file) for name, upstream in settings.upstreams.items()]
    for path, ca_file in files:
        if ca_file is not None and (problem := problem_of_authorities(ca_file)):
            yield path, f"'{ca_file}' {problem}", "write the path of a PEM file of certificate authorities"
    for name, upstream in settings.upstreams.items():
        yield from _pair(("upstreams", name), upstream)


def _pair(path: Path, upstream: Upstream) -> Iterator[Conflict]:
    certificate, key = upstream.client_certificate_file, upstream.client_key_file
    if key is None and certificate is not None:
        yield (*path, "client_certificate_file"), "has no key", "set client_key_file too"
    elif certificate is None and key is not None:
        yield (*path, "client_key_file"), "has no certificate", "set client_certificate_file too"
    elif certificate is not None and key is not None and (problem := problem_of_pair(certificate, key)):
        yield (*path, "client_key_file"), f"'{key}' {problem}", "give both halves of one pair"
