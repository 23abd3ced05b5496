"""Export of a whole SentenceTransformer into a sentence-torch model folder.

`python -m sentence_torch_export <hub id | folder> <out folder>` writes one TorchScript trace
(transformer, pooling, dense, normalize, ...), the tokenizer and a manifest, after it has compared
that trace with Python. `python -m sentence_torch_export.reference` is the Python side of parity.
"""
