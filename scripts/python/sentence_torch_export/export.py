"""The order of an export: survey, load, trace, save, check, publish."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from . import operators, pipeline, tokenization, torchscript, verify
from .errors import bad_output, refused, refusing
from .folder import Staging, check_replaceable, write_manifest
from .loading import Reference, load_reference
from .source import Source
from .tokenization import TokenizerFacts

FORMAT_VERSION = 1
FILES = ["model.pt", "tokenizer.json"]

# The loader reads torch's version without the build suffix (+cpu, +cu130).
TORCH_VERSION = torch.__version__.split("+")[0]


@dataclass(frozen=True)
class Report:
    """What was written, for the summary and for tests."""

    output: Path
    manifest: dict[str, Any]
    largest_difference: float

    def summary(self) -> str:
        manifest = self.manifest
        size = sum((self.output / name).stat().st_size for name in FILES)
        return "\n".join(
            [
                f"written            {self.output}",
                f"dimension          {manifest['dimension']}",
                f"max length         {manifest['maxSeqLength']} tokens",
                f"modules            {', '.join(manifest['modules'])}",
                f"largest difference {self.largest_difference:.1e}",
                f"bytes              {size:,}",
            ]
        )


def export_model(
    model: str, output: str | Path, progress: Callable[[str], None] = lambda line: None
) -> Report:
    """Export a hub id or folder into `output`; raises ExportError and then leaves no trace."""
    if not str(output).strip():
        raise bad_output("the output is empty: name a folder to write the model to")
    output = Path(output)
    check_replaceable(output)
    source = Source(model)
    reference = load_reference(source)
    facts = tokenization.examine(reference)
    inputs = pipeline.input_names(reference.model)
    python = pipeline.Pipeline(reference.model).eval()
    subject = pipeline.describe_module(reference.model[0])
    verify.compare_padding(subject, python, facts, inputs)
    with Staging(output) as staging:
        progress("tracing")
        traced = pipeline.trace(python, inputs, facts.pad_id)
        with refusing(subject, "saving its trace"):
            torchscript.save(traced, staging.path / "model.pt")
        tokenization.write(reference.tokenizer, facts, staging.path / "tokenizer.json")
        dimension, largest = check(staging.path, source, reference, facts, python, progress)
        progress("writing")
        manifest = make_manifest(source, reference, facts, inputs, dimension)
        write_manifest(staging.path, manifest, FILES)
        staging.publish()
    return Report(output, manifest, largest)


def check(
    folder: Path,
    source: Source,
    reference: Reference,
    facts: TokenizerFacts,
    python: pipeline.Pipeline,
    progress: Callable[[str], None],
) -> tuple[int, float]:
    """Compare the files as written with Python; the dimension and the largest difference."""
    inputs = pipeline.input_names(reference.model)
    subject = pipeline.describe_module(reference.model[0])
    with refusing(subject, "loading its saved trace"):
        saved = torchscript.load(folder / "model.pt")
    operators.check_operators(subject, saved)
    with refusing(subject, "freezing its trace"):
        frozen = torchscript.freeze(torchscript.load(folder / "model.pt"))
    traces = {"saved": saved, "frozen": frozen}
    largest = verify.compare_shapes(subject, python, traces, facts, inputs, progress)
    written = Tokenizer.from_file(str(folder / "tokenizer.json"))
    sentences = verify.compare_sentences(subject, reference, frozen, written, facts, inputs)
    vectors = verify.encode(subject, reference, tokenization.SAMPLES[:2])
    check_reproducible(subject, source, vectors)
    return int(vectors.shape[1]), max(largest, sentences)


def check_reproducible(subject: str, source: Source, vectors: Any) -> None:
    """Weights missing from a checkpoint are drawn at random: a second load would tell."""
    torch.manual_seed(torch.initial_seed() + 1)
    again = verify.encode(subject, load_reference(source), tokenization.SAMPLES[:2])
    if not abs(again - vectors).max() <= verify.TOLERANCE:
        raise refused(
            source.name,
            "two loads of it give different vectors, so weights are missing from its files",
        )


def make_manifest(
    source: Source, reference: Reference, facts: TokenizerFacts, inputs: list[str], dimension: int
) -> dict[str, Any]:
    """Everything but `files`, in the order people read it."""
    model = reference.model
    kept = pipeline.truncation(model, dimension)
    return {
        "formatVersion": FORMAT_VERSION,
        "name": source.name,
        "dimension": dimension,
        **({} if kept is None else {"truncateDim": kept}),
        "maxSeqLength": facts.max_length,
        "similarityFunction": model.similarity_fn_name,
        "prompts": dict(model.prompts),
        "defaultPromptName": model.default_prompt_name,
        "modules": pipeline.describe(model),
        "dtype": "float32",
        "torchVersion": TORCH_VERSION,
        "source": {
            "id": source.id,
            "sentenceTransformers": source.writer,
            "transformers": source.transformers_writer,
        },
        "inputs": inputs,
        "padding": {"tokenId": facts.pad_id, "side": facts.side},
    }
