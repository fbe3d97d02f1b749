"""Azure OpenAI, also as part of Microsoft Foundry: OpenAI's dialect on a host of one's own.

Two styles of path (providers-wire 8): `/openai/deployments/{deployment}/..?api-version=..`, in which the deployment names the
model whatever the body says, and `/openai/v1/..` (or `/openai/responses?api-version=..`), in which the body does. The reply
names the model behind a deployment, and by that it is priced. The header `api-key` passes as any other.
"""

from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.openai import OpenAIDialect

HOSTS = (
    "*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com",
    "*.openai.azure.us", "*.cognitiveservices.azure.us", "*.openai.azure.cn", "*.cognitiveservices.azure.cn",
)  # fmt: skip
"""One for each resource, in the public cloud and in those of the US government and of China."""

AZURE = OpenAIDialect(name="azure", provider="azure", hosts=HOSTS, on_close=ON_CLOSE["azure"])
