"""Makes the exporter and the fixture package importable from a fresh clone."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "test" / "fixtures"
sys.path.insert(0, str(REPOSITORY / "scripts" / "python"))

from sentence_transformers import SentenceTransformer  # noqa: E402

from fixtures.assemble import small_model  # noqa: E402
from sentence_torch_export.quiet import quiet  # noqa: E402

# The models are tiny: more threads only wait for each other.
torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def silence():
    with quiet():
        yield


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[SentenceTransformer], Path]:
    """Saves a model in today's layout and returns its folder."""

    def save(model: SentenceTransformer, name: str = "model") -> Path:
        folder = tmp_path / "source" / name
        model.save_pretrained(str(folder), create_model_card=False)
        return folder

    return save


@pytest.fixture(scope="session")
def pristine(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pristine") / "model"
    small_model("bert", dense=True).save_pretrained(str(path), create_model_card=False)
    return path


@pytest.fixture
def source(pristine, tmp_path) -> Path:
    """A model folder of one's own, to spoil."""
    return Path(shutil.copytree(pristine, tmp_path / "source"))
