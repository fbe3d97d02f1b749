"""`sidecar run`: a sidecar for one command, in the process that stands by it.

Here: the command as a child that notices nothing of us, its whole tree of processes, what still runs at the provider when it has
ended, and what is told of all that. Not here: flags (`cli/run_command.py`), and anything that happens to a call; that is the
same sidecar as everywhere.
"""
