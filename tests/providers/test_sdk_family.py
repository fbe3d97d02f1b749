"""What SDKs say of themselves: read from their own requests, and from those that are written down in providers-wire 8."""

import math

import pytest
from hypothesis import given, strategies as st

from sidecar.providers.sdk_family import (
    GRACE_SECONDS,
    LONGEST_TIMEOUT_SECONDS,
    SdkFamily,
    Sender,
    caller_timeout_seconds,
    follows,
    grace_seconds,
    sender_of,
)
from tests.providers import attempts

STAINLESS, TOGETHER, UNKNOWN = SdkFamily.STAINLESS, SdkFamily.TOGETHER, SdkFamily.UNKNOWN
BOTO3, LEGACY = SdkFamily.BOTO3, SdkFamily.BOTO3_LEGACY
BOTOS = "Boto3/1.44.5 md/Botocore#1.44.5 cfg/retry-mode#"


def block(*lines: str) -> bytes:
    """Header fields as `RequestHead.fields`."""
    return b"".join(b"\r\n" + line.encode("latin-1") for line in lines)


def seen(call: attempts.SdkCall) -> list[Sender]:
    return [sender_of(head.fields) for head in attempts.attempts_of(call)]


# === who sent it ===


@pytest.mark.parametrize("name", ["openai", "openai stream", "openai upload", "openai async", "anthropic", "groq"])
def test_stainless_counts_its_attempts(name: str) -> None:
    assert seen(attempts.RETRYING[name]) == [Sender(STAINLESS, 1), Sender(STAINLESS, 2)]


def test_boto3_names_its_call_and_its_limit() -> None:
    first, second = seen(attempts.bedrock_converse)
    assert first == Sender(BOTO3, 1, 2, first.call_id)
    assert second == Sender(BOTO3, 2, 2, first.call_id)
    assert len(first.call_id) == 36


def test_boto3_in_legacy_mode_says_its_limit_with_the_second_attempt() -> None:
    first, second = seen(attempts.bedrock_legacy)
    assert first == Sender(LEGACY, 1, 0, first.call_id)
    assert second == Sender(LEGACY, 2, 2, first.call_id)


@pytest.mark.parametrize("name", ["google-genai", "google-genai async", "cohere"])
def test_sdks_without_marks_are_unknown(name: str) -> None:
    assert seen(attempts.RETRYING[name]) == [Sender(), Sender()]


@pytest.mark.parametrize(
    ("fields", "sender"),
    [
        (b"", Sender()),
        (block("User-Agent: curl/8.5.0", "Accept: */*"), Sender()),
        (block("X-Stainless-Retry-Count: 0"), Sender(STAINLESS, 1)),
        (block("x-stainless-lang: js", "X-STAINLESS-RETRY-COUNT: \t2 "), Sender(STAINLESS, 3)),
        (block("x-stainless-lang: python"), Sender(STAINLESS)),
        (block("user-agent: Together/Python 3.1.0", "x-stainless-retry-count: 1"), Sender(TOGETHER, 2)),
        (block("user-agent: AsyncTogether/Python 3.1.0", "x-stainless-retry-count: 0"), Sender(TOGETHER, 1)),
        (block("user-agent: mine (like Together/Python)", "x-stainless-retry-count: 0"), Sender(STAINLESS, 1)),
        (block(f"User-Agent: {BOTOS}adaptive", "amz-sdk-request: attempt=2; max=3"), Sender(BOTO3, 2, 3)),
        (block(f"User-Agent: {BOTOS}legacy", "amz-sdk-request: attempt=2; max=5"), Sender(LEGACY, 2, 5)),
        (block("User-Agent: Boto3/1.28.0", "amz-sdk-request: attempt=1"), Sender(LEGACY, 1)),
        (
            block("amz-sdk-request: attempt=2; max=3", "amz-sdk-invocation-id: Ab-1"),
            Sender(SdkFamily.AWS, 2, 3, "Ab-1"),
        ),
        (block("amz-sdk-request: ttl=20261120T101112Z; attempt=2; max=3"), Sender(SdkFamily.AWS, 2, 3)),
    ],
)
def test_marks_are_read_as_they_are_written(fields: bytes, sender: Sender) -> None:
    assert sender_of(fields) == sender


@pytest.mark.parametrize(
    "count", ["", "-1", "+1", "1.0", "one", "1 2", "NaN", "\xb2", "9" * 10, "9" * 5000, "0x1", "1_0"]
)
def test_count_that_is_none__attempt_not_said(count: str) -> None:
    assert sender_of(block(f"x-stainless-retry-count: {count}")) == Sender(STAINLESS)


@pytest.mark.parametrize("said", ["", "attempt=", "attempt=-1", "attempts=2", "preattempt=2", f"attempt={'9' * 5000}"])
def test_attempt_that_is_none__not_said(said: str) -> None:
    assert sender_of(block(f"amz-sdk-request: {said}")) == Sender(SdkFamily.AWS)


def test_call_id_that_is_no_id__none() -> None:
    assert sender_of(block("amz-sdk-invocation-id: " + "a" * 101)).call_id == ""


def test_mark_in_the_middle_of_a_value_is_none() -> None:
    assert sender_of(block("x-note: x-stainless-retry-count: 3")) == Sender()


@given(st.lists(st.one_of(st.binary(), st.sampled_from([
    b"\r\n", b":", b"x-stainless-retry-count", b"amz-sdk-request", b"amz-sdk-invocation-id", b"user-agent", b" attempt=",
    b"; max=", b"boto3/", b"99999999999", b"-timeout:", b"\r\nx-stainless-timeout:", b"\r\nx-server-timeout:",
]))).map(b"".join))  # fmt: skip
def test_junk_is_read_without_an_error(fields: bytes) -> None:
    sender = sender_of(fields)
    assert grace_seconds(sender) >= 0
    assert not follows(sender, sender)
    told = caller_timeout_seconds(fields)
    assert told is None or 0 < told <= LONGEST_TIMEOUT_SECONDS


