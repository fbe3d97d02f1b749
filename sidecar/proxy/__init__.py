"""The road of one call's bytes.

A connection of a caller (`downstream.py`) carries exchanges one after another; an exchange (`exchange.py`) joins it to a
connection to the provider (`upstream.py`, kept in a `pool.py`), hears what happens on both, tells the call's state
machine, and settles when the outcome is known (`settlement.py`). Chunks never touch the state machine. Callers that begin with
TLS, or ask for a tunnel, come in through `entry.py`: to an upstream's host the same road goes on inside, to others bytes pass
blind (`tunnels.py`).

Not here: what the bytes mean (`providers/`), what they cost (`metering/`), who is asked whether a caller is alive (`callers/`).
"""
