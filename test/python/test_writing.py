"""What is written and what is not: mismatches, interruptions, replacements, the command line."""

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys

import pytest
import torch

from conftest import REPOSITORY
from refusing import leftovers, refuse
from sentence_torch_export import (
    export,
    folder,
    pipeline,
    tokenization,
    verify,
)
from sentence_torch_export.cli import main
from sentence_torch_export.errors import ExportError
from sentence_torch_export.export import export_model
from sentence_torch_export.loading import load_reference
from sentence_torch_export.source import Source


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
