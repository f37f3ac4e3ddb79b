"""Errors of Hydra and of configurations, each in a sentence that says what to do."""

from collections.abc import Iterator
from typing import Any

from omegaconf import OmegaConf

from reasoning_occ import help
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError, nearest


def sentence(error: Exception) -> str:
    """What went wrong with the configuration, in a sentence that says what to do."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, UserError):
            return str(cause)
        cause = cause.__cause__ or cause.__context__
    first = str(error).strip().splitlines()
    text = " ".join(line.strip() for line in first if line.strip())
    words = text.split("'")
    if "Could not override" in text and len(words) > 1:
        return f"'{words[1]}' is no key of the configuration; near: {nearest(words[1], known_keys())}."
    if "Could not find '" in text and len(words) > 1 and "/" in words[3 if words[1] == "config" else 1]:
        group, _, name = words[3 if words[1] == "config" else 1].rpartition("/")
        known = sorted(file.stem for file in (CONF / group).glob("*.yaml"))
        return f"{group}={name}: there is no such choice; known: {', '.join(known)}."
    return f"{text} See `python -m reasoning_occ.run --help`."


def known_keys() -> list[str]:
    """Every key of the default configuration, dotted. Read from the files: composing again would take twice as long."""
    whole = OmegaConf.load(CONF / "config.yaml")
    for group, name in help.defaults().items():
        if name is not None:
            own, key = OmegaConf.load(CONF / group / f"{name}.yaml"), help.filled(group, name)
            whole = OmegaConf.merge(whole, own if key == "_global_" else {key: own})

    def walk(values: Any, prefix: str = "") -> Iterator[str]:
        for key, value in values.items():
            yield f"{prefix}{key}"
            if isinstance(value, dict):
                yield from walk(value, f"{prefix}{key}.")

    ours: Any = OmegaConf.to_container(whole)
    return list(walk({key: value for key, value in ours.items() if key not in ("defaults", "hydra")}))
