"""The model folder: staged beside its place, published by one rename, never half there."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

from .errors import bad_output

MANIFEST = "sentence-torch.json"


class Staging:
    """A hidden folder beside the output; gone at the end of the block unless published."""

    def __init__(self, output: Path) -> None:
        self.output = output.absolute()
        self.path = self.output.with_name(f".{self.output.name}.{os.getpid()}.tmp")

    def __enter__(self) -> "Staging":
        check_replaceable(self.output)
        try:
            self.path.mkdir(parents=True)
        except OSError as error:
            raise bad_output(f"{self.output.parent} can't be written: {error.strerror}") from error
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise bad_output(f"{self.output} can't be written: {error}") from error

    def publish(self) -> None:
        """Swap the finished folder in; what stood there is put back if that fails."""
        check_replaceable(self.output)
        previous = self.path.with_suffix(".old")
        if self.output.exists():
            self.output.rename(previous)
        try:
            self.path.rename(self.output)
        except BaseException:
            if previous.exists():
                previous.rename(self.output)
            raise
        shutil.rmtree(previous, ignore_errors=True)


def check_replaceable(output: Path) -> None:
    """Only a model folder of ours, an empty folder or nothing may stand at the output."""
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise bad_output(f"{output} exists and is no folder")
    if output.is_dir() and any(output.iterdir()) and not (output / MANIFEST).is_file():
        raise bad_output(
            f"{output} holds other files and no {MANIFEST}; choose a new or empty folder"
        )


def write_manifest(folder: Path, manifest: dict[str, Any], files: list[str]) -> None:
    """The manifest comes last: it carries size and sha256 of the other files."""
    described = {name: describe_file(folder / name) for name in files}
    text = json.dumps({**manifest, "files": described}, ensure_ascii=False, indent=2)
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")
    for name in (*files, MANIFEST):
        with (folder / name).open("rb") as file:
            os.fsync(file.fileno())


def describe_file(path: Path) -> dict[str, str | int]:
    with path.open("rb") as file:
        return {
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
            "bytes": path.stat().st_size,
        }
