"""What is refused, with which code and words, and that nothing stays behind."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from conftest import FIXTURES, REPOSITORY
from fixtures.assemble import small_model
from sentence_torch_export import (
    export,
    folder,
    operators,
    pipeline,
    tokenization,
    torchscript,
    verify,
)
from sentence_torch_export.cli import main
from sentence_torch_export.errors import ExportError, reason
from sentence_torch_export.export import export_model
from sentence_torch_export.loading import Reference, load_reference
from sentence_torch_export.source import Source

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


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pristine") / "model"
    small_model("bert", dense=True).save_pretrained(str(path), create_model_card=False)
    return path


@pytest.fixture
def source(pristine, tmp_path) -> Path:
    """A model folder of one's own, to spoil."""
    return Path(shutil.copytree(pristine, tmp_path / "source"))


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refuse(model: Path, tmp_path: Path, code: str = "ST_EXPORT_REFUSED") -> str:
    """The message of the refusal; asserts that nothing was written."""
    output = tmp_path / "outputs" / "out"
    with pytest.raises(ExportError) as caught:
        export_model(str(model), output)
    assert caught.value.code == code
    assert not output.exists() and not leftovers(tmp_path / "outputs")
    return caught.value.message


def leftovers(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir()) if parent.is_dir() else []


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


class Perturbed(pipeline.Pipeline):
    """A trace that differs from Python in the fifth digit."""

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        embedding = super().forward(input_ids, attention_mask, token_type_ids)
        return embedding + 3e-5 if torch.jit.is_tracing() else embedding


class Frozen(pipeline.Pipeline):
    """A trace that keeps the length it was made at."""

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        embedding = super().forward(input_ids, attention_mask, token_type_ids)
        if torch.jit.is_tracing():
            return embedding * (7.0 / input_ids.shape[1])
        return embedding


@pytest.mark.parametrize("wrong", [Perturbed, Frozen])
def test_a_trace_that_differs_is_not_written(wrong, source, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "Pipeline", wrong)
    message = refuse(source, tmp_path, "ST_EXPORT_MISMATCH")
    assert "differ by" in message and "batch 1 x 2 tokens" in message


def test_a_tokenizer_file_that_differs_is_not_written(source, tmp_path, monkeypatch):
    written = tokenization.write

    def spoil(tokenizer, facts, path):
        written(tokenizer, facts, path)
        content = json.loads(path.read_text(encoding="utf-8"))
        content["normalizer"]["lowercase"] = False
        path.write_text(json.dumps(content))

    monkeypatch.setattr(tokenization, "write", spoil)
    assert "tokenizer.json yields" in refuse(source, tmp_path, "ST_EXPORT_MISMATCH")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2e-5])
def test_nan_and_infinity_count_as_differences(value):
    expected = torch.zeros(2, 3)
    actual = expected.clone()
    actual[1, 2] = value
    with pytest.raises(ExportError) as caught:
        verify.difference(expected, actual, "the trace", "here")
    assert caught.value.code == "ST_EXPORT_MISMATCH"
    assert verify.difference(expected, expected, "the trace", "here") == 0.0


def test_long_models_are_checked_in_smaller_batches(source):
    facts = tokenization.examine(load_reference(Source(str(source))))
    long = dataclasses.replace(facts, max_length=8192)
    sizes = [shape.batch * shape.length for shape in verify.shapes(long)]
    assert max(sizes) == verify.MAX_TOKENS == 8 * 8192
    assert {shape.batch for shape in verify.shapes(facts)} == {1, 2, 7, 32}
    assert {shape.length for shape in verify.shapes(facts)} == {2, 3, 13, 24}


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyboardInterrupt(), SystemExit(143)])
def test_an_interruption_while_writing_leaves_nothing(error, source, tmp_path, monkeypatch):
    def interrupt(*arguments):
        raise error

    monkeypatch.setattr(export, "write_manifest", interrupt)
    with pytest.raises(type(error)):
        export_model(str(source), tmp_path / "outputs" / "out")
    assert leftovers(tmp_path / "outputs") == []


