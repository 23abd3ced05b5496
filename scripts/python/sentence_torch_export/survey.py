"""Everything that is refused from the files alone, before a model is loaded or code is imported."""

from .errors import refused
from .source import ModuleEntry, Source

SUPPORTED = ("Transformer", "Pooling", "Dense", "LayerNorm", "Normalize", "Dropout")

WHY_NOT = {
    "Asym": "it picks a route per text at run time, and a trace holds one route only",
    "BoW": "it counts words in Python; there is no tokenizer.json to ship",
    "CLIPModel": "it embeds images with a processor of their own",
    "CNN": "its convolution reads padding, so a vector would depend on the rest of the batch",
    "LSTM": "its packed sequences depend on lengths the trace would freeze",
    "MLMTransformer": "it is part of a sparse model, and sparse vectors are not embeddings here",
    "Router": "it picks a route per text at run time, and a trace holds one route only",
    "SparseAutoEncoder": "it makes sparse vectors",
    "SparseStaticEmbedding": "it makes sparse vectors",
    "SpladePooling": "it makes sparse vectors",
    "StaticEmbedding": "it takes ragged offsets instead of input_ids and attention_mask",
    "WeightedLayerPooling": "it reads the hidden states of every layer, which frozen code drops",
    "WordEmbeddings": "its word tokenizer runs in Python; there is no tokenizer.json to ship",
    "WordWeights": "it weighs words by a table kept in Python",
}


def survey(source: Source) -> None:
    """Raise for the first thing on disk that can't be exported faithfully."""
    model_type = source.config.get("model_type", "SentenceTransformer")
    if model_type != "SentenceTransformer":
        raise refused(
            model_type, "the folder holds another kind of model, not a SentenceTransformer"
        )
    kept = source.config.get("truncate_dim")
    if kept is not None and kept < 1:
        raise refused(
            f"truncate_dim={kept}", "it must be at least 1, the number of values that are kept"
        )
    for position, entry in enumerate(source.entries):
        survey_entry(entry, position)
        if entry.name == "Dense":
            survey_dense(source, entry)
        if entry.name == "Pooling":
            survey_pooling(source, entry)
    survey_transformer(source)


def survey_entry(entry: ModuleEntry, position: int) -> None:
    """Only modules of sentence-transformers itself, and of those the ones a trace can hold."""
    if not entry.type.startswith("sentence_transformers."):
        raise refused(entry.type, "it is custom code, and custom code is never run here")
    if entry.name not in SUPPORTED:
        reason = WHY_NOT.get(entry.name, "this module is not known to trace faithfully")
        raise refused(entry.name, reason)
    if (entry.name == "Transformer") != (position == 0):
        raise refused(entry.name, "a pipeline starts with its one Transformer")


def survey_dense(source: Source, entry: ModuleEntry) -> None:
    """Python replaces an activation it doesn't trust by Tanh, with no more than a warning."""
    config = source.read_json("config.json", entry.path) or {}
    activation = config.get("activation_function", "torch.nn.modules.activation.Tanh")
    if not str(activation).startswith("torch."):
        raise refused(f"Dense({activation})", "its activation is custom code, not a torch module")


def survey_pooling(source: Source, entry: ModuleEntry) -> None:
    """The number of prompt tokens is known per call only; the trace has no input for it."""
    config = source.read_json("config.json", entry.path) or {}
    if config.get("include_prompt", True) is False:
        raise refused(
            "Pooling(include_prompt=False)",
            "leaving the prompt out needs its length in tokens with every call, and the trace "
            "takes token ids and mask only",
        )


def survey_transformer(source: Source) -> None:
    """Custom modelling code, adapters, and settings that change how texts become tokens."""
    path = source.transformer_path
    if source.read_json("adapter_config.json", path) is not None:
        raise refused("Transformer(adapter_config.json)", "merge the adapter into the model first")
    config = source.read_json("config.json", path) or {}
    if "AutoModel" in config.get("auto_map", {}):
        raise refused(
            f"Transformer({config['auto_map']['AutoModel']})",
            "it is custom code, and custom code is never run here",
        )
    settings = source.transformer_config
    task = settings.get("transformer_task", "feature-extraction")
    if task != "feature-extraction":
        raise refused(f"Transformer(transformer_task={task})", "its output is no token embedding")
    for key in ("processing_kwargs", "query_expansion", "query_length", "document_length"):
        if settings.get(key):
            raise refused(f"Transformer({key})", "it changes per call how texts become tokens")
