"""Programs with official SDKs whose address is fixed in the code, as people run them with `sidecar run --intercept`.

python intercept_scripts.py WHAT
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

PROMPT = "Tell me about the sea."
FIXED = "https://generativelanguage.googleapis.com"
HELD = "hold=2 seconds=0.2 chunks=4 output=40 on_close=runs_on"


def headers(name: str, script: str = "seconds=0 output=20") -> dict[str, str]:
    """For the simulated provider."""
    return {"X-Simulator-Call": name, "X-Simulator": script}


def asks() -> None:
    """One call by each SDK, and one answer in a socket."""
    import openai
    from google import genai
    from google.genai.types import HttpOptions

    options = HttpOptions(base_url=FIXED, headers=headers("genai"))
    with genai.Client(api_key="k", vertexai=False, http_options=options) as client:
        print(len(client.models.generate_content(model="gemini-2.5-flash", contents=PROMPT).text or ""))
        print(len(asyncio.run(_spoken(client))))
    with openai.OpenAI(api_key="k", base_url="https://api.openai.com/v1", default_headers=headers("openai")) as client:
        answered = client.chat.completions.create(model="gpt-5-mini", messages=[{"role": "user", "content": PROMPT}])
        print(len(answered.choices[0].message.content or ""))


async def _spoken(client: Any) -> str:
    config = {"response_modalities": ["TEXT"]}
    async with client.aio.live.connect(model="gemini-3.1-flash-live-preview", config=config) as session:
        await session.send_client_content(turns={"role": "user", "parts": [{"text": PROMPT}]}, turn_complete=True)
        return "".join([message.text or "" async for message in session.receive()])


def streams() -> None:
    """A stream that is interrupted, for the provider goes on only when it is told to."""
    import openai

    turns: Any = [{"role": "user", "content": PROMPT}]
    with openai.OpenAI(
        api_key="k", base_url="https://api.openai.com/v1", default_headers=headers("streamed", HELD)
    ) as client:
        for _ in client.chat.completions.create(model="gpt-5-mini", messages=turns, stream=True):
            print("event", flush=True)


WHAT: dict[str, Callable[[], None]] = {"asks": asks, "streams": streams}

if __name__ == "__main__":
    WHAT[sys.argv[1]]()
