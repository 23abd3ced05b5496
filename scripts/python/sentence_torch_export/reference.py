"""The Python side of parity: texts in, raw float32 out.

`python -m sentence_torch_export.reference <hub id | folder> <texts.json> <out.f32>` encodes a JSON
list of strings with sentence-transformers (batches of 32, float32) and writes little-endian
float32 [n, dimension].
"""

import argparse
import json
import sys
from pathlib import Path

from .errors import ExportError


def main(argv: list[str] | None = None) -> int:
    """Exit code 0, or 1 with one coded line on stderr."""
    parser = argparse.ArgumentParser(prog="sentence_torch_export.reference")
    parser.add_argument("model", help="hub id or folder of a SentenceTransformer")
    parser.add_argument("texts", type=Path, help="JSON file: a list of strings")
    parser.add_argument("output", type=Path, help="file for float32 [n, dimension]")
    arguments = parser.parse_args(argv)
    try:
        write_vectors(arguments.model, arguments.texts, arguments.output)
    except ExportError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write_vectors(model: str, texts: Path, output: Path) -> None:
    """Encode as the exporter's own checks do, so that parity and export share one reference."""
    from .loading import load_reference
    from .quiet import quiet
    from .source import Source
    from .tokenization import effective_limit

    with quiet():
        reference = load_reference(Source(model))
        effective_limit(reference)
        vectors = reference.encode(json.loads(texts.read_text(encoding="utf-8")))
    vectors.astype("<f4").tofile(output)
    print(json.dumps({"texts": len(vectors), "dimension": int(vectors.shape[1])}))


if __name__ == "__main__":
    sys.exit(main())
