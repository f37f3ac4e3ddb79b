"""What a recommender said of one transition, beside what came next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from reasoning_occ.careers.types import Transition
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.decision import Decide
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Answer, Recommendation, possible

TOP = 10
"""How many of the most probable titles a line keeps."""

_TOLERANCE = 1e-3


class Stay(NamedTuple):
    """The first of two steps, to stay or to move: what was done, and its natural log probability."""

    stayed: bool
    log_prob: float


class Tempered(NamedTuple):
    """At the job's temperature: natural log probability of the truth, and probability of the top title."""

    log_prob: float
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """One recommender's word on one transition.

    transition: number of past jobs before the present one. truth: a code; truth_title: its title.
    top: up to ten (title, probability), most probable first; empty where the recommender gave no
    valid title, one title with `None` where it gave that alone. rank: place of the truth, 1 = first.
    log_prob: natural log probability of the truth. probability: of the top title. rank, log_prob and
    probability are `None` where the recommender gave no ranking. history: the lines the recommender
    saw. slices: facts of the person that no recommender saw, such as race. answer: what was said,
    where the recommender names one title instead of ranking all. decided: the title that another decision than the most
    probable title names (decision.py); `None` where none was asked for. stay: `None` where staying
    is no answer, or nothing is ranked. tempered: `None` where there is no temperature.
    """

    recommender: str
    person: str
    transition: int
    truth: str
    truth_title: str
    top: tuple[tuple[str, float | None], ...]
    rank: int | None
    log_prob: float | None
    probability: float | None
    reason: str | None
    history: tuple[str, ...]
    slices: Mapping[str, str]
    answer: Answer | None = None
    decided: str | None = None
    stay: Stay | None = None
    tempered: Tempered | None = None

    @property
    def key(self) -> tuple[str, int]:
        """Names the transition, whoever the recommender."""
        return (self.person, self.transition)

    @property
    def title(self) -> str:
        """The title that AccEM counts; "" where the recommender gave none."""
        return self.top[0][0] if self.top else ""


def predict(
    transition: Transition,
    recommendation: Recommendation | Answer,
    taxonomy: Taxonomy,
    name: str,
    history_lines: Sequence[str],
    decide: Decide | None = None,
    temperature: float | None = None,
) -> Prediction:
    """Set a recommendation beside the truth.

    Equal probabilities are ranked in the taxonomy's order. An answer has no rank; one that names no occupation, or the
    present one, gives no valid title.

    Args:
        transition: the history and what came next.
        recommendation: natural log probabilities in the taxonomy's order, or one answer.
        taxonomy: names the titles.
        name: the recommender's.
        history_lines: the history as the recommender saw it, for people to read.
        decide: names a title by its own rule, where there is a ranking.
        temperature: divides log probabilities; `None`: none. What is decided on goes by the new probabilities.

    Raises:
        UserError: the truth is not an allowed answer, or the log probabilities are not a
            distribution over the allowed occupations, or give the truth no probability.
    """
    if isinstance(recommendation, Answer):
        return _answered(transition, recommendation, taxonomy, name, history_lines)
    log_probs = np.asarray(recommendation.log_probs, dtype=np.float64)
    truth = taxonomy.index(transition.target)
    _check(log_probs, truth, transition, taxonomy, name)
    # stable: equal values stay in the taxonomy's order, as in the rank
    order = np.argsort(-log_probs, kind="stable")
    best = [i for i in order[:TOP] if np.isfinite(log_probs[i])]
    person, past_jobs = transition.key
    new = log_probs if temperature is None else tempered(log_probs, temperature)
    return Prediction(
        recommender=name,
        person=person,
        transition=past_jobs,
        truth=transition.target,
        truth_title=taxonomy.occupations[truth].title,
        top=tuple((taxonomy.occupations[i].title, float(np.exp(log_probs[i]))) for i in best),
        rank=int(np.flatnonzero(order == truth)[0]) + 1,
        log_prob=float(log_probs[truth]),
        probability=float(np.exp(log_probs[order[0]])),
        reason=recommendation.reason,
        history=tuple(history_lines),
        slices=dict(transition.history.person.slices),
        decided=_decided(new, possible(transition, taxonomy), taxonomy, decide),
        stay=_stay(log_probs, transition, taxonomy) if transition.history.stays and transition.ahead == 1 else None,
        tempered=None if temperature is None else Tempered(float(new[truth]), float(np.exp(new[order[0]]))),
    )


def tempered(log_probs: Float[np.ndarray, " occupations"], temperature: float) -> Float[np.ndarray, " occupations"]:
    """Log probabilities divided by a temperature and made to add up to one again; -inf stays."""
    scaled = log_probs / temperature
    return scaled - np.logaddexp.reduce(scaled)


def _stay(log_probs: np.ndarray, transition: Transition, taxonomy: Taxonomy) -> Stay:
    present = transition.history.jobs[-1].occupation
    here = taxonomy.index(present)
    if transition.target == present:
        return Stay(True, float(log_probs[here]))
    # a sum of the others, for 1 less a probability near 1 has few digits left
    return Stay(False, min(0.0, float(np.logaddexp.reduce(np.delete(log_probs, here)))))


def _decided(log_probs: np.ndarray, may_o: np.ndarray, taxonomy: Taxonomy, decide: Decide | None) -> str | None:
    return None if decide is None else taxonomy.occupations[decide(np.exp(log_probs), may_o)].title


def _answered(
    transition: Transition, answer: Answer, taxonomy: Taxonomy, name: str, history_lines: Sequence[str]
) -> Prediction:
    person, past_jobs = transition.key
    valid = answer.code is not None and answer.code != transition.history.jobs[-1].occupation
    return Prediction(
        recommender=name,
        person=person,
        transition=past_jobs,
        truth=transition.target,
        truth_title=taxonomy.title(transition.target),
        top=((taxonomy.title(answer.code), None),) if valid and answer.code is not None else (),
        rank=None,
        log_prob=None,
        probability=None,
        reason=None,
        history=tuple(history_lines),
        slices=dict(transition.history.person.slices),
        answer=answer,
    )


def _check(log_probs: np.ndarray, truth: int, transition: Transition, taxonomy: Taxonomy, name: str) -> None:
    where = f"{name}, person {transition.history.person.id}, transition {transition.key[1]}"
    if log_probs.shape != (len(taxonomy),):
        raise UserError(
            f"{where}: expected {len(taxonomy)} log probabilities, one for each occupation of the "
            f"{taxonomy.name} taxonomy, got an array of shape {log_probs.shape}."
        )
    may_follow = possible(transition, taxonomy)
    if not may_follow[truth]:
        raise UserError(
            f"{where}: the true next occupation is the present one ('{taxonomy.title(transition.target)}'), which "
            "is never an answer; merge equal neighbouring jobs when the careers are read."
        )
    # written so that nan fails too
    if not abs(np.exp(log_probs).sum() - 1) < _TOLERANCE:
        raise UserError(
            f"{where}: probabilities must add up to 1, these add up to {np.exp(log_probs).sum():.4f}; "
            "normalise over the allowed occupations."
        )
    if np.exp(log_probs[~may_follow]).sum() > _TOLERANCE:
        raise UserError(f"{where}: the present occupation got a probability; give what is not allowed -inf.")
    if not np.isfinite(log_probs[truth]):
        raise UserError(
            f"{where}: the truth ('{taxonomy.title(transition.target)}') got no probability at all, so that log-loss "
            "is infinite; every allowed occupation needs some."
        )
