"""WebSocket as an intermediary reads it (RFC 6455): the upgrade, frames, messages, the close. Sans-I/O.

Bytes pass on as they came, and what this room reads is a copy: nothing raises on what a peer sends, and a copy that can't be read
any more says so. Not here: what messages mean (`providers/`), and the connections that they pass through (`proxy/`).
"""
