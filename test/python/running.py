"""A model folder run as native code runs it: manifest, tokenizer.json, frozen trace."""

import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from sentence_torch_export import torchscript


def manifest(folder: Path) -> dict:
    return json.loads((folder / "sentence-torch.json").read_text(encoding="utf-8"))


def run(folder: Path, texts: list[str], prompt: str = "", keep: int | None = None) -> np.ndarray:
    """Vectors of all texts in one padded batch, as encode() gives them, from the folder alone."""
    facts = manifest(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    rows = [e.ids for e in tokenizer.encode_batch([prompt + t for t in texts])]
    width = max(map(len, rows))
    ids = torch.full((len(rows), width), facts["padding"]["tokenId"])
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        start = width - len(row) if facts["padding"]["side"] == "left" else 0
        ids[index, start : start + len(row)] = torch.tensor(row)
        mask[index, start : start + len(row)] = 1
    inputs = (ids, mask, torch.zeros_like(ids))[: len(facts["inputs"])]
    model = torchscript.freeze(torchscript.load(folder / "model.pt"))
    with torch.inference_mode():
        return model(*inputs).numpy()[:, : keep or facts.get("truncateDim")]
