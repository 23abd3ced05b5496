"""The one error users of the exporter see: a stable code and one message that says what to do."""


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
