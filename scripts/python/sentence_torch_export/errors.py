"""The one error users of the exporter see: a stable code and one message that says what to do."""

import contextlib
import re
from collections.abc import Iterator

# Lines of torch's messages that say where in torch and in C++ something failed, not what.
NOISE = re.compile(
    r"Exception raised from |frame #\d+: |C\+\+ CapturedTraceback|#\d+ |"
    r"Traceback |File \"|~|.*<--- HERE$"
)


class ExportError(Exception):
    """A reason not to export. `code` is public and stable; `message` is for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"error[{self.code}]: {self.message}"


def refused(subject: str, reason: str) -> ExportError:
    """What can't be exported faithfully: `subject` is a class, a file or an option."""
    return ExportError("ST_EXPORT_REFUSED", f"{subject} can't be exported: {reason}")


def mismatch(message: str) -> ExportError:
    """The trace (or the tokenizer file) and Python disagree."""
    return ExportError("ST_EXPORT_MISMATCH", message)


def not_found(message: str) -> ExportError:
    """The model isn't where it was looked for, or the hub can't be reached."""
    return ExportError("ST_EXPORT_NOT_FOUND", message)


def bad_output(message: str) -> ExportError:
    """The output folder can't be used."""
    return ExportError("ST_EXPORT_OUTPUT", message)


def first_line(error: BaseException) -> str:
    """Messages of the libraries run over many lines; the first one says what is wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def reason(error: BaseException) -> str:
    """The kind of an error and its last line that says something; TorchScript puts it there."""
    kind = type(error).__name__
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not NOISE.match(line)]
    if not told:
        return kind
    return told[-1] if re.match(r"\w+(Error|Exception): ", told[-1]) else f"{kind}: {told[-1]}"


class StageError(Exception):
    """A module of the pipeline failed: `subject` names it, the message says why."""

    def __init__(self, subject: str, message: str) -> None:
        super().__init__(message)
        self.subject = subject


@contextlib.contextmanager
def refusing(subject: str, doing: str) -> Iterator[None]:
    """Turn whatever the libraries raise in a block into a refusal that says what failed."""
    try:
        yield
    except ExportError:
        raise
    except StageError as error:
        raise refused(error.subject, f"{doing} failed: {error}") from error
    except Exception as error:
        raise refused(subject, f"{doing} failed: {reason(error)}") from error
