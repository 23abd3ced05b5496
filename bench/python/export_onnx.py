"""Writes a SentenceTransformer as ONNX, in the layout that transformers.js reads.

    python export_onnx.py SOURCE TARGET

SOURCE is the model as Python's library saves it. There are two graphs, each in float32 and with
eight-bit weights (`*_quantized.onnx`):

- `onnx/model.onnx` gives token embeddings, for libraries that pool them themselves;
- `onnx/whole.onnx` gives sentence embeddings: all modules of the model are in it.

Both are written with plain ("eager") attention: onnxruntime was measured to run that at least as
fast as the graph of scaled_dot_product_attention, and as fast as the graph whose attention its
own optimizer had fused.
"""

import json
import shutil
import sys
import warnings
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
SIDE_FILES = ["config.json", "tokenizer.json", "tokenizer_config.json"]


class Encoder(torch.nn.Module):
    """The transformer alone, with inputs by position, as the exporter wants them."""

    output = "last_hidden_state"

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model[0].auto_model

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.model(**dict(zip(INPUTS, inputs, strict=True)))[self.output]


class Whole(torch.nn.Module):
    """All modules of the model."""

    output = "sentence_embedding"

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.model(dict(zip(INPUTS, inputs, strict=True)))[self.output]


def example_inputs() -> tuple[torch.Tensor, ...]:
    """Two texts of unequal length, so that no size is taken for a constant."""
    ids = torch.arange(1000, 1032).reshape(2, 16)
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    return ids, mask, torch.zeros_like(ids)


def write_graph(module: Encoder | Whole, file: Path) -> None:
    axes = {name: {0: "batch", 1: "sequence"} for name in INPUTS}
    axes[module.output] = {0: "batch"}
    if isinstance(module, Encoder):
        axes[module.output][1] = "sequence"
    with torch.inference_mode():
        torch.onnx.export(
            module,
            example_inputs(),
            file,
            input_names=INPUTS,
            output_names=[module.output],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    onnx.checker.check_model(str(file))


def write_quantized(file: Path) -> None:
    """Signed weights per channel and dynamic activations, as the hub's files for CPUs with VNNI.

    The full range of eight bits: `reduce_range` is for CPUs without VNNI and costs accuracy.
    """
    quantize_dynamic(
        file,
        file.with_name(f"{file.stem}_quantized.onnx"),
        per_channel=True,
        reduce_range=False,
        weight_type=QuantType.QInt8,
    )


def export(source: Path, target: Path) -> None:
    model = SentenceTransformer(
        str(source), device="cpu", model_kwargs={"attn_implementation": "eager"}
    ).eval()
    folder = target / "onnx"
    folder.mkdir(parents=True, exist_ok=True)
    for module, name in [(Encoder(model), "model.onnx"), (Whole(model), "whole.onnx")]:
        write_graph(module.eval(), folder / name)
        write_quantized(folder / name)
    for name in SIDE_FILES:
        shutil.copyfile(source / name, target / name)
    special = json.dumps(model.tokenizer.special_tokens_map)  # newer folders have no such file
    (target / "special_tokens_map.json").write_text(special, encoding="utf-8")


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    export(Path(sys.argv[1]), Path(sys.argv[2]))
