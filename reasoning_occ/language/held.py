"""Occupations that a person has held, as a ranking head counts them."""

import numpy as np
from jaxtyping import Int

from reasoning_occ.careers.types import Career
from reasoning_occ.occupations.taxonomy import Taxonomy

PLACES = 8
"""How many are told apart by how long ago they were held; ours: who goes back goes back to one of the last few."""


def held(history: Career, taxonomy: Taxonomy) -> Int[np.ndarray, " places"]:
    """The numbers of the occupations held, the latest first and each once; -1 where there are fewer than `PLACES`."""
    latest_first = dict.fromkeys(taxonomy.index(job.occupation) for job in reversed(history.jobs))
    places = np.full(PLACES, -1, dtype=np.int64)
    found = list(latest_first)[:PLACES]
    places[: len(found)] = found
    return places
