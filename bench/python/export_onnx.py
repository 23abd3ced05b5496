"""Writes a SentenceTransformer's encoder as ONNX, in the layout that transformers.js reads.

    python export_onnx.py SOURCE TARGET

SOURCE is the model as Python's library saves it. The graph gives token embeddings, since
transformers.js pools them itself. It is written with plain ("eager") attention: onnxruntime was
measured to run that at least as fast as the graph of scaled_dot_product_attention, and as fast as
the graph whose attention its own optimizer had fused.
"""

import shutil
import sys
import warnings
from pathlib import Path

import onnx
import torch
from transformers import AutoModel

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
OUTPUT = "last_hidden_state"
SIDE_FILES = [
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
]


class Encoder(torch.nn.Module):
    """The transformer with inputs by position, as the exporter wants them."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.model(**dict(zip(INPUTS, inputs, strict=True)))[OUTPUT]


def example_inputs() -> tuple[torch.Tensor, ...]:
    """Two texts of unequal length, so that no size is taken for a constant."""
    ids = torch.arange(1000, 1032).reshape(2, 16)
    mask = torch.ones_like(ids)
    mask[1, 9:] = 0
    return ids, mask, torch.zeros_like(ids)


def export(source: Path, target: Path) -> None:
    model = AutoModel.from_pretrained(source, attn_implementation="eager").eval()
    file = target / "onnx" / "model.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    axes = {name: {0: "batch", 1: "sequence"} for name in [*INPUTS, OUTPUT]}
    with torch.inference_mode():
        torch.onnx.export(
            Encoder(model),
            example_inputs(),
            file,
            input_names=INPUTS,
            output_names=[OUTPUT],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
    onnx.checker.check_model(str(file))
    for name in SIDE_FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    export(Path(sys.argv[1]), Path(sys.argv[2]))
