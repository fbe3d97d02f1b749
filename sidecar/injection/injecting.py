"""`sidecar inject` without files and flags: text in, text out, and what is to be said about it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from sidecar.injection.additions import LABEL, Additions
from sidecar.injection.documents import Document, documents
from sidecar.injection.lines import Edit, Lines
from sidecar.injection.objections import containers_of, is_passed_over, objections
from sidecar.injection.patching import Entry, Patcher
from sidecar.injection.pod import injected
from sidecar.injection.pods import at, is_manifest, objects_of, pods_of, put, title
from sidecar.injection.problems import BadManifests, Path, Remark
from sidecar.injection.remarks import remarks
from sidecar.injection.rendering import indentation_of

KINDS = {
    "Pod", "PodTemplate", "ReplicationController", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob",
}  # fmt: skip
"""Of Kubernetes' own."""


class Injected(NamedTuple):
    """A text with the sidecar in its pods."""

    text: str
    images: tuple[str, ...]
    """The sidecar's image, for every pod and pod template that has the sidecar now, those that had it before included."""
    notes: tuple[str, ...]
    """Sentences for people, each with its file and line."""


class Plan(NamedTuple):
    """What is to become of one document."""

    wanted: Any
    images: list[str]
    problems: list[Remark]
    notes: list[Remark]


def inject(text: str, additions: Additions, name: str = "-") -> Injected:
    """Inject every pod of a text of YAML or JSON.

    `name` is the file's, for sentences. Everything that was in the text is in the result, byte for byte, in its order, but for
    values of the sidecar itself that are brought up to date, and for `[]`, `{}` and `null` where something is now. A text with
    nothing to do comes back as it is. Sentences count lines in the text as it was given.

    Raises:
        BadManifests: names everything for which this can't be done.
    """
    body = text.removeprefix("\N{BYTE ORDER MARK}")
    found = documents(body, name)
    plans = [_plan(document.value, additions) for document in found]
    where = [_placed(document, name) for document in found]
    if problems := [where[place](remark) for place, plan in enumerate(plans) for remark in plan.problems]:
        raise BadManifests(problems)
    notes = tuple(where[place](remark) for place, plan in enumerate(plans) for remark in plan.notes)
    lines = Lines(body)
    result = lines.edited(
        edit for document, plan in zip(found, plans, strict=True) for edit in _edits(lines, document, plan)
    )
    if result != body:
        _check(result, found, plans, name)
    return Injected(
        text[: len(text) - len(body)] + result, tuple(image for plan in plans for image in plan.images), notes
    )


def _plan(document: Any, additions: Additions) -> Plan:  # noqa: ANN401  whatever stands in a file
    plan = Plan(document, [], [], [])
    for path in objects_of(document):
        found = at(document, path)
        if not is_manifest(found):
            plan.problems.append(Remark(path, "is no Kubernetes manifest, which has apiVersion and kind"))
            continue
        for place in pods_of(found):
            plan = _with_pod(plan, (*path, *place), title(found), additions)
            if found["kind"] not in KINDS:
                said = f"{title(found)}: this kind is not Kubernetes' own; it is taken for what it looks like"
                plan.notes.append(Remark(path, said))
    return plan


def _with_pod(plan: Plan, path: Path, owner: str, additions: Additions) -> Plan:
    """The plan with one pod more."""
    pod = at(plan.wanted, path)
    if is_passed_over(pod):
        said = f'{owner}: passed over, as its pods are labelled {LABEL}: "false"'
        plan.notes.append(Remark((*path, "metadata", "labels", LABEL), said))
        return plan
    objected = list(objections(pod, additions))
    plan.problems.extend(_of(owner, path, objected))
    if objected:
        return plan
    plan.notes.extend(_of(owner, path, remarks(pod, additions)))
    new = injected(pod, additions)
    plan.images.extend(str(each["image"]) for _, each in containers_of(new) if each.get("name") == additions.name)
    return plan._replace(wanted=put(plan.wanted, path, new))


def _of(owner: str, path: Path, said: Iterable[Remark]) -> Iterator[Remark]:
    """What was said of a pod, as said of a document."""
    return (Remark((*path, *remark.path), f"{owner}: {remark.sentence}") for remark in said)


def _edits(lines: Lines, document: Document, plan: Plan) -> Iterable[Edit]:
    patcher = Patcher(lines, indentation_of(document.root))
    root = document.root
    patcher.change(Entry(root.start_mark.index, None, root, in_block=True), document.value, plan.wanted)
    return patcher.edits


def _check(text: str, found: list[Document], plans: list[Plan], name: str) -> None:
    """Read what was written: it must be what was wanted, and nothing else."""
    try:
        written = [document.value for document in documents(text, name)]
    except BadManifests:
        written = []
    for place, (document, plan) in enumerate(zip(found, plans, strict=True)):
        if len(written) != len(plans) or written[place] != plan.wanted:
            said = "can't be injected: an alias or an unusual layout stands in the way; write out what *name stands for"
            raise BadManifests([_placed(document, name)(Remark((), said))])


def _placed(document: Document, name: str) -> Callable[[Remark], str]:
    return lambda remark: f"{name}:{document.line(remark.path)}: {remark.sentence}"
