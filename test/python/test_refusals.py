"""What is refused before anything is traced, and for its operators; and with which words."""

import json

import pytest
import torch

from conftest import FIXTURES
from refusing import edit, leftovers, refuse
from sentence_torch_export import (
    operators,
    tokenization,
    torchscript,
)
from sentence_torch_export.cli import main
from sentence_torch_export.errors import ExportError
from sentence_torch_export.export import export_model

REFUSED_TYPES = {
    "custom_st.Transformer": "custom code",
    "sentence_transformers.models.Asym": "route",
    "sentence_transformers.base.modules.router.Router": "route",
    "sentence_transformers.models.CLIPModel": "images",
    "sentence_transformers.models.WordEmbeddings": "tokenizer",
    "sentence_transformers.models.BoW": "counts words",
    "sentence_transformers.models.StaticEmbedding": "offsets",
    "sentence_transformers.models.CNN": "padding",
    "sentence_transformers.models.LSTM": "lengths",
    "sentence_transformers.sparse_encoder.models.SpladePooling": "sparse",
    "sentence_transformers.models.SomethingNew": "not known",
}


@pytest.mark.parametrize("kind", REFUSED_TYPES)
def test_a_module_that_cant_be_traced_is_named_with_the_reason(kind, source, tmp_path):
    modules = json.loads((source / "modules.json").read_text())
    modules[0]["type"] = kind
    (source / "modules.json").write_text(json.dumps(modules))
    message = refuse(source, tmp_path)
    assert kind.rsplit(".", 1)[-1] in message
    assert REFUSED_TYPES[kind] in message


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        ("config_sentence_transformers.json", {"model_type": "SparseEncoder"}, "SparseEncoder"),
        ("config_sentence_transformers.json", {"truncate_dim": 0}, "truncate_dim=0"),
        ("config_sentence_transformers.json", {"truncate_dim": -1}, "truncate_dim=-1"),
        ("config.json", {"auto_map": {"AutoModel": "me/repo--my.Model"}}, "my.Model"),
        ("sentence_bert_config.json", {"transformer_task": "fill-mask"}, "fill-mask"),
        ("sentence_bert_config.json", {"query_length": 8}, "query_length"),
        ("1_Pooling/config.json", {"include_prompt": False}, "include_prompt=False"),
        ("2_Dense/config.json", {"activation_function": "mine.Act"}, "Dense(mine.Act)"),
        ("2_Dense/config.json", {"activation_function": "torch.nn.Threshold"}, "can't load"),
        ("adapter_config.json", {}, "adapter"),
    ],
)
def test_settings_that_cant_be_kept_are_refused(file, changes, words, source, tmp_path):
    if not (source / file).exists():
        (source / file).write_text("{}")
    edit(source / file, **changes)
    assert words in refuse(source, tmp_path)


def test_weights_missing_from_the_checkpoint_are_refused(source, tmp_path):
    from safetensors.torch import load_file, save_file

    weights = load_file(source / "model.safetensors")
    del weights["embeddings.word_embeddings.weight"]
    save_file(weights, source / "model.safetensors", metadata={"format": "pt"})
    assert "weights are missing" in refuse(source, tmp_path)


def test_token_types_other_than_zero_are_refused(source, tmp_path, monkeypatch):
    content = json.loads((source / "tokenizer.json").read_text())
    for piece in content["post_processor"]["single"]:
        next(iter(piece.values()))["type_id"] = 1
    (source / "tokenizer.json").write_text(json.dumps(content))
    edit(source / "tokenizer_config.json", tokenizer_class="PreTrainedTokenizerFast")
    edit(
        source / "tokenizer_config.json",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
    assert "token types" in refuse(source, tmp_path)


def test_a_model_without_any_limit_is_refused(source, tmp_path, monkeypatch):
    edit(source / "tokenizer_config.json", model_max_length=int(1e30))
    edit(source / "config.json", max_position_embeddings=-1)
    monkeypatch.setattr(tokenization, "position_capacity", lambda model: None)
    with pytest.raises(ExportError) as caught:
        export_model(str(source), tmp_path / "out")
    assert caught.value.code == "ST_EXPORT_REFUSED"


def test_operators_the_loader_refuses_are_refused_by_name(source, tmp_path, monkeypatch):
    lacking = tmp_path / "operators.inc"
    lines = operators.LIST.read_text().splitlines(keepends=True)
    lacking.write_text("".join(line for line in lines if "aten::layer_norm" not in line))
    monkeypatch.setattr(operators, "LIST", lacking)
    message = refuse(source, tmp_path)
    assert "native code doesn't run: aten::layer_norm (" in message


def test_the_list_of_operators_is_read_whole():
    lines = operators.LIST.read_text().splitlines()
    code = [line for line in lines if line.strip() and not line.strip().startswith("//")]
    assert len(operators.allowed()) == len(code) > 100


@pytest.mark.parametrize(
    ("attack", "name"),
    [
        ("save", "aten::save"),
        ("from-file", "aten::from_file"),
        ("as-strided", "aten::as_strided"),
        ("reshape-alias", "aten::_reshape_alias"),
        ("empty", "aten::empty"),
        ("sparse-unsafe", "aten::_sparse_coo_tensor_unsafe"),
        ("print", "prim::Print"),
    ],
)
def test_operators_of_attacks_are_found(attack, name):
    module = torchscript.load(FIXTURES / "malicious" / attack / "model.pt")
    with pytest.raises(ExportError, match=name):
        operators.check_operators(attack, module)


def test_operators_in_nested_blocks_are_found():
    source = """
def forward(self, ids: Tensor, mask: Tensor):
    for i in range(2):
        if i > 0:
            print(i)
    return ids
"""
    module = torch.jit.ScriptModule()
    module.define(source)
    assert "prim::Print" in operators.operators(module)


@pytest.mark.parametrize(
    ("model", "output", "error"),
    [
        (None, "", "error[ST_EXPORT_OUTPUT]: the output is empty"),
        (None, " ", "error[ST_EXPORT_OUTPUT]: the output is empty"),
        ("", "out", "error[ST_EXPORT_NOT_FOUND]: the model is empty"),
    ],
)
def test_an_empty_argument_is_refused_by_name(
    model, output, error, source, tmp_path, monkeypatch, capsys
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert main([str(source) if model is None else model, output]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith(error) and printed.count("\n") == 1
    assert leftovers(tmp_path / "here") == []
