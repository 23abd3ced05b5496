"""Models that fail while they are run or traced: one coded line that says where."""

import pytest
import torch

from refusing import refuse
from sentence_torch_export import (
    pipeline,
    torchscript,
)
from sentence_torch_export.errors import reason
from sentence_torch_export.loading import Reference


class Stubborn(pipeline.Pipeline):
    """Python itself fails on more than one row of more than ten tokens."""

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        if input_ids.shape[0] > 1 and input_ids.shape[1] > 10:
            raise ValueError("too much\nfor this\n")
        return super().forward(input_ids, attention_mask, token_type_ids)


def test_python_that_fails_at_a_shape_is_refused_with_the_shape(source, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "Pipeline", Stubborn)
    assert refuse(source, tmp_path) == (
        "Transformer(BertModel) can't be exported: running it in Python at batch 2 x 24 tokens, "
        "padded failed: ValueError: for this"
    )


def test_the_module_that_fails_in_python_is_the_one_named(source, tmp_path, monkeypatch):
    from sentence_transformers.sentence_transformer.modules import Dense

    def fail(self, features):
        raise RuntimeError("boom")

    monkeypatch.setattr(Dense, "forward", fail)
    message = refuse(source, tmp_path)
    assert message.startswith("Dense(") and "failed: RuntimeError: boom" in message


class OneWidth(pipeline.Pipeline):
    """A trace that runs at the length it was made at, and at no other one."""

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        embedding = super().forward(input_ids, attention_mask, token_type_ids)
        if torch.jit.is_tracing():
            return embedding + attention_mask.reshape(-1, 7).sum() * 0.0
        return embedding


def test_a_trace_that_fails_at_a_shape_is_refused_with_the_shape(source, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "Pipeline", OneWidth)
    message = refuse(source, tmp_path)
    assert message.startswith(
        "Transformer(BertModel) can't be exported: running its saved trace at batch 1 x 2 tokens, "
        "not padded failed: RuntimeError: "
    )
    assert "invalid for input of size 2" in message and "\n" not in message


@pytest.mark.parametrize(
    ("step", "words"),
    [("save", "saving its trace"), ("load", "loading its saved trace"), ("freeze", "freezing")],
)
def test_a_trace_torch_fails_on_is_refused_with_the_step(
    step, words, source, tmp_path, monkeypatch
):
    def fail(*arguments):
        raise RuntimeError("unordered_map::at")

    monkeypatch.setattr(torchscript, step, fail)
    message = refuse(source, tmp_path)
    assert message.startswith(f"Transformer(BertModel) can't be exported: {words}")
    assert message.endswith("failed: RuntimeError: unordered_map::at")


class Untraceable(pipeline.Pipeline):
    """What Gemma3 does: torch has no more than two words for it."""

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        if torch.jit.is_tracing():
            raise RuntimeError("unordered_map::at")
        return super().forward(input_ids, attention_mask, token_type_ids)


def test_a_model_torch_cant_trace_is_refused_in_words(source, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "Pipeline", Untraceable)
    assert "Transformer(BertModel) can't be exported: tracing it failed: " in refuse(
        source, tmp_path
    )


def test_encode_that_fails_on_sentences_is_refused(source, tmp_path, monkeypatch):
    def fail(self, texts, batch_size=32):
        raise RuntimeError("boom")

    monkeypatch.setattr(Reference, "encode", fail)
    assert "encode on real sentences failed: RuntimeError: boom" in refuse(source, tmp_path)


def test_the_reason_is_the_last_line_that_says_something():
    torchscript_says = 'The above\n  File "x.py", line 1\n    ~~~ <--- HERE\nRuntimeError: shape\n'
    cpp_says = "at\nException raised from f at g.cpp:1 (most recent call first):\nframe #0: h\n"
    assert reason(RuntimeError(torchscript_says)) == "RuntimeError: shape"
    assert reason(IndexError(cpp_says)) == "IndexError: at"
    assert reason(MemoryError()) == "MemoryError"


class Leaning(pipeline.Pipeline):
    """Vectors that change in the fifth digit with padding."""

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        embedding = super().forward(input_ids, attention_mask, token_type_ids)
        return embedding + 3e-5 * (1 - attention_mask).sum(1, keepdim=True).clamp(max=1)


def test_a_vector_that_depends_on_padding_is_refused(source, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "Pipeline", Leaning)
    assert "changes by 3.0e-05 when padding is beside it" in refuse(source, tmp_path)
