"""Two attempts at one call are one request; whatever else differs makes two."""

import random

import pytest
from hypothesis import assume, given, strategies as st

from sidecar.providers.same_request import DIGEST_BYTES, NO_IDENTITY, PER_ATTEMPT, PER_ATTEMPT_BEGINNINGS, identity_of
from tests.providers import attempts

Lines = list[tuple[bytes, bytes]]

CALL = (b"amz-sdk-invocation-id", b"35df21d0-0b1e-4d4b-8a59-3f0f5a8f0001")
DIFFERING = [
    b"x-stainless-retry-count", b"amz-sdk-request", b"x-amz-date", b"date", b"traceparent", b"tracestate", b"b3", b"x-b3-spanid",
    b"x-datadog-parent-id", b"sentry-trace", b"x-amzn-trace-id", b"x-cloud-trace-context", b"uber-trace-id", b"newrelic",
    b"x-request-id", b"x-correlation-id", b"x-client-request-id", b"x-ms-client-request-id",
]  # fmt: skip

names = st.from_regex(rb"[a-z][a-z0-9-]{0,12}", fullmatch=True).filter(
    lambda name: name not in PER_ATTEMPT and not name.startswith(PER_ATTEMPT_BEGINNINGS)
)
values = st.from_regex(rb"[!-~](?:[ -~\x80-\xff]{0,20}[!-~])?", fullmatch=True)
counted = st.lists(st.tuples(names, values), max_size=8)
differing = st.lists(st.tuples(st.sampled_from(DIFFERING), values), max_size=4)
parts = st.lists(st.binary(max_size=8), max_size=4)


def block(lines: Lines) -> bytes:
    """Header fields as `RequestHead.fields`."""
    return b"".join(b"\r\n%b: %b" % line for line in lines)


def signature(
    hand: str, access_key: str = "AKIAEXAMPLE", signed: str = "content-type;host;x-amz-date"
) -> tuple[bytes, bytes]:
    scope = f"{access_key}/20261120/us-east-1/bedrock/aws4_request"
    value = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed}, Signature={hand * 64}"
    return b"Authorization", value.encode()


def shuffled(lines: Lines, seed: int) -> Lines:
    """In another order, but those of one name among themselves, whose order says something."""
    order = list({name for name, _ in lines})
    random.Random(seed).shuffle(order)
    return [line for name in order for line in lines if line[0] == name]


# === the SDKs' own attempts ===


@pytest.mark.parametrize("name", attempts.RETRYING)
def test_attempts_of_one_call_are_one_request(name: str) -> None:
    first, second = attempts.attempts_of(attempts.RETRYING[name])
    assert len(identity_of(first.fields)) == DIGEST_BYTES
    assert identity_of(first.fields) == identity_of(second.fields)


def test_third_attempt_is_the_same_request_too() -> None:
    heads = attempts.attempts_of(lambda url: attempts.openai_chat(url, retries=2))
    assert len(heads) == 3
    assert len({identity_of(head.fields) for head in heads}) == 1


BOTO3 = (
    b"Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python#3.11.7 m/%b cfg/retry-mode#standard Botocore/1.44.5"
)


def test_boto3_has_learnt_of_features_that_it_uses__still_the_same_request() -> None:
    first, second = (block([signature("a"), CALL, (b"User-Agent", BOTO3 % used)]) for used in (b"e", b"b,e,E,Z,N"))
    assert identity_of(first) == identity_of(second) != NO_IDENTITY


def test_agents_of_others_count_whole() -> None:
    first, second = (block([(b"User-Agent", b"an-agent m/" + used)]) for used in (b"e", b"b"))
    assert identity_of(first) != identity_of(second)


def test_two_calls_of_boto3_are_two_requests() -> None:
    one, other = (attempts.attempts_of(attempts.bedrock_converse)[0] for _ in range(2))
    assert identity_of(one.fields) != identity_of(other.fields)


def test_signed_without_the_call_s_id__like_no_other() -> None:
    heads = attempts.attempts_of(attempts.anthropic_on_bedrock)
    assert [identity_of(head.fields) for head in heads] == [NO_IDENTITY] * 2


# === what does not count ===


@given(counted, differing, differing, st.integers())
def test_order_case_and_what_differs_per_attempt_do_not_count(
    lines: Lines, first: Lines, second: Lines, seed: int
) -> None:
    again = [(name.upper() if seed % 2 else name.title(), value) for name, value in shuffled(lines + second, seed)]
    assert identity_of(block(lines + first)) == identity_of(block(again))


def test_space_around_a_value_does_not_count() -> None:
    assert identity_of(b"\r\na:1\r\nb: \t2 ") == identity_of(b"\r\na: 1\r\nb: 2")


def test_list_of_what_does_not_count_is_closed() -> None:
    """Whatever is added to it is one thing less that tells tenants apart."""
    assert {name for name in DIFFERING if not name.startswith(PER_ATTEMPT_BEGINNINGS)} == PER_ATTEMPT
    assert set(PER_ATTEMPT_BEGINNINGS) == {b"x-b3-", b"x-datadog-"}


@pytest.mark.parametrize("name", DIFFERING)
def test_field_that_differs_per_attempt_may_be_missing(name: bytes) -> None:
    assert identity_of(block([(b"accept", b"*/*"), (name, b"1")])) == identity_of(block([(b"accept", b"*/*")]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"multipart/form-data; boundary=a", b"multipart/form-data; boundary=bb"),
        (b"Multipart/Form-Data; Boundary=a", b"Multipart/Form-Data; bOUNDARY=b"),
        (b'multipart/form-data; boundary="a; \\"b"', b"multipart/form-data;boundary=b"),
        (b"multipart/related; boundary=a; type=x", b"multipart/related; boundary=b; type=x"),
    ],
)
def test_boundary_and_the_length_that_hangs_on_it_do_not_count(one: bytes, other: bytes) -> None:
    lines = [[(b"Content-Length", b"%d" % len(value)), (b"Content-Type", value)] for value in (one, other)]
    assert identity_of(block(lines[0])) == identity_of(block(lines[1]))


