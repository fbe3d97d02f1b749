"""Where a credential of ours is kept: one place, and never the key itself."""

import pytest

from sidecar.config.credential import CredentialSource
from sidecar.config.load import leaves
from sidecar.config.schema import dotted
from tests.config.loading import loaded, refusal

pytestmark = pytest.mark.usefixtures("folder")

ONE = "write one: {env: GEMINI_API_KEY}, {file: /run/secrets/key}, {google_adc: true} or {aws: true}"
HIDDEN = "what stands there (not shown: it may be the key itself) is not"


def of(upstream, text, dialect=""):
    settings = loaded(f"upstreams: {{{upstream}: {{{dialect}credential: {text}}}}}").settings
    return settings.upstreams[upstream].credential


def refused(text, upstream="gemini"):
    return refusal(f"upstreams: {{{upstream}: {{credential: {text}}}}}")


@pytest.mark.parametrize(
    ("upstream", "text", "shown"),
    [
        ("gemini", "{env: GEMINI_API_KEY}", "env GEMINI_API_KEY"),
        ("openai", "{file: /run/secrets/key}", "file /run/secrets/key"),
        ("anthropic", "{file: ./key}", "file ./key"),
        ("vertex", "{google_adc: true}", "google_adc"),
        ("gemini", "{google_adc: yes, env: null}", "google_adc"),
        ("bedrock", "{aws: true}", "aws"),
        ("bedrock", "{env: AWS_BEARER_TOKEN_BEDROCK}", "env AWS_BEARER_TOKEN_BEDROCK"),
    ],
)
def test_one_place_can_be_named(upstream, text, shown):
    assert str(of(upstream, text)) == shown


def test_none_is_named_unless_it_is_set():
    assert loaded().settings.upstreams["gemini"].credential is None
    assert of("gemini", "null") is None


def test_variable_names_one_too():
    settings = loaded(SIDECAR_UPSTREAMS__GEMINI__CREDENTIAL__ENV="K").settings
    assert settings.upstreams["gemini"].credential == CredentialSource(env="K")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{}", f"names no place; {ONE}"),
        ("{google_adc: false}", f"names no place; {ONE}"),
        ("{env: A, file: /b}", f"names several places: env, file; {ONE}"),
        ("{env: A, aws: true}", f"names several places: env, aws; {ONE}"),
    ],
)
def test_none_or_several__is_refused(text, sentence):
    assert refused(text) == f"s.yaml:1: upstreams.gemini.credential: {sentence}"


@pytest.mark.parametrize(
    ("text", "key", "sentence"),
    [
        ("sk-canary", "", f"{HIDDEN} a group of keys; {ONE}"),
        ("12345", "", f"{HIDDEN} a group of keys; {ONE}"),
        ("{env: sk-canary}", ".env", f"{HIDDEN} the name of a variable; write the variable's name, in capitals: GEMINI_API_KEY"),
        ("{env: AIzacanary}", ".env", f"{HIDDEN} the name of a variable; write the variable's name, in capitals: GEMINI_API_KEY"),
        ("{file: sk-canary}", ".file", f"{HIDDEN} the path of a file; write it with a slash: /run/secrets/key, or ./key"),
    ],
)  # fmt: skip
def test_key_in_place_of_its_place_is_refused_and_not_repeated(text, key, sentence):
    assert refused(text) == f"s.yaml:1: upstreams.gemini.credential{key}: {sentence}"


def test_key_in_a_variable_is_refused_and_not_repeated():
    assert "canary" not in refusal(SIDECAR_UPSTREAMS__GEMINI__CREDENTIAL="sk-canary")


def test_unknown_place_is_refused_with_those_that_there_are():
    assert refused("{vault: x}").endswith("credential.vault: unknown key; known here: env, file, google_adc, aws")


def test_access_token_of_google_is_not_sent_to_others():
    problem = "would send an access token of Google to api.openai.com, which does not speak gemini or vertex"
    assert problem in refused("{google_adc: true}", "openai")


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_other_dialects_at_googles_own_hosts_take_it(dialect):
    text = "{google_adc: true}, url: 'https://us-central1-aiplatform.googleapis.com'"
    assert of("there", text, f"dialect: {dialect}, ") == CredentialSource(google_adc=True)


@pytest.mark.parametrize("host", ["evilgoogleapis.com", "googleapis.com.evil.example"])
def test_hosts_that_only_look_like_googles_do_not(host):
    text = f"{{google_adc: true}}, url: 'https://{host}'"
    assert host in refusal(f"upstreams: {{there: {{dialect: openai, credential: {text}}}}}")


def test_signature_of_aws_is_for_bedrock_alone():
    assert "signs for AWS, and the upstream does not speak bedrock" in refused("{aws: true}", "openai")


def test_only_the_place_that_is_named_is_shown():
    settings = loaded("upstreams: {gemini: {credential: {env: K}}}").settings
    keys = [dotted(path) for path, _ in leaves(settings) if "credential" in path]
    assert "upstreams.gemini.credential.env" in keys
    assert not any(key.endswith((".file", ".google_adc", ".aws")) for key in keys)
