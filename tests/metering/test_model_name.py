import pytest

from sidecar.metering.model_name import plain_names


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
    ],
)
def test_a_model_has_one_plain_name_however_it_is_written(provider, written, names):
    assert plain_names(provider, written) == names


@pytest.mark.parametrize("written", ["tunedModels/gemini-2.5-flash", "projects/p/locations/l/endpoints/123"])
def test_a_tuned_or_deployed_model_is_not_taken_for_its_base(written):
    assert plain_names("gemini", written) == (written.lower(),)
