"""What we are told: the settings, and where each value came from.

Here: the groups of settings with their defaults, the four places that values come from (flags, variables, file, defaults), and
the sentences that say what is wrong with one. Not here: anything that acts on a setting; `app.py` hands each part its own.
"""
