"""What of a configuration leaves the machine: no paths, no addresses."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

PLACES = ("path", "crosswalk", "matches", "test_file", "ledger", "prices", "base_url", "predictor")
"""Keys of the configuration that hold a place on this machine or in its network."""
FILES = (".gguf", ".jsonl", ".json", ".csv", ".sqlite", ".yaml")
HIDDEN = "(hidden)"


def shown_config(cfg: DictConfig) -> dict[str, Any]:
    """The configuration without the paths of this machine and the addresses of servers; names on the hub stay.
    Interpolations stay as written."""
    hidden = ("output", "sweeps", "stages", "data_dir", "onet", "hydra")
    values: Any = OmegaConf.to_container(OmegaConf.masked_copy(cfg, [str(k) for k in cfg if k not in hidden]))
    return _public(values)


def _public(value: Any) -> Any:
    """A value without what is named or written as a place, at any depth."""
    if isinstance(value, dict):
        return {key: _public(one) for key, one in value.items() if key not in PLACES and not is_place(key, one)}
    return [_public(one) for one in value if not is_place("", one)] if isinstance(value, list) else value


def is_place(key: str, value: Any) -> bool:
    """Whether a value is a path, or an address, which may hold a password."""
    if not isinstance(value, str) or value.startswith("${"):
        return False
    # a model's name can be one on the hub or a folder here: whether it is there says which, as where models are read
    here = ("/" in value or key == "model") and Path(value).exists()
    return here or "://" in value or "\\" in value or value.startswith(("/", "~", ".")) or value.endswith(FILES)


def shown_override(word: str) -> str:
    """An override (`key=value`) without the path or address that it sets."""
    name, _, value = word.partition("=")
    key = name.rpartition(".")[2]
    places = key in PLACES or any(is_place(key, one.strip("'\" ")) for one in value.strip("[]'\" ").split(","))
    return f"{name}={HIDDEN}" if places else word