# === what counts ===


@given(counted, names, values, st.data())
def test_any_other_field_counts(lines: Lines, name: bytes, value: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(lines)))
    more = [*lines[:place], (name, value), *lines[place:]]
    assert identity_of(block(more)) != identity_of(block(lines))


@given(counted.filter(bool), values, st.data())
def test_any_other_value_counts(lines: Lines, value: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(lines) - 1))
    name, old = lines[place]
    assume(value != old)
    assert identity_of(block([*lines[:place], (name, value), *lines[place + 1 :]])) != identity_of(block(lines))


@pytest.mark.parametrize(
    "name",
    [b"x-tenant", b"baggage", b"cookie", b"idempotency-key", b"user-agent", b"x-forwarded-for", b"openai-project",
     b"x-stainless-read-timeout", b"amz-sdk-invocation-id", b"x-b30", b"datadog-id"],
)  # fmt: skip
def test_tenants_told_apart_by_one_field_are_two(name: bytes) -> None:
    alike = (b"authorization", b"Bearer gateway")
    assert identity_of(block([alike, (name, b"one")])) != identity_of(block([alike, (name, b"two")]))


def test_order_of_one_name_counts() -> None:
    assert identity_of(b"\r\na: 1\r\na: 2") != identity_of(b"\r\na: 2\r\na: 1")


def test_what_is_multipart_beside_its_boundary_counts() -> None:
    one, other = (block([(b"content-type", b"multipart/related; boundary=a; type=" + kind)]) for kind in (b"x", b"y"))
    assert identity_of(one) != identity_of(other)


@pytest.mark.parametrize(
    "kind", [b"application/json", b"application/x; boundary=a", b"x-multipart/form-data; boundary=a"]
)
def test_length_and_boundary_count_where_nothing_is_multipart(kind: bytes) -> None:
    fields = block([(b"content-type", kind), (b"content-length", b"10")])
    assert identity_of(fields) != identity_of(fields.replace(b"10", b"11"))
    assert b"boundary" not in kind or identity_of(fields) != identity_of(fields.replace(b"=a", b"=b"))


# === credentials ===


@given(values, values)
def test_credentials_count_by_value(one: bytes, other: bytes) -> None:
    assume(one != other)
    assert identity_of(block([(b"x-api-key", one)])) != identity_of(block([(b"x-api-key", other)]))


def test_no_credential_is_no_reason_to_have_no_identity() -> None:
    assert identity_of(block([(b"accept", b"*/*")])) != NO_IDENTITY
    assert identity_of(b"") != NO_IDENTITY


@given(st.text("abcdefghij", min_size=4, max_size=400))
def test_credential_leaves_nothing_but_a_digest(secret: str) -> None:
    digest = identity_of(block([(b"Authorization", b"Bearer " + secret.encode())]), b"body")
    assert len(digest) == DIGEST_BYTES
    assert secret not in repr(digest)


def test_signature_itself_does_not_count() -> None:
    first, second = (block([signature(hand), CALL, (b"X-Amz-Date", hand.encode())]) for hand in "ab")
    assert identity_of(first) == identity_of(second) != NO_IDENTITY


@pytest.mark.parametrize(
    "other",
    [
        [signature("a", access_key="AKIAOTHER"), CALL],
        [signature("a", signed="host"), CALL],
        [signature("a"), (CALL[0], b"another")],
        [signature("a"), CALL, (b"x-amz-security-token", b"a-session")],
        [(b"authorization", b"Bearer a"), CALL],
    ],
)
def test_another_signer_or_call_is_another_request(other: Lines) -> None:
    assert identity_of(block(other)) != identity_of(block([signature("a"), CALL]))


@pytest.mark.parametrize(
    "lines",
    [
        [signature("a")],
        [signature("a"), (CALL[0], b"")],
        [(b"authorization", b"AWS4-HMAC-SHA256"), CALL],
        [(b"authorization", b"AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=a"), CALL],
        [(b"authorization", b"AWS4-HMAC-SHA256 Credential=a/b, Signature=a"), CALL],
        [signature("a"), (b"authorization", b"AWS4-HMAC-SHA256 Signature=b"), CALL],
    ],
)
def test_signature_that_does_not_say_whose_call_it_is__like_no_other(lines: Lines) -> None:
    assert identity_of(block(lines)) == NO_IDENTITY


# === the other parts ===


@given(counted, parts, parts)
def test_other_parts_count_and_never_run_together(lines: Lines, one: list[bytes], other: list[bytes]) -> None:
    are_one = identity_of(block(lines), *one) == identity_of(block(lines), *other)
    assert are_one is (one == other)


def test_parts_that_are_one_text_are_told_apart() -> None:
    sequences = [(b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""), (b"", b"abc"), ()]
    assert len({identity_of(b"", *sequence) for sequence in sequences}) == len(sequences)


@given(st.lists(st.one_of(st.binary(), st.sampled_from([
    b"\r\n", b":", b"content-type:multipart/", b"; boundary=", b'"', b"\\", b"authorization:AWS4-", b" Credential=",
    b" SignedHeaders=", b"amz-sdk-invocation-id:a",
]))).map(b"".join), st.binary())  # fmt: skip
def test_junk_is_digested_without_an_error(fields: bytes, other: bytes) -> None:
    assert len(identity_of(fields, other)) in (0, DIGEST_BYTES)
