"""The local authority: certificates by which we speak for hosts of upstreams, to programs that were told to trust it.

Here: what an authority and its leaves say and for which hosts they may speak (pure), its files and their modes, the contexts of
TLS servers that show them, the bundle and the variables by which programs trust it. Not here: which hosts the settings
want (`local_authority.py`), who is shown a leaf (`proxy/`), and anything that installs trust: people do that, for a program.
"""
