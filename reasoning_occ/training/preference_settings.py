"""What can be chosen about preference training; the values live in conf/preference/*.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any

from reasoning_occ.errors import UserError
from reasoning_occ.training.settings import TrainingSettings

LOSSES = ("sigmoid",)
OVER = ("reason", "all")
_NUMBERS = ("beta", "rpo_alpha", "lr", "warmup")


@dataclass(frozen=True, slots=True)
class PreferenceSettings:
    """One field a key of conf/preference/*.yaml, where each is explained."""

    loss: str
    beta: float
    over: str
    rpo_alpha: float
    length_normalised: bool
    epochs: int
    max_steps: int | None
    lr: float
    warmup: float
    batch: int

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming its key."""
        self._must(self.loss in LOSSES, "loss", " or ".join(LOSSES))
        self._must(self.over in OVER, "over", " or ".join(OVER))
        self._must(isinstance(self.length_normalised, bool), "length_normalised", "true or false")
        for name in _NUMBERS:
            self._must(_number(getattr(self, name)), name, "a number")
        for name in ("epochs", "batch"):
            self._must(_count(getattr(self, name)), name, "a whole number above 0")
        self._must(self.max_steps is None or _count(self.max_steps), "max_steps", "null or a whole number above 0")
        for name in ("beta", "lr"):
            self._must(getattr(self, name) > 0, name, "a number above 0")
        self._must(self.rpo_alpha >= 0, "rpo_alpha", "0 or more")
        self._must(0 <= self.warmup < 1, "warmup", "a share of training, from 0 to below 1")

    def _must(self, holds: bool, name: str, expected: str) -> None:
        if not holds:
            raise UserError(f"preference.{name}: expected {expected}; got {getattr(self, name)}.")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "PreferenceSettings":
        """From a mapping such as the `preference` part of a configuration (resolved).

        Raises:
            UserError: a key is missing or unknown, or a value makes no sense.
        """
        known, given = {field.name for field in fields(cls)}, set(values)
        for missing in sorted(known - given):
            raise UserError(f"preference.{missing}: no value given; add it to the configuration.")
        for unknown in sorted(given - known):
            raise UserError(f"preference.{unknown}: no such setting; known: {', '.join(sorted(known))}.")
        return cls(**values)

    def steps_of(self, trainer: TrainingSettings) -> TrainingSettings:
        """How the steps of preference training are taken: as `trainer` says, but for what is chosen here."""
        return replace(
            trainer,
            epochs=self.epochs,
            max_steps=self.max_steps,
            lr=self.lr,
            warmup=self.warmup,
            batch=self.batch,
        )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
