from fnmatch import fnmatchcase

import pytest

from sidecar.providers.azure import AZURE
from sidecar.providers.contract import Role

DEPLOYMENT = "/openai/deployments/my-dep"


@pytest.mark.parametrize(
    "path",
    [
        "/chat/completions",
        "/extensions/chat/completions",
        "/completions",
        "/embeddings",
        "/images/generations",
        "/images/edits",
        "/audio/speech",
        "/audio/transcriptions",
        "/audio/translations",
    ],
)
def test_a_deployment_is_the_model(path):
    route = AZURE.route("POST", f"{DEPLOYMENT}{path}?api-version=2024-10-21")
    assert route is not None
    assert (route.role, route.model, route.needs_body) == (Role.CALL, "my-dep", True)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/openai/v1/chat/completions", "chat.completions"),
        ("/openai/v1/responses", "responses"),
        ("/openai/responses?api-version=2025-03-01-preview", "responses"),
        ("/openai/responses/resp_1/cancel?api-version=x", "responses.cancel"),
        ("/openai/batches/batch_1/cancel?api-version=x", "batches.cancel"),
        ("/models/chat/completions?api-version=x", "chat.completions"),
    ],
)
def test_the_other_style_leaves_the_model_to_the_body(path, method):
    route = AZURE.route("POST", path)
    assert route is not None
    assert (route.method, route.model) == (method, "")


@pytest.mark.parametrize(
    "host", ["r.openai.azure.com", "r.cognitiveservices.azure.com", "r.services.ai.azure.com", "r.openai.azure.us"]
)
def test_resources_are_azure(host):
    assert any(fnmatchcase(host, glob) for glob in AZURE.hosts)


def test_azure_is_a_provider_of_its_own():
    assert (AZURE.name, AZURE.provider) == ("azure", "azure")
    assert not any(fnmatchcase("api.openai.com", glob) for glob in AZURE.hosts)
