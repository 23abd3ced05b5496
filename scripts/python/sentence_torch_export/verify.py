"""Comparison of trace and Python, before anything is published."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from .errors import mismatch, refused, refusing
from .loading import Reference
from .tokenization import SAMPLES, TokenizerFacts

TOLERANCE = 1e-5
BATCHES = (1, 2, 7, 32)

# Batch x length of one comparison. Only models with a limit over 2,048 tokens reach it: there the
# batch shrinks to what fits, e.g. 8 rows of 8,192 tokens instead of 32.
MAX_TOKENS = 65_536

# A vector may differ by this much between its text alone and beside others, times its largest
# element where that is over 1: rounding grows with the numbers (MobileBERT's go into the thousands,
# where neighbouring float32 values lie 2e-4 apart).
MAX_PADDING_DRIFT = 1e-5

Forward = Callable[..., Tensor]


@dataclass(frozen=True)
class Shape:
    """One comparison: `padded` batches are ragged, the others have full rows."""

    batch: int
    length: int
    padded: bool

    def __str__(self) -> str:
        return f"batch {self.batch} x {self.length} tokens, {'' if self.padded else 'not '}padded"


def shapes(facts: TokenizerFacts) -> list[Shape]:
    """Every batch at a handful of lengths: both ends, their neighbours, and odd ones between."""
    low, high = facts.shortest, facts.max_length
    wanted = {low, low + 1, 33, min((low + high) // 2, 512) | 1, high}
    lengths = sorted(length for length in wanted if low <= length <= high)
    found = {
        Shape(min(batch, max(1, MAX_TOKENS // length)), length, padded)
        for length in lengths
        for batch in BATCHES
        for padded in (False, True)
    }
    return sorted(found, key=lambda shape: (shape.length, shape.batch, shape.padded))


class Rows:
    """Random token rows with the special tokens of the tokenizer at their ends; seeded."""

    def __init__(self, facts: TokenizerFacts) -> None:
        self.facts = facts
        self.random = np.random.default_rng(20260301)
        ids = np.arange(facts.vocabulary)
        self.words = ids[~np.isin(ids, [*facts.special_ids, facts.pad_id])]

    def row(self, length: int) -> list[int]:
        before, behind = self.facts.bookends
        middle = length - len(before) - len(behind)
        return [*before, *self.random.choice(self.words, middle).tolist(), *behind]

    def lengths(self, shape: Shape) -> list[int]:
        """Ragged rows start with a full one beside the shortest; the rest lie between."""
        if not shape.padded:
            return [shape.length] * shape.batch
        low = self.facts.shortest
        between = self.random.integers(low, shape.length + 1, shape.batch).tolist()
        return (
            [(low + shape.length) // 2]
            if shape.batch == 1
            else [shape.length, low, *between][: shape.batch]
        )

    def batch(self, shape: Shape) -> tuple[Tensor, Tensor]:
        """Ids and mask of a shape, padded at the tokenizer's side."""
        rows = [self.row(length) for length in self.lengths(shape)]
        return pad(rows, shape.length, self.facts)


