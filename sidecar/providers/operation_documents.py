"""Documents that describe an operation, as data: where its name, its state and its moments stand, and what its words mean.

What is not there is left out, what is of another type counts as not there, and a word that we don't know means that the
operation runs. A `report` tells what it used; before the end that is no more than a lower bound.
"""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, Unreadable, decoded, value_of
from sidecar.metering.money import ZERO
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.figures import Figures
from sidecar.providers.names import mark_of, name_of
from sidecar.providers.observing import ENDS, Extract, id_of, moment_of
from sidecar.providers.operation import Observed, Progress
from sidecar.providers.reported import at_least

END_NOT_SEEN = "end_not_seen"
"""It has not ended: more may be used yet."""
CUT_SHORT = "..."
"""What stands for a string in the skeleton of a long document that was too long to be kept: no operation is called so."""
NO_WORDS: Mapping[str, Progress] = {}
"""Of a state that is an object, and is told by a judge."""
MOST_LISTED = 1000
"""Operations of a listing that are looked at."""

NOTHING_BILLED = Reported(Usage(), cost_usd=ZERO)
"""Where the provider documents that such an end is not billed, which is a bill of 0 and not an unknown one. (Ugly: the bill then
names the provider as the one who told the sum, and it told the rule.)"""

FIELDS = msgspec.json.Decoder(dict[str, Raw])
LISTING = msgspec.json.Decoder(dict[str, Raw] | list[Raw])
ROWS = msgspec.json.Decoder(list[Raw])


class Described(Struct, frozen=True):
    """A document that describes an operation, read as far as its members."""

    document: bytes
    fields: Mapping[str, Raw]
    progress: Progress = Progress.RUNNING

    def value(self, name: str) -> object:
        """What a member says; None when it is absent or can't be read."""
        return value_of(self.fields[name]) if name in self.fields else None

    def figures(self, name: str) -> Figures:
        """The numbers in a member that is an object."""
        return Figures(self.value(name))

    def has_ended(self) -> bool:
        """Whether its state is one of the last."""
        return self.progress in ENDS


Report = Callable[[Described], Reported | None]
Judge = Callable[[Described], Progress]


class Shape(Struct, frozen=True, kw_only=True):
    """Where in a document stands what. Names of members; empty for nowhere."""

    words: Mapping[str, Progress]
    """What the state's words mean."""
    id: str = "id"
    state: str = "status"
    inner: str = ""
    """The member that holds all of this, where the document is an envelope."""
    is_enveloped: bool = False
    """A document without that member describes nothing."""
    kind: tuple[str, str] | None = None
    """A member, and what it has to say, where other documents look alike (`object`, `thread.run`)."""
    model: str = "model"
    created_at: str = "created_at"
    ended_at: tuple[str, ...] = ()
    """Members of which the first that says something counts."""
    mark: str = ""
    """The member whose digest is the mark (`RequestFacts.mark`)."""
    results: str = ""
    """The member that names the results, where usage stands in them and `report` finds none."""
    judge: Judge | None = None
    """Tells the progress where no word does."""
    named: Callable[[Described, str], str] | None = None
    """Makes the operation's name out of its id and what else is there."""
    report: Report | None = None
    """Tells what was used."""


def described_by(shape: Shape) -> Extract:
    """The function that reads documents of a shape. Raises `Unreadable` when it is given none."""
    return partial(observed_by, shape)


def observed_by(shape: Shape, document: bytes) -> Observed | None:
    """What a document of this shape says; None when it describes no operation.

    Raises:
        Unreadable: the document is no JSON object, or not a whole one.
    """
    fields = decoded(FIELDS, document)
    if shape.inner and (inner := fields.get(shape.inner, NULL)) != NULL:
        document = bytes(inner)
        fields = decoded(FIELDS, document)
    elif shape.is_enveloped:
        return None
    return observed_in_fields(shape, Described(document, fields))


def observed_in_fields(shape: Shape, told: Described) -> Observed | None:
    """The same of the members themselves."""
    identity = identity_of(told.value(shape.id)) if shape.id else ""
    is_other_kind = shape.kind is not None and told.value(shape.kind[0]) != shape.kind[1]
    has_state = isinstance(told.value(shape.state), dict if shape.words == NO_WORDS else str)
    if is_other_kind or not (identity or has_state):
        return None
    told = msgspec.structs.replace(told, progress=progress_of(shape, told))
    reported = reported_by(shape, told)
    ended_at = (moment_of(told.value(name)) for name in shape.ended_at) if told.has_ended() else ()
    return Observed(
        told.progress,
        shape.named(told, identity) if shape.named and identity else identity,
        model_in(told.value(shape.model)),
        reported,
        next((moment for moment in ended_at if moment is not None), None),
        identity_of(told.value(shape.results)) if shape.results and told.has_ended() and reported is None else "",
        moment_of(told.value(shape.created_at)),
        marked(told.value(shape.mark)) if shape.mark else "",
    )


def progress_of(shape: Shape, told: Described) -> Progress:
    """How far it is: by its state's word in whatever case, or as a judge sees it."""
    word = told.value(shape.state)
    told = msgspec.structs.replace(told, progress=word_in(shape.words, word))
    return shape.judge(told) if shape.judge else told.progress


def word_in(words: Mapping[str, Progress], word: object) -> Progress:
    """What a state's word means."""
    return words.get(word, Progress.RUNNING) if isinstance(word, str) else Progress.RUNNING


def reported_by(shape: Shape, told: Described) -> Reported | None:
    """What was used; of what has not ended, a lower bound."""
    if shape.report is None:
        return None
    try:
        reported = shape.report(told)
    except Unreadable:
        return None
    return reported if reported is None or told.has_ended() else at_least(reported, END_NOT_SEEN)


def nothing_in(document: bytes) -> None:
    """What a reply says that goes with an operation and describes none: it renews, and an end is not taken from it."""


# === single values ===


def identity_of(value: object) -> str:
    """A provider's name for something; empty when it is none."""
    identity = id_of(value)
    return "" if identity == CUT_SHORT else identity


def model_in(value: object) -> str:
    """A model's name, which may stand in an object as its `id`."""
    return name_of(value.get("id") if isinstance(value, dict) else value)


def marked(value: object) -> str:
    """The mark that a value makes: of a text, or of a list of texts."""
    if isinstance(value, list):
        value = ",".join(part for part in value[:MOST_LISTED] if isinstance(part, str))
    return mark_of(value) if isinstance(value, str) and value != CUT_SHORT else ""


# === listings ===


def listed_by(shape: Shape, members: str = "data") -> Callable[[bytes], tuple[Observed, ...]]:
    """The function that reads a listing of such documents, which stand in a member, or are all there is. Never raises."""
    return partial(observed_in_list, shape, members)


def observed_in_list(shape: Shape, members: str, document: bytes) -> tuple[Observed, ...]:
    """The operations in a listing."""
    try:
        found = decoded(LISTING, document)
        rows = found if isinstance(found, list) else decoded(ROWS, bytes(found.get(members, NULL)))
    except Unreadable:
        return ()
    listed = (row_in_list(shape, bytes(row)) for row in rows[:MOST_LISTED])
    return tuple(observed for observed in listed if observed is not None and observed.provider_id)


def row_in_list(shape: Shape, document: bytes) -> Observed | None:
    """One of them."""
    try:
        return observed_by(shape, document)
    except Unreadable:
        return None
