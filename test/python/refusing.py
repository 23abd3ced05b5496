"""Helpers of the tests that expect an export to be refused."""

import json
from pathlib import Path

import pytest

from sentence_torch_export.errors import ExportError
from sentence_torch_export.export import export_model


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refuse(model: Path, tmp_path: Path, code: str = "ST_EXPORT_REFUSED") -> str:
    """The message of the refusal; asserts that nothing was written."""
    output = tmp_path / "outputs" / "out"
    with pytest.raises(ExportError) as caught:
        export_model(str(model), output)
    assert caught.value.code == code
    assert not output.exists() and not leftovers(tmp_path / "outputs")
    return caught.value.message


def leftovers(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir()) if parent.is_dir() else []
