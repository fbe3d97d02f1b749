"""Bodies cut into documents: content codings undone; events, lines, frames, arrays and forms; large JSON made small. Pure.

Here: bytes in whatever pieces they come, whole documents out, in bounded memory, and nothing that raises on what it is fed.
Not here: what a document means (`providers/`), and where a body begins and ends (`http1/`).
"""
