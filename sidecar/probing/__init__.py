"""`sidecar probe`: measures, with the user's own key, whether closing the connection stops a provider's work.

Here: what is sent and the most it can cost (`methods`, `plan`, `budget`), where a provider's work can be seen from outside
(`sources`), the wire (`wire`, `keys`, `measuring`), and what follows from what was seen (`observations`, `verdict`,
`evidence`). All but the wire is pure: a plan becomes observations, and these become a verdict. Not here: the flags and what
is printed (`cli`), how a fact is kept (`config/local_facts.py`), and what is done with it (`proxy/destination.py`).
"""
