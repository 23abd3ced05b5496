"""The whole SentenceTransformer as one torch module: token ids in, sentence embeddings out."""

import inspect
import traceback

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn

from .errors import StageError, reason, refused, refusing

TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")

# Example shape of the trace: unequal sizes over 1, so that no dimension is taken for another one
# or for a broadcast.
EXAMPLE_ROWS, EXAMPLE_TOKENS = 3, 7


class Pipeline(nn.Module):
    """Every module in order on one feature dictionary, as `SentenceTransformer.forward` does.

    A saved `truncate_dim` is no part of it: in Python it is a default of `encode`, and so it is
    here, by the manifest's `truncateDim`.
    """

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.stages = nn.ModuleList(model.children())

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        features = {"input_ids": input_ids, "attention_mask": attention_mask}
        if token_type_ids is not None:
            features["token_type_ids"] = token_type_ids
        for stage in self.stages:
            features = run_stage(stage, features)
        return features["sentence_embedding"]


def run_stage(stage: nn.Module, features: dict[str, Tensor]) -> dict[str, Tensor]:
    """One module; its name goes into the error, since a traceback is nothing to show to people."""
    try:
        return stage(features)
    except Exception as error:
        place = failing_function(error)
        raise StageError(describe_module(stage), reason(error) + place) from error


def failing_function(error: Exception) -> str:
    """The innermost function of the model's library: torch's own words can be as few as two."""
    names = [
        f"{frame.f_globals.get('__name__', '')}.{frame.f_code.co_name}"
        for frame, _ in traceback.walk_tb(error.__traceback__)
    ]
    found = [name for name in names if name.startswith(("transformers.", "sentence_transformers."))]
    return f" (in {found[-1]})" if found else ""


def input_names(model: SentenceTransformer) -> list[str]:
    """The tensors Python feeds this model; token types only if the model has a use for them."""
    with refusing(type(model[0].tokenizer).__name__, "running it"):
        features = model.preprocess(["a", "b c"])
    tensors = [name for name, value in features.items() if isinstance(value, Tensor)]
    unknown = sorted(set(tensors) - set(TEXT_INPUTS))
    if unknown:
        raise refused(type(model[0].tokenizer).__name__, f"it also feeds the model {unknown}")
    accepted = inspect.signature(model[0].model.forward).parameters
    takes_types = "token_type_ids" in tensors and "token_type_ids" in accepted
    return [*TEXT_INPUTS[:2], *(TEXT_INPUTS[2:] if takes_types else ())]


def trace(pipeline: Pipeline, inputs: list[str], token_id: int) -> torch.jit.ScriptModule:
    """Trace with one padded row, so that every branch on the mask is in the trace."""
    ids = torch.full((EXAMPLE_ROWS, EXAMPLE_TOKENS), token_id, dtype=torch.int64)
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    example = (ids, mask, torch.zeros_like(ids))[: len(inputs)]
    with refusing(describe_module(pipeline.stages[0]), "tracing it"), torch.no_grad():
        return torch.jit.trace(pipeline, example, check_trace=False, strict=True)


def describe(model: SentenceTransformer) -> list[str]:
    """The modules in order, for people who read the manifest."""
    return [describe_module(module) for module in model]


def truncation(model: SentenceTransformer, dimension: int) -> int | None:
    """How many values `encode` keeps by default, if not all `dimension` of them."""
    kept = model.truncate_dim
    return None if kept is None or kept >= dimension else int(kept)


def describe_module(module: nn.Module) -> str:
    name = type(module).__name__
    if name == "Transformer":
        return f"Transformer({type(module.model).__name__})"
    if name == "Pooling":
        modes = module.pooling_mode
        return f"Pooling({modes if isinstance(modes, str) else ', '.join(modes)})"
    if name == "Dense":
        sizes = f"{module.in_features} -> {module.out_features}"
        residual = ", residual" if module.use_residual else ""
        return f"Dense({sizes}, {type(module.activation_function).__name__}{residual})"
    if name == "LayerNorm":
        return f"LayerNorm({module.dimension})"
    return f"Dropout({module.dropout})" if name == "Dropout" else name
