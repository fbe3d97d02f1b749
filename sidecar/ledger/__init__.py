"""Where calls and operations are remembered: the durable record that outlives the process.

Here: what a ledger promises (of calls in `contract.py`, of operations in `operations.py`), the one in a SQLite file and the one
in PostgreSQL behind a single writer thread, the same promises in memory, and the questions that can be asked of what is written.
Not here: what is worth remembering (`lifecycle/`), when something settles (`proxy/`, `reaper/`), and the numbers at `/metrics`
(the ledger reports its health as a value).
"""
