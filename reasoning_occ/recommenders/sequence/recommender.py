"""The face of all sequence models: learn with early stopping on validation people, then rank."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from reasoning_occ import costs
from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders import kept
from reasoning_occ.recommenders.base import Recommendation, allowed
from reasoning_occ.recommenders.sequence.batches import collate, regroup, steps
from reasoning_occ.recommenders.sequence.features import VERSION, Features
from reasoning_occ.recommenders.sequence.fit import Limits, train_module
from reasoning_occ.recommenders.sequence.module import Design, SequenceModule

RANKED_AT_ONCE = 256


class SequenceRecommender:
    """Base of the sequence models; a subclass names itself and says which network it is.

    Args:
        taxonomy: the label space.
        seed: of weights, order and dropout.
        side: groups of side features, as in `Features`.
        width, dropout, copy, groups, titles: as in `Design`.
        lr, weight_decay: of AdamW.
        batch: people a step.
        epochs: the most.
        patience: epochs without a better log-loss on validation people after which training ends.
        network: what else the network takes, such as layers.
    """

    name = "sequence"
    module: type[SequenceModule] = SequenceModule

    def __init__(
        self,
        taxonomy: Taxonomy,
        seed: int,
        side: Sequence[str],
        width: int,
        dropout: float,
        copy: bool,
        groups: bool,
        titles: bool,
        lr: float,
        weight_decay: float,
        batch: int,
        epochs: int,
        patience: int,
        **network: Any,
    ) -> None:
        for key, value in (("width", width), ("batch", batch), ("epochs", epochs), ("patience", patience), ("lr", lr)):
            if value <= 0:
                raise UserError(f"baseline.{key}={value}: expected a number above 0.")
        if not 0 <= dropout < 1:
            raise UserError(f"baseline.dropout={dropout}: expected a number from 0 to below 1.")
        self._taxonomy, self._seed = taxonomy, seed
        self._features = Features(side)
        self._design = Design(width, dropout, copy, groups, titles)
        self._optimizer = {"lr": lr, "weight_decay": weight_decay}
        self._batch, self._epochs, self._patience = batch, epochs, patience
        self._network = network
        self._module: SequenceModule | None = None
        choices = [self.name, VERSION, taxonomy.codes, seed, list(side), asdict(self._design), self._optimizer, network]
        self._settings = json.dumps([*choices, batch, epochs, patience], default=str)

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Learn until validation people are predicted no better, and keep what was learnt in `folder`. Where that is
        there already, with the same settings, it is taken up; what was cut off begins anew, which takes minutes, and
        ends the same.

        Raises:
            UserError: there is nobody to learn from or to choose by, or what is there can't be read.
        """
        if kept.is_kept(folder, self._settings):
            self.take_up(folder)
            return
        if not train or not valid:
            raise UserError(
                f"baseline={self.name}: expected transitions to learn from and to choose by; got {len(train)} of "
                f"training people and {len(valid)} of validation people. Use more people or other shares of the split."
            )
        histories = regroup(train)
        self._features.fit(history for history, _ in histories)
        learnt = [steps(*one, self._features, self._taxonomy) for one in histories]
        chosen = [steps(*one, self._features, self._taxonomy) for one in regroup(valid)]
        with costs.Meter(folder, "learn"), torch.random.fork_rng(), TemporaryDirectory() as scratch:
            torch.manual_seed(self._seed)
            module = self._make()
            limits = Limits(self._seed, self._batch, self._epochs, self._patience)
            best, epochs = train_module(module, learnt, chosen, Path(scratch), limits, f"Training {self.name}")
            module.load_state_dict(torch.load(best, weights_only=True)["state_dict"])
        trained = sum(weights.numel() for weights in module.parameters() if weights.requires_grad)
        costs.note(folder, {}, transitions_seen=epochs * len(train), trained_parameters=trained)
        self._module = module.eval()
        weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
        kept.keep(folder, self._settings, _unordered(kept.Learnt(weights, self._features.learnt())))

    def take_up(self, folder: Path) -> None:
        """Be ready to rank with what an earlier `fit` has kept in a folder.

        Raises:
            UserError: it isn't there, can't be read, or is of other occupations or settings.
        """
        with kept.taking_up(folder, self._settings) as learnt:
            self._features.take_up(learnt.told)
            module = self._make()
            module.load_state_dict({name: torch.from_numpy(array) for name, array in learnt.arrays.items()})
        self._module = module.eval()

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """A probability for every allowed occupation, from the state after each history's last job."""
        if self._module is None:
            raise RuntimeError("fit() comes before recommend()")
        for begin in range(0, len(histories), RANKED_AT_ONCE):
            some = histories[begin : begin + RANKED_AT_ONCE]
            batch = collate([steps(history, {}, self._features, self._taxonomy) for history in some])
            with torch.inference_mode():
                log_probs_bsv = self._module(batch)
            for row, history in enumerate(some):
                log_probs = log_probs_bsv[row, len(history.jobs) - 1].double().numpy()
                log_probs[~allowed(history, self._taxonomy)] = -np.inf
                yield Recommendation(log_probs - np.logaddexp.reduce(log_probs))

    def _make(self) -> SequenceModule:
        sizes = {"numbers": self._features.numbers, "sizes": self._features.sizes}
        return self.module(self._taxonomy, self._design, **sizes, **self._optimizer, **self._network)


def _unordered(learnt: kept.Learnt) -> kept.Learnt:
    """The same with each vocabulary and the rows of its embedding in the order of digests: that of names, in which they
    were learnt, would tell of the names."""
    arrays, vocabularies = dict(learnt.arrays), []
    for column, known in enumerate(learnt.told["vocabularies"]):
        order = sorted(range(len(known)), key=known.__getitem__)
        vocabularies.append([known[place] for place in order])
        name = f"categories.{column}.weight"
        arrays[name] = arrays[name][[0, *(place + 1 for place in order)]]  # row 0 is of what is not known
    return kept.Learnt(arrays, {**learnt.told, "vocabularies": vocabularies})
