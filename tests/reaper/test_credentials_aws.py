"""Signatures for AWS, recomputed from AWS's own description of SigV4, without botocore."""

import hashlib
import hmac
import sys

import pytest

from sidecar.providers.answer import Signable, Unreachable
from sidecar.reaper.credentials_aws import AwsSignatures
from sidecar.reaper.credentials_source import NoCredential

pytestmark = pytest.mark.anyio

STOP = Signable("POST", "https://bedrock.us-west-2.amazonaws.com/model-invocation-job/arn%3Aaws%3Ax/stop", b"")


@pytest.fixture(autouse=True)
def account(monkeypatch, tmp_path):
    """Credentials in variables, and nothing else that botocore would find on this machine."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")


def hashed(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(date, region, host, path, signed, values):
    """Of a POST without a body."""
    empty = hashlib.sha256(b"").hexdigest()
    canonical = "\n".join(["POST", path, "", *values, "", signed, empty])
    scope = f"{date[:8]}/{region}/bedrock/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4canary"
    for part in (date[:8], region, "bedrock", "aws4_request"):
        key = hashed(key, part)
    return hashed(key, text).hex()


async def signed(request):
    return dict(await (await AwsSignatures().credential()).fields_for(request))


async def test_request_is_signed_for_its_host_and_moment():
    fields = await signed(STOP)
    date = fields[b"x-amz-date"].decode()
    names, values = "host;x-amz-date", ["host:bedrock.us-west-2.amazonaws.com", f"x-amz-date:{date}"]
    path = "/model-invocation-job/arn%253Aaws%253Ax/stop"  # AWS escapes again what stands in the path
    expected = signature(date, "us-west-2", "bedrock.us-west-2.amazonaws.com", path, names, values)
    assert fields[b"authorization"].decode() == (
        f"AWS4-HMAC-SHA256 Credential=AKID/{date[:8]}/us-west-2/bedrock/aws4_request, "
        f"SignedHeaders={names}, Signature={expected}"
    )
    assert set(fields) == {b"authorization", b"x-amz-date"}


async def test_token_of_a_role_goes_with_the_signature(monkeypatch):
    monkeypatch.setenv("AWS_SESSION_TOKEN", "role-token")
    fields = await signed(STOP)
    assert fields[b"x-amz-security-token"] == b"role-token"
    assert b"SignedHeaders=host;x-amz-date;x-amz-security-token" in fields[b"authorization"]


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("vpce-0a1b.bedrock.eu-central-1.vpce.amazonaws.com", "eu-central-1"),
        ("bedrock.internal.example:8443", "ap-south-1"),
    ],
)
async def test_region_is_the_hosts_else_the_configured_one(monkeypatch, host, region):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    assert f"/{region}/bedrock/".encode() in (await signed(Signable("GET", f"https://{host}/x", b"")))[b"authorization"]


async def test_without_any_region__it_says_what_to_set():
    with pytest.raises(Unreachable, match=r"no AWS region stands in the host gateway\.example.*AWS_DEFAULT_REGION"):
        await signed(Signable("GET", "https://gateway.example/x", b""))


async def test_without_credentials__it_says_what_to_do(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(NoCredential, match="botocore finds no credentials here"):
        await AwsSignatures().credential()


async def test_profile_that_is_not_there__is_said_without_its_details(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(NoCredential, match=r"botocore could not get credentials \(ProfileNotFound\)"):
        await AwsSignatures().credential()


async def test_without_botocore__it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(NoCredential, match=r"needs botocore, which is not installed; .*inference-sidecar\[aws\]"):
        await AwsSignatures().credential()


async def test_secret_is_shown_nowhere():
    signatures = AwsSignatures()
    credential = await signatures.credential()
    assert "canary" not in repr(signatures) + repr(credential) + str(credential.fields)
