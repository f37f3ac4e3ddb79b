"""How a trained model is used; the values live under `inference:` in conf/config.yaml."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from reasoning_occ.errors import UserError

Reading = Literal["greedy", "sampled", "marginal", "none", "oracle", "shuffled"]


@dataclass(frozen=True, slots=True)
class Inference:
    """How a trained model is used; the fields of `inference:` in conf/config.yaml.

    precision: of ranking. "fp32" widens the weights while titles are ranked, "bf16" narrows the backbone's for good.
        Reasons are written with the weights as they were trained, which is faster: the precision of `trainer`, or bf16.
    reason: what is read before titles are ranked. "greedy": the model's own reason, its likeliest words. "sampled": one
        drawn from the model. "marginal": several drawn, and the mean of a title's probabilities after each. "none": no
        reason. "oracle": one that a teacher wrote knowing the answer, an upper bound and no fair comparison.
        "shuffled": another person's own reason.
    samples: how many reasons "marginal" draws.
    temperature: of what is drawn; 1 draws from the model as it is.
    allow_oracle: whether "oracle" may be chosen.
    pmi: whether a title's log-probability where no career is told is taken off (domain-conditional pointwise mutual
        information of Holtzman et al. 2021, arXiv 2104.08315), so that a title is not ranked by how common its words
        are.
    """

    precision: str
    max_reason_tokens: int
    batch: int
    rank_batch: int
    reason: Reading
    samples: int
    temperature: float
    allow_oracle: bool
    pmi: bool

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming its key."""
        self._must(self.precision in ("fp32", "bf16"), "precision", "fp32 or bf16")
        for name in ("max_reason_tokens", "batch", "rank_batch", "samples"):
            value = getattr(self, name)
            holds = isinstance(value, int) and not isinstance(value, bool) and value >= 1
            self._must(holds, name, "a whole number of 1 or more")
        self._must(self.reason in get_args(Reading), "reason", ", ".join(get_args(Reading)))
        warm: Any = self.temperature
        is_number = isinstance(warm, int | float) and not isinstance(warm, bool)
        self._must(is_number and warm > 0, "temperature", "a number above 0")
        for name in ("allow_oracle", "pmi"):
            self._must(isinstance(getattr(self, name), bool), name, "true or false")
        if self.reason == "oracle" and not self.allow_oracle:
            raise UserError(
                "inference.reason=oracle: such reasons were written knowing the answer, so what follows is an upper "
                "bound and no result. Add inference.allow_oracle=true if that is what you want."
            )

    def _must(self, holds: bool, name: str, expected: str) -> None:
        if not holds:
            raise UserError(f"inference.{name}: expected {expected}; got {getattr(self, name)}.")
