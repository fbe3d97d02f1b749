from collections.abc import Mapping

from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead
from sidecar.providers.form_request import FormRequest
from tests.bodies.cutting import bytewise, zipped
from tests.bodies.forms import BOUNDARY, FORM, TOLD


def seen(fields: Mapping[str, object]) -> RequestFacts:
    return RequestFacts(" ".join(f"{name}={value}" for name, value in fields.items()))


def read(*pieces: bytes, coding: str = "") -> FormRequest:
    form = FormRequest(seen, RequestHead(f"multipart/form-data; boundary={BOUNDARY}", coding))
    assert form.facts() is NO_FACTS
    for piece in pieces:
        form.feed(piece)
    form.finish()
    return form


def test_the_fields_are_told_at_the_end():
    assert read(FORM).facts() == seen(TOLD)


def test_a_coded_form_is_read():
    assert read(*bytewise(zipped(FORM)), coding="gzip").facts() == seen(TOLD)


def test_text_is_counted_and_files_are_not():
    assert read(FORM).text_bytes() == sum(len(value) for value in TOLD.values())


def test_a_form_in_an_unknown_coding_tells_nothing():
    assert read(FORM, coding="x").facts() == seen({})
