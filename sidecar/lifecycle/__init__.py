"""The rules: how a call begins, ends and is named. Pure tables and values.

Here: the two halves of a call and their events, what to do when the caller leaves, the record of a call.
Not here: sockets, clocks, money, and anything a provider says on the wire.
"""
