"""From a whole ranking to what a person is shown of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from reasoning_occ.errors import UnknownOccupation, UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommend.drawn import Drawn
from reasoning_occ.recommend.results import Choice, Ranked
from reasoning_occ.recommenders.base import Answer, Recommendation


@dataclass(frozen=True, slots=True)
class Listing:
    """A choice whose titles are found: codes asked for, and which occupations may stand in the list.

    Occupations are in the taxonomy's order.
    """

    choice: Choice
    taxonomy: Taxonomy
    given: tuple[str, ...]
    shown: frozenset[str]

    @classmethod
    def of(cls, choice: Choice, taxonomy: Taxonomy, zones: Callable[[], Mapping[str, int]]) -> "Listing":
        """Look up what a choice names.

        Args:
            choice: as asked for.
            taxonomy: the run's.
            zones: gives O*NET's job zones by code; called only where they are asked for.

        Raises:
            UserError: a number is out of range, a title is unknown, or job zones can't be had.
        """
        if choice.k < 1:
            raise UserError(f"k: expected a whole number above 0; got {choice.k}.")
        given = tuple(_find(name, "given", taxonomy) for name in choice.given)
        out = {_find(name, "exclude", taxonomy) for name in choice.exclude}
        if choice.min_job_zone is not None:
            out |= _below(choice.min_job_zone, taxonomy, zones)
        return cls(choice, taxonomy, given, frozenset(taxonomy.codes) - out)

    def ranked(self, said: Recommendation | Answer) -> tuple[tuple[Ranked, ...], tuple[Ranked, ...]]:
        """The list, and the titles asked for."""
        if isinstance(said, Answer):
            named = () if said.code is None else (Ranked(self.taxonomy.title(said.code), said.code, None, None),)
            asked = tuple(Ranked(self.taxonomy.title(code), code, None, None) for code in self.given)
            return tuple(one for one in named if one.code in self.shown), asked
        every = _all(said, self.taxonomy)
        by_code = {one.code: one for one in every}
        possible = [one for one in every if one.code in self.shown and one.rank is not None]
        asked = tuple(by_code[code] for code in self.given)
        return (self._merged(possible) if self.choice.merge_related else tuple(possible[: self.choice.k])), asked

    def _merged(self, ranked: list[Ranked]) -> tuple[Ranked, ...]:
        """The first `k` that are related to none above them, each with the others that are related to it."""
        heads: list[Ranked] = []
        for one in ranked:
            near = next((n for n, head in enumerate(heads) if one.code in self.taxonomy.related(head.code)), None)
            if near is not None:
                heads[near] = replace(heads[near], related=(*heads[near].related, one))
            elif len(heads) < self.choice.k:
                heads.append(one)
        return tuple(heads)


def _all(said: Recommendation, taxonomy: Taxonomy) -> list[Ranked]:
    """Every occupation, most probable first; of equal ones the taxonomy's first, as in predictions.jsonl."""
    order = np.argsort(-said.log_probs, kind="stable")
    probs_o, is_possible_o = np.exp(said.log_probs), np.isfinite(said.log_probs)
    probs_ok = np.exp(said.each_ko).T.tolist() if isinstance(said, Drawn) else None
    found = []
    for place, i in enumerate(order, start=1):
        o = taxonomy.occupations[i]
        each = None if probs_ok is None else tuple(probs_ok[i])
        rank = place if is_possible_o[i] else None
        found.append(Ranked(o.title, o.code, rank, float(probs_o[i]), by_reason=each))
    return found


def _find(name: str, where: str, taxonomy: Taxonomy) -> str:
    try:
        return taxonomy.find(name)
    except UnknownOccupation as error:
        meant = taxonomy.guess(name)
        if meant is None:
            raise UserError(f"{where}: {error}") from error
        raise UserError(
            f"{where}: '{name}' is no title of the {taxonomy.name} taxonomy; its words mean '{taxonomy.title(meant)}': "
            "give that, if it is what you mean."
        ) from error


def _below(least: int, taxonomy: Taxonomy, zones: Callable[[], Mapping[str, int]]) -> set[str]:
    if not 1 <= least <= 5:
        raise UserError(f"min_job_zone: expected a whole number from 1 to 5; got {least}.")
    if taxonomy.name != "onet":
        raise UserError(f"min_job_zone: job zones are O*NET's, and this run ranks the {taxonomy.name} taxonomy.")
    known = zones()
    if not known:
        raise UserError(
            "min_job_zone: there is no 'Job Zones.txt', neither in the folder onet of data_dir nor among downloaded "
            "tables. Get it from O*NET."
        )
    return {code for code in taxonomy.codes if known.get(code, 0) < least}
