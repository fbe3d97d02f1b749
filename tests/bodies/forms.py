"""A form with two small fields, a file that looks like more of them, and a text."""

BOUNDARY = "8f3c"


def field(name: str, value: bytes, more: str = "") -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + value + b"\r\n"


def file(content: bytes) -> bytes:
    return field("file", content, '; filename="model"\r\nContent-Type: audio/mpeg')


END = f"--{BOUNDARY}--\r\n".encode()
TRICKY = (
    b"\r\n--8f3\r\n--8f3b\r\n\r\n" + b'Content-Disposition: form-data; name="model"\r\n\r\nfooled\r\n' + b"\r\n--" * 3
)
FORM = field("model", b"whisper-1") + file(TRICKY) + field("stream", b"true") + field("prompt", b"two words") + END
TOLD = {"model": "whisper-1", "stream": "true", "prompt": "two words"}
