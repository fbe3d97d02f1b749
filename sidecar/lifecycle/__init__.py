"""The rules: how calls and operations begin, end and are named. Pure tables and values.

Here: the two halves of a call and their events, what to do when the caller leaves; the states of an operation, leases, when
silence may be believed, and what is done next; the records of both.
Not here: sockets, clocks, money, and anything a provider says on the wire.
"""
