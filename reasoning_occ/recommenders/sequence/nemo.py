"""Baseline: NEMO (Li et al., 2017), an LSTM over the career whose first state encodes the profile.

The published model encodes skills and schools of a whole profile. Here the profile is what is known on the day the
first job begins; what is learnt of a person later is read with the job in which it became known.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from reasoning_occ.recommenders.sequence.batches import Batch
from reasoning_occ.recommenders.sequence.module import SequenceModule
from reasoning_occ.recommenders.sequence.recommender import SequenceRecommender


class ProfileModule(SequenceModule):
    """An LSTM over jobs after an encoder of the profile; see `SequenceModule` for the other arguments.

    layers: of the LSTM.
    """

    def __init__(self, *shared: Any, layers: int, **also: Any) -> None:
        super().__init__(*shared, **also)
        width = self._design.width
        self.profile = nn.Sequential(
            nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 2 * layers * width), nn.Tanh()
        )
        self.lstm = nn.LSTM(width, width, layers, batch_first=True)

    def read(self, facets: list[Float[Tensor, "b s d"]], batch: Batch) -> Float[Tensor, "b s d"]:
        """The LSTM's state after each job. Padding stands last, no state that counts sees it."""
        known = [facet[:, 0] for facet in facets[1:]] or [torch.zeros_like(facets[0][:, 0])]
        first = self.profile(self.drop(sum(known))).unflatten(1, (2 * self.lstm.num_layers, -1)).transpose(0, 1)
        state, cell = (part.contiguous() for part in first.chunk(2))
        return self.lstm(self.drop(sum(facets)), (state, cell))[0]


class NEMO(SequenceRecommender):
    """Recommends by an LSTM that begins with the profile."""

    name = "nemo"
    module = ProfileModule