# === when it comes again ===


def test_later_attempt_of_the_same_call_follows_the_earlier_one_and_no_other() -> None:
    first, second = (Sender(BOTO3, attempt, call_id="one") for attempt in (1, 2))
    assert follows(second, first)
    assert not follows(first, second)
    assert not follows(Sender(BOTO3, 2, call_id="other"), first)


def test_attempt_of_a_call_without_an_id_follows_none() -> None:
    assert not follows(Sender(STAINLESS, 2), Sender(STAINLESS, 1))


@pytest.mark.parametrize(
    ("family", "graces"),
    [
        (STAINLESS, [1.5, 2.5, 3.5, 5.5, 8.5, 8.5]),
        (TOGETHER, [2.0, 3.5, 5.5, 9.5, 10.5, 10.5]),
        (BOTO3, [0.5, 0.5, 0.7, 0.9, 1.3, 2.1]),
        (LEGACY, [1.5, 2.5, 4.5, 8.5, 16.5, 20.0]),
        (SdkFamily.AWS, [0.0] * 6),
        (UNKNOWN, [0.0] * 6),
    ],
)
def test_grace_grows_with_the_attempts(family: SdkFamily, graces: list[float]) -> None:
    assert [grace_seconds(Sender(family, attempt)) for attempt in range(1, 7)] == graces


@pytest.mark.parametrize("family", GRACE_SECONDS)
def test_attempt_that_is_not_said__grace_of_the_first(family: SdkFamily) -> None:
    assert grace_seconds(Sender(family)) == grace_seconds(Sender(family, 1))


@pytest.mark.parametrize(("attempt", "grace"), [(1, 0.5), (2, 0.5), (3, 0.0), (4, 0.0)])
def test_no_grace_behind_the_last_attempt(attempt: int, grace: float) -> None:
    assert grace_seconds(Sender(BOTO3, attempt, 3)) == grace


@given(
    st.sampled_from([STAINLESS, BOTO3, LEGACY, TOGETHER]),
    st.integers(1, 8),
    st.floats(0, 1, exclude_max=True),
)
def test_next_attempt_comes_within_the_grace(family: SdkFamily, attempt: int, drawn: float) -> None:
    """By the formulas in the SDKs' sources. A legacy call has five attempts unless an application says otherwise."""
    waits = {
        STAINLESS: min(0.5 * 2 ** (attempt - 1), 8) * (1 - 0.25 * drawn),
        TOGETHER: min(1.0 * 2 ** (attempt - 1), 10) * (1 - 0.25 * drawn),
        BOTO3: drawn * min(0.05 * 2 ** (attempt - 1), 20),
        LEGACY: drawn * 2 ** (min(attempt, 4) - 1),
    }
    assert waits[family] + 0.25 <= grace_seconds(Sender(family, attempt))


# === how long its caller waits ===


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("openai", 7.5),
        ("openai stream", 600.0),
        ("anthropic", 600.0),
        ("anthropic stream", 7.5),  # beside `x-stainless-timeout: NOT_GIVEN`
        ("groq", 60.0),
        ("google-genai", 8.0),  # of 7.5
        ("google-genai async", None),
        ("cohere", None),
        ("boto3", None),
    ],
)
def test_sdk_says_how_long_its_caller_waits(name: str, seconds: float | None) -> None:
    assert {caller_timeout_seconds(head.fields) for head in attempts.attempts_of(attempts.RETRYING[name])} == {seconds}


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        (["x-stainless-timeout: NOT_GIVEN", "x-stainless-read-timeout: 30"], 30.0),
        (["x-stainless-timeout: 5", "x-stainless-read-timeout: 4.75"], 4.75),
        (["x-stainless-read-timeout: None", "X-Stainless-Timeout: 60"], 60.0),
        (["x-server-timeout: 5", "x-stainless-timeout: 4"], 4.0),
        (["X-SERVER-TIMEOUT:3 \t", "accept: */*"], 3.0),
        (["x-stainless-timeout: 604800"], 604800.0),
        (["x-request-timeout: 3"], None),
        (["x-fal-request-timeout: 30.0"], None),  # until fal starts, not until it answers
        (["prefer: wait=5"], None),  # Replicate then answers without the output
        (["x-note: x-stainless-timeout: 5"], None),
    ],
)
def test_timeouts_are_read_where_they_say_how_long_a_caller_waits(lines: list[str], seconds: float | None) -> None:
    assert caller_timeout_seconds(block(*lines)) == seconds


@pytest.mark.parametrize(
    "said",
    ["", "0", "0.0", "-1", "+1", "nan", "inf", "Infinity", "NOT_GIVEN", "None", "1e3", "1e-05", "604801", "9" * 400, "5s",
     "1,5", ".5", "5.", "5 6", "\xb2", "0." + "0" * 20 + "1", "1_0"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["x-stainless-read-timeout", "x-stainless-timeout", "x-server-timeout"])
def test_time_that_nobody_waits__none(name: str, said: str) -> None:
    assert caller_timeout_seconds(block(f"{name}: {said}", "accept: */*")) is None


@given(st.floats(0.0001, LONGEST_TIMEOUT_SECONDS))
def test_any_time_that_python_writes_is_read(seconds: float) -> None:
    told = caller_timeout_seconds(block(f"x-stainless-read-timeout: {seconds}"))
    assert told is not None
    assert math.isclose(told, seconds)
