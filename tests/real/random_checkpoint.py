"""Writes a small language model of random weights as vLLM reads it: `python random_checkpoint.py FOLDER`, with vLLM's Python.

The same weights in every run; nothing is downloaded. A request has to say `ignore_eos`, for this model may end by itself.
"""

import sys

import torch  # type: ignore[import-not-found,unused-ignore]
from tokenizers import (  # type: ignore[import-not-found,unused-ignore]
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    trainers,
)
from transformers import (  # type: ignore[import-not-found,unused-ignore]
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

VOCABULARY, WIDTH, HEADS, LAYERS, FORWARD = 160, 128, 2, 4, 256
CONTEXT_TOKENS = 8192
SEED = 20261121
SPACE, NEW_LINE = "\u0120", "\u010a"
"""As a byte-level tokenizer writes them."""
CHAT_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"


def main(folder: str) -> None:
    """Write tokenizer and weights to this folder."""
    torch.manual_seed(SEED)
    tokenizer = _tokenizer()
    tokenizer.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, intermediate_size=FORWARD, num_hidden_layers=LAYERS,
        num_attention_heads=HEADS, num_key_value_heads=HEADS, head_dim=WIDTH // HEADS, max_position_embeddings=CONTEXT_TOKENS,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)


def _tokenizer() -> PreTrainedTokenizerFast:
    """ASCII, and pairs of a sentence's letters: enough for what is asked, and every token is text of its own.

    With tokens for single bytes a stream waits for the rest of a character, and has half as many pieces as tokens.
    """
    bytewise = Tokenizer(models.BPE())
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    alphabet = [letter for letter in pre_tokenizers.ByteLevel.alphabet() if letter.isascii()] + [SPACE, NEW_LINE]
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet)
    bytewise.train_from_iterator(["tell me about the sea, and the sea about me, and all that is in the sea"], trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytewise, bos_token="<s>", eos_token="</s>")
    tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


if __name__ == "__main__":
    main(sys.argv[1])
