"""Writes a small language model of random weights: `python random_gguf.py FILE`, with a Python that has gguf.

It speaks nonsense at some hundreds of tokens a second on one CPU and never ends by itself before it is told to, which is what
a measured engine needs. The same seed gives the same file; nothing is downloaded.
"""

import sys
from typing import Any

import gguf  # type: ignore[import-not-found,unused-ignore]
import numpy as np  # type: ignore[import-not-found,unused-ignore]

WIDTH, HEADS, LAYERS, FORWARD = 384, 8, 6, 1024
CONTEXT_TOKENS = 32_768
SEED = 20261121

CONTROL = [b"<unk>", b"<s>", b"</s>"]
BYTES = [f"<0x{number:02X}>".encode() for number in range(256)]
WORDS = [("\u2581" + letter).encode() for letter in "abcdefghijklmnopqrstuvwxyz"] + [
    b"\xe2\x96\x81",
    *b"e t a o n".split(),
]
TOKENS = [*CONTROL, *BYTES, *WORDS]

CHAT_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


def main(path: str) -> None:
    """Write the model to this file."""
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer)
    _fill(writer, np.random.default_rng(SEED))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: Any) -> None:
    kinds = gguf.TokenType
    described = {
        "name": "random", "context_length": CONTEXT_TOKENS, "embedding_length": WIDTH, "block_count": LAYERS,
        "feed_forward_length": FORWARD, "head_count": HEADS, "head_count_kv": HEADS, "layer_norm_rms_eps": 1e-5,
        "rope_dimension_count": WIDTH // HEADS, "vocab_size": len(TOKENS), "tokenizer_model": "llama", "token_list": TOKENS,
        "token_scores": [0.0] * len(TOKENS),
        "token_types": [kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL] + [kinds.BYTE] * 256 + [kinds.NORMAL] * len(WORDS),
        "bos_token_id": 1, "eos_token_id": 2, "unk_token_id": 0, "chat_template": CHAT_TEMPLATE,
    }  # fmt: skip
    for name, value in described.items():
        getattr(writer, f"add_{name}")(value)


def _fill(writer: Any, random: Any) -> None:
    def matrix(*shape: int) -> Any:
        return (random.standard_normal(shape) * 0.05).astype(np.float32)

    embedding, output = matrix(len(TOKENS), WIDTH), matrix(len(TOKENS), WIDTH) * 20
    # The first dimension is 1 in every token and no layer adds to it, so that tokens can be forbidden by it: single bytes make
    # invalid UTF-8, over which llama-cpp-python loops for minutes, and control tokens would end the answer.
    embedding[:, 0], output[:, 0] = 1, 0
    output[: len(CONTROL) + len(BYTES), 0] = -10_000
    ones = np.ones(WIDTH, np.float32)
    tensors = {"token_embd": embedding, "output": output, "output_norm": ones}
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        tensors |= {f"{block}.{name}": matrix(WIDTH, WIDTH) for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
        tensors |= {f"{block}.{name}": matrix(FORWARD, WIDTH) for name in ("ffn_gate", "ffn_up")}
        tensors |= {f"{block}.ffn_down": matrix(WIDTH, FORWARD), f"{block}.attn_norm": ones, f"{block}.ffn_norm": ones}
        tensors[f"{block}.attn_output"][0] = tensors[f"{block}.ffn_down"][0] = 0
    for name, values in tensors.items():
        writer.add_tensor(f"{name}.weight", values)


if __name__ == "__main__":
    main(sys.argv[1])
