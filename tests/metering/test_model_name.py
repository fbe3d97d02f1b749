import pytest

from sidecar.metering.model_name import is_provisioned, plain_names, undated


@pytest.mark.parametrize(
    ("provider", "written", "names"),
    [
        ("gemini", "gemini-2.5-flash", ("gemini-2.5-flash",)),
        ("gemini", "models/gemini-2.5-flash", ("gemini-2.5-flash",)),
        ("gemini", " Gemini-2.5-Flash ", ("gemini-2.5-flash",)),
        ("vertex", "publishers/google/models/gemini-2.5-flash", ("gemini-2.5-flash",)),
        ("vertex", "projects/p/locations/l/publishers/google/models/gemini-2.5-pro", ("gemini-2.5-pro",)),
        ("vertex", "google/gemini-2.5-flash", ("gemini-2.5-flash",)),
        ("vertex", "anthropic/claude-opus-4-5@20251101", ("claude-opus-4-5@20251101", "claude-opus-4-5")),
        ("vertex", "gemini-2.5-flash@default", ("gemini-2.5-flash@default", "gemini-2.5-flash")),
        ("openai", "Qwen/Qwen2.5-7B", ("qwen/qwen2.5-7b",)),
        ("openai", "google/gemma-3", ("google/gemma-3",)),
        ("groq", "openai/gpt-oss-120b", ("openai/gpt-oss-120b",)),
        ("openai", "ft:gpt-4o-2024-08-06:me::abc", ("ft:gpt-4o-2024-08-06:me::abc",)),
        ("fireworks", "accounts/fireworks/models/glm-5p1", ("accounts/fireworks/models/glm-5p1", "glm-5p1")),
        ("fireworks", "glm-5p1", ("glm-5p1", "accounts/fireworks/models/glm-5p1")),
        (
            "fireworks",
            "accounts/me/models/mine",
            ("accounts/me/models/mine", "accounts/fireworks/models/accounts/me/models/mine"),
        ),
        ("bedrock", "amazon.nova-pro-v1:0", ("amazon.nova-pro-v1:0",)),
        ("bedrock", "us.anthropic.claude-x-v1:0", ("us.anthropic.claude-x-v1:0", "anthropic.claude-x-v1:0")),
        ("bedrock", "apac.anthropic.claude-x-v1:0", ("apac.anthropic.claude-x-v1:0", "anthropic.claude-x-v1:0")),
        ("bedrock", "us-gov.anthropic.claude-x", ("us-gov.anthropic.claude-x", "anthropic.claude-x")),
        ("bedrock", "global.anthropic.claude-x-v1:0", ("global.anthropic.claude-x-v1:0",)),
        ("bedrock", "meta.llama3-1-8b-instruct-v1:0", ("meta.llama3-1-8b-instruct-v1:0",)),
        (
            "bedrock",
            "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.anthropic.claude-x",
            ("eu.anthropic.claude-x", "anthropic.claude-x"),
        ),
        ("bedrock", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-pro-v1:0", ("amazon.nova-pro-v1:0",)),
        ("bedrock", "arn:aws:bedrock:us-east-1:1:application-inference-profile/ab12", ("ab12",)),
    ],
)
def test_a_model_has_one_plain_name_however_it_is_written(provider, written, names):
    assert plain_names(provider, written) == names


@pytest.mark.parametrize("written", ["tunedModels/gemini-2.5-flash", "projects/p/locations/l/endpoints/123"])
def test_a_tuned_or_deployed_model_is_not_taken_for_its_base(written):
    assert plain_names("gemini", written) == (written.lower(),)


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("gpt-4.1-2025-04-14", "gpt-4.1"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("mistral-large-latest", "mistral-large"),
        ("mistral-large-2411", "mistral-large-2411"),
        ("gpt-4.1", "gpt-4.1"),
    ],
)
def test_a_snapshots_date_can_be_left_out_where_it_is_a_whole_one(name, without):
    assert undated(name) == without


@pytest.mark.parametrize(
    ("model", "is_so"),
    [
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/ab12", True),
        ("arn:aws-us-gov:bedrock:us-gov-west-1:1:provisioned-model/ab12", True),
        ("arn:aws:bedrock:us-east-1:1:inference-profile/us.x", False),
        ("provisioned-model/ab12", False),
    ],
)
def test_the_arn_of_a_provisioned_model_says_so(model, is_so):
    assert is_provisioned(model) is is_so
