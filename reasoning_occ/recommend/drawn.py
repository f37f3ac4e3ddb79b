"""What is done to a ranking before it is shown: a mean over the reasons drawn, and the run's temperature."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
from jaxtyping import Float

from reasoning_occ.evaluation.predictions import tempered
from reasoning_occ.recommenders.base import Answer, Recommendation


@dataclass(frozen=True, slots=True)
class Drawn(Recommendation):
    """The mean over several reasons. each_ko: natural log probabilities after each of them. unread: how many of them
    could not be read, and count as none."""

    each_ko: Float[np.ndarray, "reasons occupations"] = field(kw_only=True)
    unread: int = 0


def means(single: Iterator[Recommendation], each: int) -> Iterator[Drawn]:
    """The mean probability of each `each` rankings in turn, as `LanguageModel.rank_mean` gives it.

    The reason told is the one after which the title with the highest mean is likeliest.
    """
    while several := list(islice(single, each)):
        each_ko = np.stack([one.log_probs for one in several])
        mean_o = np.logaddexp.reduce(each_ko, axis=0) - np.log(each)
        best = int(np.argmax(each_ko[:, int(np.argmax(mean_o))]))
        unread = sum(one.reason is None for one in several)
        yield Drawn(mean_o, several[best].reason, each_ko=each_ko, unread=unread)


def at_temperature(said: Sequence[Recommendation | Answer], temperature: float | None) -> list[Recommendation | Answer]:
    """Rankings with their log probabilities divided by a temperature, and so those after each reason; the order stays.

    Args:
        said: rankings; an answer, which has no probabilities, stays as it is.
        temperature: `None`: nothing is divided.
    """
    if temperature is None:
        return list(said)
    return [one if isinstance(one, Answer) else _tempered(one, temperature) for one in said]


def _tempered(one: Recommendation, temperature: float) -> Recommendation:
    new = replace(one, log_probs=tempered(np.asarray(one.log_probs, dtype=np.float64), temperature))
    if not isinstance(new, Drawn):
        return new
    return replace(new, each_ko=np.stack([tempered(row_o, temperature) for row_o in new.each_ko]))
