"""DeepSeek: OpenAI's dialect, with the cache's share of a prompt in fields of its own (providers-wire 4).

While a call waits for its turn, empty lines come before the document, and comments (`: keep-alive`) before the first event:
neither is an answer. `prompt_cache_hit_tokens` and `_miss_tokens` together are `prompt_tokens` (api-docs.deepseek.com).
Anthropic's dialect is spoken below `/anthropic`.
"""

from sidecar.providers.anthropic import MESSAGES_ROUTES
from sidecar.providers.facts import ON_CLOSE
from sidecar.providers.openai import OpenAIDialect
from sidecar.providers.openai_extras import Extras, cached_at
from sidecar.providers.paths import unread

EXTRAS = Extras(amend=cached_at("prompt_cache_hit_tokens"))

DEEPSEEK = OpenAIDialect(
    name="deepseek",
    provider="deepseek",
    hosts=("api.deepseek.com",),
    on_close=ON_CLOSE["deepseek"],
    rows=(unread("balance", r"/user/balance$", verb="GET"), *MESSAGES_ROUTES),
    extras=EXTRAS,
)
