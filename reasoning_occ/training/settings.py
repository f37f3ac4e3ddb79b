"""What can be chosen about a training; the values live in conf/trainer/*.yaml and conf/training/*.yaml."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from reasoning_occ.errors import UserError

PRECISIONS = ("fp32", "bf16")
ATTENTIONS = ("auto", "cpu", "flex", "varlen", "reference")
COMPILING = ("auto", "always", "never")
SHARDINGS = ("none", "full", "zero2")
_WEIGHTS = ("reason_weight", "answer_weight")


@dataclass(frozen=True, slots=True)
class LoraChoice:
    """The adapter: rank, scale numerator, dropout, which linear layers get one ('all-linear' or names), and in how many
    of the model's layers, the last ones (None: all)."""

    r: int
    alpha: int
    dropout: float
    targets: str | tuple[str, ...]
    last_layers: int | None

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming its key."""
        for name, holds, expected in (
            ("r", _whole(self.r) and self.r > 0, "a whole number above 0"),
            ("alpha", _number(self.alpha) and self.alpha > 0, "a number above 0"),
            ("last_layers", self.last_layers is None or _whole(self.last_layers), "null or a whole number"),
            ("dropout", _number(self.dropout) and 0 <= self.dropout < 1, "a share from 0 to below 1"),
        ):
            if not holds:
                raise UserError(f"trainer.lora.{name}: expected {expected}; got {getattr(self, name)}.")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """One field a key of conf/trainer/*.yaml and conf/training/*.yaml, where each is explained.

    lora: the adapter that learns; None: every weight does.
    """

    epochs: int
    max_steps: int | None
    lr: float
    warmup: float
    weight_decay: float
    clip: float
    batch: int
    micro_tokens: int
    reason_weight: float
    answer_weight: float
    precision: str
    attention: str
    compile: str
    gradient_checkpointing: bool
    devices: int
    sharding: str
    checkpoint_minutes: float
    validate_every: float
    validate_examples: int
    seed: int
    lora: LoraChoice | None

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming its key."""
        for name in ("epochs", "batch", "micro_tokens", "devices", "validate_examples", "seed"):
            self._must(_whole(getattr(self, name)), name, "a whole number")
        self._must(self.max_steps is None or _whole(self.max_steps), "max_steps", "null or a whole number")
        for name in ("lr", "warmup", "weight_decay", "clip", *_WEIGHTS, "checkpoint_minutes", "validate_every"):
            self._must(_number(getattr(self, name)), name, "a number")
        for name in (
            "epochs",
            "lr",
            "clip",
            "batch",
            "micro_tokens",
            "devices",
            "checkpoint_minutes",
            "validate_examples",
        ):
            self._must(getattr(self, name) > 0, name, "a number above 0")
        for name in ("weight_decay", *_WEIGHTS):
            self._must(getattr(self, name) >= 0, name, "0 or more")
        self._must(self.reason_weight + self.answer_weight > 0, "reason_weight", "not 0 together with answer_weight")
        self._must(self.max_steps is None or self.max_steps > 0, "max_steps", "null or a number above 0")
        self._must(0 <= self.warmup < 1, "warmup", "a share of training, from 0 to below 1")
        self._must(0 < self.validate_every <= 1, "validate_every", "a share of training, above 0 and at most 1")
        self._must(self.precision in PRECISIONS, "precision", " or ".join(PRECISIONS))
        self._must(self.attention in ATTENTIONS, "attention", " or ".join(ATTENTIONS))
        self._must(self.compile in COMPILING, "compile", " or ".join(COMPILING))
        self._must(isinstance(self.gradient_checkpointing, bool), "gradient_checkpointing", "true or false")
        self._must(self.sharding in SHARDINGS, "sharding", " or ".join(SHARDINGS))
        if self.sharding != "none":
            over = f"2 or more to share a model out over (trainer.sharding={self.sharding})"
            self._must(self.devices > 1, "devices", over)
        if self.sharding == "full":
            self._must(self.compile != "always", "compile", "auto or never with trainer.sharding=full")

    def _must(self, holds: bool, name: str, expected: str) -> None:
        if not holds:
            raise UserError(f"trainer.{name}: expected {expected}; got {getattr(self, name)}.")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "TrainingSettings":
        """From a mapping such as the `trainer` part of a configuration (resolved).

        Raises:
            UserError: a key is missing or unknown, or a value makes no sense.
        """
        _same_keys(values, cls, "trainer")
        return cls(**{**values, "lora": None if values["lora"] is None else _adapter(values["lora"])})

    def shaping(self) -> str:
        """All that decides what is learnt, as text: two trainings may continue each other only if it is equal."""
        idle = ("checkpoint_minutes", "validate_every", "validate_examples")
        return repr([(field.name, getattr(self, field.name)) for field in fields(self) if field.name not in idle])


def _adapter(values: Mapping[str, Any]) -> LoraChoice:
    if not isinstance(values, Mapping):
        raise UserError(f"trainer.lora: expected null or settings of an adapter; got {values}.")
    _same_keys(values, LoraChoice, "trainer.lora")
    targets = values["targets"] if isinstance(values["targets"], str) else tuple(values["targets"])
    return LoraChoice(**{**values, "targets": targets})


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same_keys(values: Mapping[str, Any], settings: type, where: str) -> None:
    known, given = {field.name for field in fields(settings)}, set(values)
    for missing in sorted(known - given):
        raise UserError(f"{where}.{missing}: no value given; add it to the configuration.")
    for unknown in sorted(given - known):
        raise UserError(f"{where}.{unknown}: no such setting; known: {', '.join(sorted(known))}.")
