"""What the language-model recommenders share: learn an adapter, then rank titles for histories."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.prompt import Asks, Language
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation, allowed

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from reasoning_occ.models.backbone import Backbone
    from reasoning_occ.training.settings import TrainingSettings


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inference:
    """How a trained model is used; the fields of `inference:` in conf/config.yaml."""

    precision: str
    max_reason_tokens: int
    batch: int
    rank_batch: int


def report_cuts(language: Language, transitions: Sequence[Transition]) -> None:
    """Say how many histories are longer than the window, and so lose their oldest lines."""
    cut = sum(language.first_line(t.history) > 0 for t in transitions)
    if cut:
        log.warning("%d of %d histories are longer than the window and lose their oldest lines.", cut, len(transitions))


class LanguageModel:
    """A causal LM with a LoRA adapter that ranks titles. `Direct` and `Joint` say what it reads and writes.

    Args:
        taxonomy: the occupations to rank.
        load: gives the backbone; called only when there is something to train or to rank.
        max_tokens: the window.
        trainer: how to train.
        inference: how to generate and rank.
        logger: opens the log of a stage; closed when the stage ends.
    """

    name = "llm"
    asks: Asks = "title"

    def __init__(
        self,
        taxonomy: Taxonomy,
        load: "Callable[[], Backbone]",
        max_tokens: int,
        trainer: "TrainingSettings",
        inference: Inference,
        logger: "Callable[[str], AbstractContextManager[Logger]]",
    ) -> None:
        self.taxonomy = taxonomy
        self.load = load
        self.max_tokens = max_tokens
        self.trainer = trainer
        self.inference = inference
        self.logger = logger
        self.folder: Path | None = None
        self._model: Any = None
        self._language: Language | None = None

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Train the adapter into `folder/adapter`, going on from a checkpoint if there is one."""
        import torch

        from reasoning_occ.models.lora import add_lora, save_adapter
        from reasoning_occ.training.fit import fit

        self.folder = folder
        adapter = folder / "adapter"
        if (adapter / "adapter_config.json").is_file():
            return
        train_reasons, valid_reasons = self.reasons(train, valid)
        backbone = self.load()
        language = self.language(backbone)
        report_cuts(language, train)
        lora = self.trainer.lora
        torch.manual_seed(self.trainer.seed)  # the adapter's first weights
        model = add_lora(backbone.model, r=lora.r, alpha=lora.alpha, dropout=lora.dropout, targets=lora.targets)
        with self.logger("fit") as logger:
            fit(
                model,
                [language.example(t, train_reasons.get(t.key)) for t in train],
                [language.example(t, valid_reasons.get(t.key)) for t in valid],
                folder,
                settings=self.trainer,
                logger=logger,
                what=f"Training {self.name}",
            )
        save_adapter(model, backbone.tokenizer, adapter)
        self._model, self._language = model, language

    def reasons(
        self, train: Sequence[Transition], valid: Sequence[Transition]
    ) -> tuple[Mapping[tuple[str, int], str], Mapping[tuple[str, int], str]]:
        """Oracle reasons to learn from, by transition; none unless a method has them."""
        return {}, {}

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Rank every allowed title after each history, in the order given."""
        model, language = self.ready()
        yield from self._rank(model, language, histories, [None] * len(histories))

    def ready(self) -> tuple[Any, Language]:
        """The trained model and its language, read from the folder where an earlier start left them.

        Raises:
            UserError: nothing was trained.
        """
        if self._model is None or self._language is None:
            if self.folder is None:
                raise UserError(f"{self.name}: nothing is trained yet; call fit() before recommend().")
            from reasoning_occ.models.lora import load_adapter

            backbone = self.load()
            self._model = load_adapter(backbone.model, self.folder / "adapter")
            self._language = self.language(backbone)
        return self._model.eval(), self._language

    def language(self, backbone: "Backbone") -> Language:
        """How histories and targets become token ids for this backbone."""
        return Language(backbone.tokenizer, self.taxonomy, max_tokens=self.max_tokens, asks=self.asks)

    def _rank(
        self, model: Any, language: Language, histories: Sequence[Career], reasons: Sequence[str | None]
    ) -> Iterator[Recommendation]:
        from reasoning_occ.inference.rank import rank_many
        from reasoning_occ.inference.trie import Trie

        # published probabilities are computed in fp32; the weights of a bf16 model convert without loss
        model = model.float() if self.inference.precision == "fp32" else model
        # the first closing id is what ends a title that begins like a longer one
        trie = Trie.build([[*language.title_ids(code), language.closing_ids[0]] for code in self.taxonomy.codes])
        rankings = rank_many(
            model,
            [language.answer_prefix_ids(history, reason) for history, reason in zip(histories, reasons, strict=True)],
            trie,
            [allowed(history, self.taxonomy) for history in histories],
            batch=self.inference.rank_batch,
            label="Ranking occupations",
        )
        for log_probs, reason in zip(rankings, reasons, strict=True):
            yield Recommendation(log_probs, reason)
