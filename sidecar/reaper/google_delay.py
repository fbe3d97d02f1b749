"""How long Google wants us to wait: said in the body of its errors (`google.rpc.RetryInfo`, google-wire 9), not in a header."""

import re
from typing import Final

import msgspec
from msgspec import Struct

from sidecar.providers.answer import Answer

FIRST_ERROR: Final = 400
MOST_BYTES: Final = 64 * 1024
"""Of an error that is looked into."""
SECONDS: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s").fullmatch
"""A duration as protobuf writes it in JSON."""


class Detail(Struct, gc=False, rename="camel"):
    """One of the details; the others have no delay."""

    retry_delay: str = ""


class Status(Struct, gc=False):
    """`google.rpc.Status`."""

    details: list[Detail] = []


class Failure(Struct, gc=False):
    """The body of an error."""

    error: Status


FAILURE: Final = msgspec.json.Decoder(Failure | list[Failure])
"""Some surfaces put it into a list of one."""


def with_delay(answer: Answer) -> Answer:
    """The answer with what its body says of waiting, where no header did."""
    is_silent = answer.status >= FIRST_ERROR and answer.retry_after_seconds is None
    if not is_silent or len(answer.body) > MOST_BYTES:
        return answer
    delay_seconds = _delay_seconds(answer.body)
    return answer if delay_seconds is None else msgspec.structs.replace(answer, retry_after_seconds=delay_seconds)


def _delay_seconds(body: bytes) -> float | None:
    try:
        failure = FAILURE.decode(body)
    except msgspec.MsgspecError:
        return None
    failures = failure if isinstance(failure, list) else [failure]
    delays = (SECONDS(detail.retry_delay) for each in failures for detail in each.error.details)
    return next((float(delay[1]) for delay in delays if delay), None)