def test_a_failed_replacement_keeps_the_old_folder(source, tmp_path, monkeypatch):
    output = tmp_path / "outputs" / "out"
    export_model(str(source), output)
    before = (output / "sentence-torch.json").read_bytes()
    monkeypatch.setattr(export.torchscript, "save", lambda *arguments: 1 / 0)
    with pytest.raises(ExportError, match="saving its trace failed: ZeroDivisionError"):
        export_model(str(source), output)
    assert (output / "sentence-torch.json").read_bytes() == before
    assert leftovers(output.parent) == ["out"]


def test_a_failing_rename_puts_the_old_folder_back(tmp_path, monkeypatch):
    output = tmp_path / "out"
    output.mkdir()
    (output / folder.MANIFEST).write_text("old")
    with pytest.raises(ExportError), folder.Staging(output) as staging:
        shutil.rmtree(staging.path)
        staging.publish()
    assert (output / folder.MANIFEST).read_text() == "old"
    assert leftovers(tmp_path) == ["out"]


def test_a_model_folder_is_replaced_and_anything_else_is_kept(source, tmp_path):
    output = tmp_path / "out"
    export_model(str(source), output)
    (output / "stray").write_text("")
    export_model(str(source), output)
    assert leftovers(output) == ["model.pt", "sentence-torch.json", "tokenizer.json"]
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("precious")
    with pytest.raises(ExportError) as caught:
        export_model(str(source), other)
    assert caught.value.code == "ST_EXPORT_OUTPUT"
    assert leftovers(other) == ["thesis.txt"]


def test_a_missing_model_is_one_coded_line(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere"), str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error[ST_EXPORT_NOT_FOUND]: ") and error.count("\n") == 1


def test_an_unreachable_hub_is_one_coded_line_with_remedies(tmp_path):
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    result = command(["all-MiniLM-L6-v2", str(tmp_path / "out")], environment)
    assert result.returncode == 1
    assert result.stderr.startswith("error[ST_EXPORT_NOT_FOUND]: sentence-transformers/all-MiniLM")
    assert result.stderr.count("\n") == 1 and "HF_ENDPOINT" in result.stderr


@pytest.mark.parametrize("endpoint", ["https://hub.invalid", None])
def test_a_hub_model_is_exported_from_the_cache_without_a_network(endpoint, source, tmp_path):
    repository = tmp_path / "hf" / "hub" / "models--org--tiny"
    revision = "0123456789" * 4
    shutil.copytree(source, repository / "snapshots" / revision)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(revision)
    reach = {"HF_ENDPOINT": endpoint} if endpoint else {"HF_HUB_OFFLINE": "1"}
    environment = os.environ | {"HF_HOME": str(tmp_path / "hf"), **reach}
    result = command(["org/tiny", str(tmp_path / "out")], environment)
    assert (result.returncode, result.stderr) == (0, "")
    facts = json.loads((tmp_path / "out" / "sentence-torch.json").read_text())
    assert (facts["name"], facts["source"]["id"]) == ("tiny", "org/tiny")


def test_the_command_prints_progress_and_a_summary(source, tmp_path):
    result = command([str(source), str(tmp_path / "out")])
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("loading", "tracing", "checking 1 of", "writing", "largest difference", "bytes"):
        assert word in result.stdout


def test_a_terminated_export_leaves_nothing(source, tmp_path):
    output = tmp_path / "outputs" / "out"
    arguments = [sys.executable, "-m", "sentence_torch_export", str(source), str(output)]
    process = subprocess.Popen(arguments, env=paths(), stdout=subprocess.PIPE, text=True)
    while "checking" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == 143
    assert leftovers(output.parent) == []


def paths(environment: dict[str, str] | None = None) -> dict[str, str]:
    return (environment or dict(os.environ)) | {
        "PYTHONPATH": str(REPOSITORY / "scripts" / "python")
    }


def command(arguments: list[str], environment: dict[str, str] | None = None):
    return subprocess.run(
        [sys.executable, "-m", "sentence_torch_export", *arguments],
        env=paths(environment),
        capture_output=True,
        text=True,
    )


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
