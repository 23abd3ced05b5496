"""The Python model, loaded as the version that wrote it would run it, always in float32."""

import huggingface_hub.errors
import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from .errors import first_line, not_found, refused
from .source import Source, TextRules
from .survey import SUPPORTED, survey


class Reference:
    """`encode` of Python, with the text rules of the writer put back in front of the tokenizer."""

    def __init__(self, model: SentenceTransformer, rules: TextRules) -> None:
        self.model = model
        self.rules = rules

    @property
    def tokenizer(self) -> PreTrainedTokenizerBase:
        return self.model[0].tokenizer

    def prepare(self, texts: list[str]) -> list[str]:
        """Default prompt and text rules applied: what reaches the tokenizer."""
        name = self.model.default_prompt_name
        prompt = (self.model.prompts.get(name) or "") if name else ""
        return [self.rules.apply(prompt + text) for text in texts]

    def encode(self, texts: list[str], batch_size: int = 32) -> np.ndarray:
        """float32 [n, dimension]; the empty prompt keeps the default one from coming twice."""
        return self.model.encode(self.prepare(texts), prompt="", batch_size=batch_size)


def load_reference(source: Source) -> Reference:
    """Survey the files, load the model, and refuse what only the loaded model reveals."""
    survey(source)
    reference = Reference(load_model(source), source.text_rules)
    if source.text_rules.lowercase:
        restore_tokenizer(source, reference.model)
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


def restore_tokenizer(source: Source, model: SentenceTransformer) -> None:
    """Today's Python answers do_lower_case of an old folder with a Lowercase normalizer.

    The writer lowered the whole text in Python, special tokens included, so the tokenizer goes
    back to the one on disk and `text.lowercase` of the manifest does the rest.
    """
    limit = model.max_seq_length
    tokenizer = AutoTokenizer.from_pretrained(
        source.location, subfolder=source.transformer_path, trust_remote_code=False
    )
    tokenizer.model_max_length = limit
    model[0].processor = tokenizer


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