def pad(rows: list[list[int]], width: int, facts: TokenizerFacts) -> tuple[Tensor, Tensor]:
    """Rows of ids as int64 tensors, as native code lays them out."""
    ids = torch.full((len(rows), width), facts.pad_id, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        start = width - len(row) if facts.side == "left" else 0
        ids[index, start : start + len(row)] = torch.tensor(row, dtype=torch.int64)
        mask[index, start : start + len(row)] = 1
    return ids, mask


def run(forward: Forward, arguments: tuple[Tensor, ...], subject: str, doing: str) -> Tensor:
    """One forward; a model that can't run at some shape is refused, not shown as a traceback."""
    with refusing(subject, doing), torch.inference_mode():
        return forward(*arguments)


def compare_shapes(
    subject: str,
    python: Forward,
    traces: dict[str, Forward],
    facts: TokenizerFacts,
    inputs: list[str],
    progress: Callable[[str], None],
) -> float:
    """The largest difference over all shapes and forms of the trace; raises over 1e-5."""
    rows, plan, largest = Rows(facts), shapes(facts), 0.0
    for position, shape in enumerate(plan, 1):
        if position == 1 or position % 8 == 0 or position == len(plan):
            progress(f"checking {position} of {len(plan)}: {shape}")
        arguments = feed(*rows.batch(shape), inputs)
        expected = run(python, arguments, subject, f"running it in Python at {shape}")
        for name, trace in traces.items():
            actual = run(trace, arguments, subject, f"running its {name} trace at {shape}")
            largest = max(largest, difference(expected, actual, f"the {name} trace", shape))
    return largest


def feed(ids: Tensor, mask: Tensor, inputs: list[str]) -> tuple[Tensor, ...]:
    """The arguments of the trace; token types are zeros, as native code makes them."""
    return (ids, mask, torch.zeros_like(ids))[: len(inputs)]


def difference(expected: Tensor, actual: Tensor, what: str, where: object) -> float:
    """Largest absolute difference; NaN, infinity, shape and type count as differences."""
    if actual.shape != expected.shape or actual.dtype != torch.float32:
        raise mismatch(
            f"{what} yields {actual.dtype} {list(actual.shape)} where Python yields "
            f"{expected.dtype} {list(expected.shape)} ({where}); nothing was written"
        )
    largest = (actual - expected).abs().max().item()
    if not largest <= TOLERANCE:
        raise mismatch(
            f"{what} and Python differ by {largest:.2e} ({where}); "
            f"at most {TOLERANCE:.0e} is allowed, nothing was written"
        )
    return largest


def compare_padding(
    subject: str, python: Forward, facts: TokenizerFacts, inputs: list[str]
) -> None:
    """Refuse models whose vectors depend on padding, in Python as well as in the trace."""
    rows = Rows(facts)
    longest = min(facts.max_length, 64)
    short = rows.row((facts.shortest + longest) // 2)
    together = pad([rows.row(longest), short], longest, facts)
    alone = pad([short], len(short), facts)
    doing = f"running it in Python at {Shape(2, longest, padded=True)}"
    beside = run(python, feed(*together, inputs), subject, doing)[1]
    doing = f"running it in Python at {Shape(1, len(short), padded=False)}"
    single = run(python, feed(*alone, inputs), subject, doing)[0]
    drift = (beside - single).abs().max().item()
    if not drift <= MAX_PADDING_DRIFT * max(1.0, single.abs().max().item()):
        raise refused(
            subject, f"the vector of a text changes by {drift:.1e} when padding is beside it"
        )


def compare_sentences(
    subject: str,
    reference: Reference,
    trace: Forward,
    written: Tokenizer,
    facts: TokenizerFacts,
    inputs: list[str],
) -> float:
    """Real sentences: ids of the written tokenizer.json, then vectors, against Python's encode."""
    rows = [encoding.ids for encoding in written.encode_batch(reference.prepare(SAMPLES))]
    for text, ids, expected in zip(SAMPLES, rows, python_ids(reference), strict=True):
        if ids != expected:
            raise mismatch(
                f"tokenizer.json yields {ids[:12]}... for {text[:40]!r} where Python yields "
                f"{expected[:12]}...; nothing was written"
            )
    arguments = feed(*pad(rows, max(map(len, rows)), facts), inputs)
    actual = run(trace, arguments, subject, "running its frozen trace on real sentences")
    expected_vectors = torch.from_numpy(np.array(encode(subject, reference, SAMPLES)))
    return difference(expected_vectors, actual, "the frozen trace", "real sentences")


def encode(subject: str, reference: Reference, texts: list[str]) -> np.ndarray:
    """Whole vectors, whatever `truncate_dim` was saved: that is what the trace yields."""
    doing = "running Python's encode on real sentences"
    with refusing(subject, doing), reference.model.truncate_embeddings(None):
        return reference.encode(texts)


def python_ids(reference: Reference) -> Iterator[list[int]]:
    """What Python feeds the model for each sample, padding removed."""
    for text in reference.prepare(SAMPLES):
        features = reference.model.preprocess([text])
        yield features["input_ids"][0].tolist()
