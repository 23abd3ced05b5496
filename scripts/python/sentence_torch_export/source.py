"""Where a model comes from: its small JSON files."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import (
    _CACHED_NO_EXIST,
    constants,
    get_session,
    hf_hub_download,
    try_to_load_from_cache,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from sentence_transformers.util.misc import ORIGINAL_TRANSFORMER_MODELS

from .errors import not_found, refused

# Before 2.0 each architecture had a config name of its own.
TRANSFORMER_CONFIGS = (
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
)


@dataclass(frozen=True)
class ModuleEntry:
    """One line of modules.json."""

    type: str
    path: str

    @property
    def name(self) -> str:
        return self.type.rsplit(".", 1)[-1]


class Source:
    """A local folder or a hub repository, read file by file."""

    def __init__(self, model: str) -> None:
        if not model.strip():
            raise not_found("the model is empty: name a hub id or a folder")
        self.is_folder = Path(model).is_dir()
        self.location = model if self.is_folder else hub_id(model)
        if not self.is_folder:
            use_cache_if_unreachable()
        self.id = folder_id(Path(model)) if self.is_folder else self.location
        self.entries = self._read_entries()
        self.config = self.read_json("config_sentence_transformers.json") or {}
        self.transformer_config = self._read_transformer_config()

    @property
    def name(self) -> str:
        return self.id.rsplit("/", 1)[-1]

    @property
    def transformer_path(self) -> str:
        return self.entries[0].path if self.entries else ""

    @property
    def writer(self) -> str | None:
        """The sentence-transformers version that wrote the folder, if it says so."""
        return self.config.get("__version__", {}).get("sentence_transformers")

    @property
    def transformers_writer(self) -> str | None:
        return self.config.get("__version__", {}).get("transformers")

    def read_json(self, name: str, subfolder: str = "") -> Any:
        """The parsed file, or None where the model has no such file."""
        path = self._find(f"{subfolder}/{name}" if subfolder else name)
        if path is None:
            return None
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise refused(name, f"the file can't be read ({error})") from error

    def _find(self, name: str) -> Path | None:
        if self.is_folder:
            path = Path(self.location, name)
            return path if path.is_file() else None
        return download(self.location, name)

    def _read_entries(self) -> list[ModuleEntry]:
        entries = self.read_json("modules.json")
        if entries is None and self.read_json("config.json") is None:
            raise not_found(
                f"{self.location} holds neither modules.json nor config.json: "
                "it is no SentenceTransformer and no transformers model"
            )
        try:
            return [ModuleEntry(str(entry["type"]), str(entry["path"])) for entry in entries or []]
        except (TypeError, KeyError) as error:
            raise refused("modules.json", "each entry needs a type and a path") from error

    def _read_transformer_config(self) -> dict[str, Any]:
        for name in TRANSFORMER_CONFIGS:
            found = self.read_json(name, self.transformer_path)
            if found is not None:
                return found
        return {}


def hub_id(model: str) -> str:
    """Short names live under sentence-transformers/, as in Python; paths are no hub ids."""
    looks_like_path = model.startswith((".", "/", "~")) or model.count("/") > 1 or os.sep == "\\"
    if looks_like_path and ("/" in model or "\\" in model):
        raise not_found(f"there is no folder {model!r}")
    if "/" in model or model.lower() in ORIGINAL_TRANSFORMER_MODELS:
        return model
    return f"sentence-transformers/{model}"


def folder_id(folder: Path) -> str:
    """A folder's base name, or the hub id where the folder lies in the cache of the hub."""
    folder = folder.resolve()
    repository = folder.parent.parent.name
    if folder.parent.name == "snapshots" and repository.startswith("models--"):
        return repository.removeprefix("models--").replace("--", "/")
    return folder.name


def use_cache_if_unreachable() -> None:
    """Ask once whether the hub answers; the libraries would retry for half a minute per file."""
    if constants.HF_HUB_OFFLINE:
        return
    try:
        get_session().head(constants.ENDPOINT, timeout=10)
    except Exception:
        constants.HF_HUB_OFFLINE = True


def download(repository: str, name: str) -> Path | None:
    """One small file of a hub repository, or None where the repository has no such file."""
    try:
        return Path(hf_hub_download(repository, name))
    except GatedRepoError as error:
        raise not_found(
            f"{repository} is gated: accept its terms on {constants.ENDPOINT}/{repository} and "
            "set HF_TOKEN to a token that may read it"
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise not_found(
            f"there is no folder {repository!r} and no model {repository!r} on "
            f"{constants.ENDPOINT}; if it is private, set HF_TOKEN"
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        if known_absent(repository, name):
            return None
        raise not_found(unreachable(repository)) from error
    except EntryNotFoundError:
        return None
    except (HfHubHTTPError, OSError) as error:
        raise not_found(f"{unreachable(repository)} ({type(error).__name__})") from error


def known_absent(repository: str, name: str) -> bool:
    """Offline, a file is absent if the cache says so, or holds the repository without it."""
    if try_to_load_from_cache(repository, name) is _CACHED_NO_EXIST:
        return True
    held = try_to_load_from_cache(repository, "modules.json")
    return name != "modules.json" and isinstance(held, str)


def unreachable(repository: str) -> str:
    """One line with every remedy: the reader may be offline on purpose."""
    offline = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE")
    state = "HF_HUB_OFFLINE is set" if offline else "the hub can't be reached"
    return (
        f"{repository} is not in the cache ({constants.HF_HUB_CACHE}) and {state} "
        f"({constants.ENDPOINT}). Remedies: pass a folder that holds the model; set HF_ENDPOINT to "
        "a mirror, or HTTPS_PROXY to a proxy; or fill the cache on another machine and set HF_HOME"
    )
