"""The GenAI conventions' metrics, of the newest convention and of v1.41: one table, and what a settled call or operation adds.

The rules that the table holds (gen-ai-token-metrics.md, migration.md and changelog.d of semantic-conventions-genai): failed
operations are in the durations, with `error.type`, and in the counters of tokens, with 0 where none were reported; they are not
in the newest's histograms of tokens. Polls, and everything else that is no call, report nothing, so that the tokens of an
operation are counted once, when it settles.

Two of the metrics are not here, because we do not see what they measure: `time_to_first_chunk` (a reply's head may come long
before its first chunk) and `time_per_output_chunk`. Nor are the tokens of embeddings in the newest: it has no settled name for
them.
"""

from collections.abc import Iterator, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.telemetry.genai import EMBEDDINGS, Tokens, operation_name, provider_name, tokens_of
from sidecar.telemetry.spans_calls import UNREACHED, error_type, response_model

Convention = Literal["latest", "v1.41"]

SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)


class Kind(Enum):
    """What an instrument does with what it is told."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Measure(Enum):
    """What is measured."""

    DURATION = "duration"
    INPUT = "input"
    OUTPUT = "output"
    CACHE_READ = "cache_read"
    CACHE_WRITE = "cache_write"
    REASONING = "reasoning"


class Instrument(msgspec.Struct, frozen=True):
    """One row of the table."""

    name: str
    kind: Kind
    unit: str
    help: str
    measure: Measure
    buckets: tuple[float, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    """Attributes that all its measurements have."""
    by_modality: bool = False
    has_failed: bool = True
    """Failed operations are measured too."""
    has_lasting: bool = False
    """Operations that outlive their request are measured too. Not in durations and not in the newest's histograms, of single
    inferences: a batch of thousands that takes a day is none."""
    has_embeddings: bool = False
    has_inferences: bool = True


def _duration(name: str, *, has_embeddings: bool = False, has_inferences: bool = True) -> Instrument:
    return Instrument(
        name, Kind.HISTOGRAM, "s", "GenAI operation duration.", Measure.DURATION, SECONDS,
        has_embeddings=has_embeddings, has_inferences=has_inferences,
    )  # fmt: skip


def _counter(tail: str, measure: Measure, what: str) -> Instrument:
    name = f"gen_ai.client.inference.usage.{tail}"
    return Instrument(name, Kind.COUNTER, "{token}", what, measure, by_modality=True, has_lasting=True)


def _of_each(tail: str, measure: Measure) -> Instrument:
    name, what = (
        f"gen_ai.client.inference.operation.{tail}",
        f"The number of {measure.value} tokens per inference operation.",
    )
    return Instrument(name, Kind.HISTOGRAM, "{token}", what, measure, TOKENS, has_failed=False)


def _usage(measure: Measure) -> Instrument:
    return Instrument(
        "gen_ai.client.token.usage", Kind.HISTOGRAM, "{token}", "Number of input and output tokens used.", measure, TOKENS,
        more=(("gen_ai.token.type", measure.value),), has_lasting=True, has_embeddings=True,
    )  # fmt: skip


TABLE: Final[Mapping[Convention, tuple[Instrument, ...]]] = MappingProxyType({
    "latest": (
        _duration("gen_ai.client.inference.duration"),
        _duration("gen_ai.client.operation.duration", has_embeddings=True, has_inferences=False),
        _counter("input_tokens", Measure.INPUT, "The number of input (prompt) tokens used, including cached tokens."),
        _counter("output_tokens", Measure.OUTPUT, "The number of output (completion) tokens used, including reasoning tokens."),
        _counter("cache_read.input_tokens", Measure.CACHE_READ, "The number of input tokens served from a cache."),
        _counter("cache_write.input_tokens", Measure.CACHE_WRITE, "The number of input tokens written to a cache."),
        _counter("reasoning.output_tokens", Measure.REASONING, "The number of output tokens used for reasoning."),
        _of_each("input_tokens", Measure.INPUT),
        _of_each("output_tokens", Measure.OUTPUT),
    ),
    "v1.41": (
        _duration("gen_ai.client.operation.duration", has_embeddings=True),
        _usage(Measure.INPUT),
        _usage(Measure.OUTPUT),
    ),
})  # fmt: skip
"""By the convention that is chosen."""

NONE_TOLD: Final = Tokens(*({"unknown": 0} for _ in Tokens.__struct_fields__))


class Measured(msgspec.Struct, frozen=True):
    """What a settled call or operation is measured by."""

    operation: str
    provider: str
    request_model: str
    response_model: str | None
    error_type: str
    tokens: Tokens | None
    """None where the provider reported none."""
    seconds: float | None = None
    is_lasting: bool = False


def of_call(record: CallRecord, seconds: float) -> Measured | None:
    """What a call is measured by; None where no inference of its own was asked for, or nothing of its end is known.

    `seconds` is how long its span lasts, as the conventions want it.
    """
    if record.outcome in UNREACHED or record.outcome == Outcome.LOST:
        return None
    return Measured(
        operation=operation_name(record.method),
        provider=provider_name(record.provider),
        request_model=record.asked_model or record.model,
        response_model=response_model(record),
        error_type=error_type(record),
        tokens=tokens_of(record.usage, record.usage_basis),
        seconds=seconds,
    )


def of_operation(record: OperationRecord, error_type: str) -> Measured:
    """What an operation is measured by: its tokens."""
    return Measured(
        operation=operation_name(record.method, record.kind),
        provider=provider_name(record.provider),
        request_model=record.model,
        response_model=record.served_model,
        error_type=error_type,
        tokens=tokens_of(record.usage, record.usage_basis),
        is_lasting=True,
    )


def measurements(instrument: Instrument, measured: Measured) -> Iterator[tuple[float, tuple[tuple[str, str], ...]]]:
    """What an instrument is told: each amount, with the attributes that it has besides those of the call."""
    if not _takes(instrument, measured):
        return
    if instrument.measure is Measure.DURATION:
        if measured.seconds is not None:
            yield measured.seconds, ((("error.type", measured.error_type),) if measured.error_type else ())
        return
    tokens = measured.tokens or NONE_TOLD
    counts: dict[str, int] = getattr(tokens, instrument.measure.value)
    if instrument.by_modality:
        for modality, count in counts.items():
            yield count, (("gen_ai.token.modality", modality),)
    elif measured.tokens is not None:
        yield sum(counts.values()), instrument.more


def _takes(instrument: Instrument, measured: Measured) -> bool:
    is_embedding = measured.operation == EMBEDDINGS
    is_wanted = instrument.has_embeddings if is_embedding else instrument.has_inferences
    is_failed_and_left_out = bool(measured.error_type) and not instrument.has_failed
    return is_wanted and not is_failed_and_left_out and (instrument.has_lasting or not measured.is_lasting)
