"""Command line: arguments in, progress and a summary out, one line on stderr when it fails."""

import argparse
import signal
import sys
from types import FrameType

from .errors import ExportError


def main(argv: list[str] | None = None) -> int:
    """Run the exporter; returns the exit code (0 written, 1 refused, 130 interrupted)."""
    arguments = parser().parse_args(argv)
    signal.signal(signal.SIGTERM, exit_cleanly)
    try:
        return export(arguments.model, arguments.output)
    except ExportError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    """The two arguments; there are no options, so that an export says all there is to say."""
    made = argparse.ArgumentParser(
        prog="sentence_torch_export",
        description="Export a SentenceTransformer as a sentence-torch model folder.",
    )
    made.add_argument("model", help="hub id (org/name) or folder of a SentenceTransformer")
    made.add_argument("output", help="folder to write; replaced if it is a model folder already")
    return made


def export(model: str, output: str) -> int:
    """Import late: `--help` and usage errors must not wait seconds for torch."""
    print(f"loading {model}", flush=True)
    from .export import export_model
    from .quiet import quiet

    with quiet():
        report = export_model(model, output, progress=lambda line: print(line, flush=True))
    print(report.summary())
    return 0


def exit_cleanly(signum: int, _frame: FrameType | None) -> None:
    """Turn SIGTERM into an exception, so that the half-written folder is removed."""
    sys.exit(128 + signum)
