"""Where calls are remembered: the durable record that outlives the process.

Here: what a ledger promises (`contract.py`), the SQLite one behind a single writer thread, the same promises in memory, and
the questions that can be asked of what is written. Not here: what is worth remembering (`lifecycle/record.py`), when a call
settles (`proxy/`), and the numbers at `/metrics` (the ledger reports its health as a value).
"""
