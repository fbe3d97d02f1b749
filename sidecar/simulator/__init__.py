"""A provider that keeps its own bill: what the tests and `sidecar demo` are measured against. Apart from the house.

Here: the dialects of Gemini, Vertex, OpenAI, Anthropic, Bedrock and Ollama on a real socket, with or without TLS, work that
outlives its caller, operations that are created, polled and cancelled, WebSockets in which many calls are made, scripted
misbehavior, a price list and a bill of its own. Not here: anything
that the sidecar uses to judge a call. Its bill is the truth only as long as it shares no code with what it is compared to, so
it imports nothing above floor 2, and neither metering nor providers.

Start it with `Simulator` or `running_simulator` (`server.py`) or `python -m sidecar.simulator`. `script.py` holds the
grammar of the header that tells it what to do.
"""
