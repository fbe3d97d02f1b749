"""HTTP/1.1 heads and framing, sans-I/O and strict: bytes in, values out.

Here: reading and writing the heads of requests and replies, and finding where a body ends.
Not here: connections, time-outs, and anything a provider means by its bytes.

What an intermediary must refuse (RFC 9112 sections 2-7, RFC 9110 section 7.6) is refused before one byte of it is passed
on: two opinions about where a message ends are how requests are smuggled.
"""
