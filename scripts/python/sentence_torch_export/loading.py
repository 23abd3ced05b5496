"""The Python model, as today's sentence-transformers loads it, always in float32."""

import huggingface_hub.errors
import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers import PreTrainedTokenizerBase

from .errors import first_line, not_found, refused
from .source import Source
from .survey import SUPPORTED, survey


class Reference:
    """`encode` of Python, and what it gives the tokenizer."""

    def __init__(self, model: SentenceTransformer) -> None:
        self.model = model

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        return self.model[0].tokenizer

    def prepare(self, texts: list[str]) -> list[str]:
        """The default prompt applied: what reaches the tokenizer."""
        name = self.model.default_prompt_name
        prompt = (self.model.prompts.get(name) or "") if name else ""
        return [prompt + text for text in texts]

    def encode(self, texts: list[str], batch_size: int = 32) -> np.ndarray:
        """float32 [n, dimension]"""
        return self.model.encode(texts, batch_size=batch_size)


def load_reference(source: Source) -> Reference:
    """Survey the files, load the model, and refuse what only the loaded model reveals."""
    survey(source)
    reference = Reference(load_model(source))
    survey_loaded(reference.model)
    return reference


def load_model(source: Source) -> SentenceTransformer:
    """float32 whatever the checkpoint holds: half precision on a CPU is neither fast nor exact."""
    try:
        model = SentenceTransformer(
            source.location,
            device="cpu",
            trust_remote_code=False,
            model_kwargs={"dtype": torch.float32},
        )
    except (huggingface_hub.errors.HfHubHTTPError, FileNotFoundError) as error:
        raise not_found(f"{source.location} is not complete: {first_line(error)}") from error
    except Exception as error:
        raise refused(
            source.location, f"Python can't load it: {type(error).__name__}: {first_line(error)}"
        ) from error
    return model.eval().requires_grad_(False)


def survey_loaded(model: SentenceTransformer) -> None:
    """Checks on classes and tokenizer, which the files alone don't settle."""
    for module in model:
        kind = type(module)
        if not kind.__module__.startswith("sentence_transformers.") or (
            kind.__name__ not in SUPPORTED
        ):
            raise refused(kind.__name__, "this module is not known to trace faithfully")
    transformer = model[0]
    if not type(transformer.model).__module__.startswith("transformers."):
        raise refused(type(transformer.model).__name__, "it is custom code")
    survey_tokenizer(transformer.processor)
    if "message" in transformer.modality_config or "text" not in transformer.modality_config:
        raise refused(
            f"Transformer({type(transformer.model).__name__})",
            "texts reach it through a chat template, not as plain text",
        )


def survey_tokenizer(tokenizer: object) -> None:
    """Node reads tokenizer.json of the tokenizers library and nothing else."""
    name = type(tokenizer).__name__
    if not isinstance(tokenizer, PreTrainedTokenizerBase):
        raise refused(name, "it is a processor for more than text")
    if not tokenizer.is_fast:
        raise refused(name, "it runs in Python and has no tokenizer.json")
    if tokenizer.pad_token_id is None:
        raise refused(name, "it has no padding token, so Python can't make a batch either")
