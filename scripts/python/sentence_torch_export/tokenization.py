"""The tokenizer as native code meets it: a file with truncation in it, and a few facts."""

import json
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer
from torch import nn
from transformers import PreTrainedTokenizerBase

from .errors import refused, refusing
from .loading import Reference

# Above this a "limit" is the library's way to say that there is none (int(1e30)).
NO_LIMIT = 1_000_000

# Texts of every kind that tokenizers treat apart; also run through the written file.
SAMPLES = [
    "This is an example sentence",
    "Each sentence is converted",
    "",
    "a",
    "  leading, trailing and   inner \t white\u00a0space \n",
    "UPPER Case, ÀÉÎ õü ß İstanbul ΣΑΣ",
    "e\u0301 combining, ﬁ ligature, ½ ２",
    "emoji 👩‍👩‍👧 🇩🇪 ☕️",
    "混合 script текст مرحبا हिन्दी 한국어 日本語",
    "control \x00\x07\x1f\x7f\u200b\ufeff characters",
    "<s> [CLS] [MASK] <mask> </s> [SEP] <|endoftext|> [UNK]",
    "https://example.org/a?b=c&d=%20 x@y.z #tag 1,234.56 it's don't",
    "supercalifragilisticexpialidocious" * 4,
    "long text beyond any limit, " * 40,
]


@dataclass(frozen=True)
class TokenizerFacts:
    """What the manifest and the checks need to know about a tokenizer."""

    max_length: int
    shortest: int
    pad_id: int
    side: str
    special_ids: frozenset[int]
    vocabulary: int
    bookends: tuple[tuple[int, ...], tuple[int, ...]]


def examine(reference: Reference) -> TokenizerFacts:
    """Gather the facts, and refuse tokenizers whose texts native code couldn't feed."""
    tokenizer = reference.tokenizer
    name = type(tokenizer).__name__
    with refusing(name, "running it"):
        empty = list(tokenizer("")["input_ids"])
    if not empty:
        raise refused(name, "it yields no token at all for an empty text, and Python fails on that")
    limit = effective_limit(reference)
    if limit < len(empty):
        raise refused(name, f"max_seq_length is {limit}, less than its {len(empty)} special tokens")
    refuse_token_types(tokenizer)
    return TokenizerFacts(
        max_length=limit,
        shortest=len(empty),
        pad_id=int(tokenizer.pad_token_id),
        side=str(tokenizer.padding_side),
        special_ids=frozenset(tokenizer.all_special_ids),
        vocabulary=int(reference.model[0].model.get_input_embeddings().weight.shape[0]),
        bookends=bookends(tokenizer, empty),
    )


def effective_limit(reference: Reference) -> int:
    """max_seq_length, capped to the positions the model has.

    RoBERTa's kind keeps the first positions for padding: 514 positions hold 512 tokens, and
    Python fails on the texts between the two. Texts that work in Python stay as they are.
    """
    transformer = reference.model[0]
    limit = reference.model.max_seq_length
    positions = position_capacity(transformer.model)
    known = [value for value in (limit, positions) if value is not None and value < NO_LIMIT]
    if not known:
        raise refused(
            type(transformer.tokenizer).__name__,
            "the model records no maximum length; set model.max_seq_length in Python and save it",
        )
    effective = int(min(known))
    reference.model.max_seq_length = effective
    return effective


def position_capacity(model: nn.Module) -> int | None:
    """Tokens that fit a learned table of positions; None for rotary and relative positions."""
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            return module.num_embeddings - reserved
    return None


def refuse_token_types(tokenizer: PreTrainedTokenizerBase) -> None:
    """Native code feeds zeros, which is right for one text, except in XLNet's kind."""
    with refusing(type(tokenizer).__name__, "running it"):
        types = tokenizer(SAMPLES).get("token_type_ids", [])
    if any(any(row) for row in types):
        raise refused(type(tokenizer).__name__, "a single text has token types other than 0 in it")


def bookends(
    tokenizer: PreTrainedTokenizerBase, empty: list[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The special tokens before and behind a text, to make random rows look like real ones."""
    filled = list(tokenizer("a")["input_ids"])
    before = 0
    while before < len(empty) and filled[before] == empty[before]:
        before += 1
    return tuple(empty[:before]), tuple(empty[before:])


def write(tokenizer: PreTrainedTokenizerBase, facts: TokenizerFacts, path: Path) -> None:
    """tokenizer.json with the limit in it; padding is left to native code, by the manifest."""
    copy = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    copy.no_padding()
    copy.enable_truncation(
        facts.max_length, stride=0, strategy="longest_first", direction=tokenizer.truncation_side
    )
    path.write_text(
        json.dumps(json.loads(copy.to_str()), ensure_ascii=False, separators=(",", ":")),
        encoding="utf-8",
    )
