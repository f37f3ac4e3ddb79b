"""What the language-model recommenders share: learn an adapter, then rank titles for histories."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.prompt import Asks, Language, Ranking
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation, allowed

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from reasoning_occ.models.backbone import Backbone
    from reasoning_occ.models.title_head import TitleHead
    from reasoning_occ.training.settings import TrainingSettings


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inference:
    """How a trained model is used; the fields of `inference:` in conf/config.yaml.

    precision: of ranking. "fp32" widens the weights while titles are ranked, "bf16" narrows the backbone's for good.
    Reasons are written with the weights as they were trained, which is faster: the precision of `trainer`, or bf16.
    """

    precision: str
    max_reason_tokens: int
    batch: int
    rank_batch: int

    def __post_init__(self) -> None:
        """Raises UserError where a value makes no sense, naming its key."""
        if self.precision not in ("fp32", "bf16"):
            raise UserError(f"inference.precision: expected fp32 or bf16; got {self.precision}.")
        for name in ("max_reason_tokens", "batch", "rank_batch"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise UserError(f"inference.{name}: expected a whole number of 1 or more; got {value}.")


def report_cuts(language: Language, histories: Sequence[Career], whose: str) -> None:
    """Say how many histories are longer than the window, and so lose their oldest lines."""
    cut = sum(language.first_line(history) > 0 for history in histories)
    if cut:
        log.warning(
            "%d of %d %s histories are longer than the window and lose their oldest lines.", cut, len(histories), whose
        )


class LanguageModel:
    """A causal LM, an adapter or all its weights learnt, that ranks titles. `Direct` and `Joint` say what it reads and
    writes.

    Args:
        taxonomy: the occupations to rank.
        load: gives the backbone; called only when there is something to train or to rank.
        max_tokens: the window.
        trainer: how to train.
        inference: how to generate and rank.
        logger: opens the log of a stage; closed when the stage ends.
        ranking: "tokens" ranks titles by the probability of their text; "head" learns a linear layer with one row a
            title instead, which ranks them all by one state.
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
        ranking: Ranking = "tokens",
    ) -> None:
        self.taxonomy = taxonomy
        self.load = load
        self.max_tokens = max_tokens
        self.trainer = trainer
        self.inference = inference
        self.logger = logger
        self.ranking: Ranking = ranking
        self.folder: Path | None = None
        self._model: Any = None
        self._language: Language | None = None
        self._titles: TitleHead | None = None

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Train into `folder/adapter`, or all weights into `folder/model`, going on from a checkpoint if there is one.

        Raises:
            UserError: there is nothing to learn from, or the window is too small; the window is checked before any
                reason is made.
        """
        import torch

        from reasoning_occ.models.causal import head
        from reasoning_occ.models.full import is_full, save_full
        from reasoning_occ.models.lora import add_lora, save_adapter
        from reasoning_occ.models.title_head import TitleHead
        from reasoning_occ.training.fit import fit

        self.folder = folder
        adapter, whole = folder / "adapter", folder / "model"
        if (adapter / "adapter_config.json").is_file() or is_full(whole):
            return
        backbone = self.load()
        language = self.language(backbone)
        self._check_window(language, backbone)
        report_cuts(language, [t.history for t in train], "training")
        lora = self.trainer.lora
        torch.manual_seed(self.trainer.seed)  # the adapter's first weights
        model: Any = backbone.model
        if lora is not None:
            model = add_lora(model, r=lora.r, alpha=lora.alpha, dropout=lora.dropout, targets=lora.targets)
        train_reasons, valid_reasons = self.reasons(train, valid)  # may be dear: comes when all else is known to work
        titles = None
        if self.ranking == "head":
            titles = TitleHead.of_titles(
                head(model), [language.title_ids(code).tolist() for code in self.taxonomy.codes]
            )
        with self.logger("fit") as logger:
            fit(
                model,
                [language.example(t, train_reasons.get(t.key)) for t in train],
                [language.example(t, valid_reasons.get(t.key)) for t in valid],
                folder,
                settings=self.trainer,
                logger=logger,
                what=f"Training {self.name}",
                titles=titles,
            )
        if lora is not None:
            save_adapter(model, backbone.tokenizer, adapter, titles)
        else:
            save_full(model, backbone.tokenizer, whole, titles)
        self._model, self._language, self._titles = model, language, titles

    def reasons(
        self, train: Sequence[Transition], valid: Sequence[Transition]
    ) -> tuple[Mapping[tuple[str, int], str], Mapping[tuple[str, int], str]]:
        """Oracle reasons to learn from, by transition; none unless a method has them."""
        return {}, {}

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Rank every allowed title after each history, in the order given."""
        yield from self.rank(histories, [None] * len(histories))

    def ready(self) -> tuple[Any, Language]:
        """The trained model and its language, read from the folder where an earlier start left them.

        The model is on the GPU if there is one, its weights in the precision of training, in which reasons are
        written; ranking widens them for its own time (`Inference.precision`).

        Raises:
            UserError: nothing was trained.
        """
        if self._model is None or self._language is None:
            if self.folder is None:
                raise UserError(f"{self.name}: nothing is trained yet; call fit() before recommend().")
            from reasoning_occ.models.full import load_full
            from reasoning_occ.models.lora import load_adapter
            from reasoning_occ.models.title_head import TitleHead

            backbone = self.load()
            read, place = (load_full, "model") if self.trainer.lora is None else (load_adapter, "adapter")
            self._model = read(backbone.model, self.folder / place)
            self._language = self.language(backbone)
            self._titles = TitleHead.read(self.folder / place) if self.ranking == "head" else None
        from reasoning_occ.inference.model import narrow_backbone
        from reasoning_occ.models.causal import device

        if self.inference.precision == "bf16":
            narrow_backbone(self._model)
        return self._model.to(device()).eval(), self._language

    def language(self, backbone: "Backbone") -> Language:
        """How histories and targets become token ids for this backbone."""
        return Language(
            backbone.tokenizer, self.taxonomy, max_tokens=self.max_tokens, asks=self.asks, ranking=self.ranking
        )

    def _check_window(self, language: Language, backbone: "Backbone") -> None:
        limit = backbone.model.config.max_position_embeddings
        if self.max_tokens > limit:
            raise UserError(f"model.max_tokens={self.max_tokens}: the model was made for at most {limit} tokens.")
        if self.asks == "reason" and self.inference.max_reason_tokens > language.reason_room:
            raise UserError(
                f"inference.max_reason_tokens={self.inference.max_reason_tokens}: model.max_tokens={self.max_tokens} "
                f"keeps room for reasons of {language.reason_room} tokens. Lower the first or raise the second."
            )

    def rank(
        self, histories: Sequence[Career], reasons: Sequence[str | None], label: str | None = "Ranking occupations"
    ) -> Iterator[Recommendation]:
        """Rank every allowed title after each history and a given reason (`None`: after no reason).

        Args:
            histories: of the people.
            reasons: one for each history.
            label: what a progress bar says; `None` for no bar.

        Raises:
            UserError: nothing was trained.
        """
        from reasoning_occ.inference.model import in_fp32, one_product

        model, language = self.ready()
        report_cuts(language, histories, "test")
        reasons = self._fitting(language, histories, reasons)
        contexts = [
            language.answer_prefix_ids(history, reason).tolist()
            for history, reason in zip(histories, reasons, strict=True)
        ]
        may = [allowed(history, self.taxonomy) for history in histories]
        rankings = self._rankings(model, language, contexts, may, label)
        # published probabilities are computed in fp32
        with in_fp32(model) if self.inference.precision == "fp32" else one_product(model):
            for log_probs, reason in zip(rankings, reasons, strict=True):
                yield Recommendation(log_probs, reason)

    def log_probs(
        self, histories: Sequence[Career], reasons: Sequence[str | None]
    ) -> list[Float[np.ndarray, " occupations"]]:
        """What `rank` says, as numbers alone and without a bar: the face of a predictor for judges."""
        return [one.log_probs for one in self.rank(histories, reasons, label=None)]

    def _rankings(
        self,
        model: Any,
        language: Language,
        contexts: list[list[int]],
        may: list[Bool[np.ndarray, " occupations"]],
        label: str | None,
    ) -> Iterator[Float[np.ndarray, " occupations"]]:
        given: Any = {"batch": self.inference.rank_batch, "label": label}
        if self._titles is not None:
            from reasoning_occ.inference.head import rank_by_head

            return rank_by_head(model, self._titles.to(model.device), contexts, may, **given)
        from reasoning_occ.inference.rank import rank_many
        from reasoning_occ.inference.trie import Trie

        # the first closing id is what ends a title that begins like a longer one
        trie = Trie.build([[*language.title_ids(code), language.closing_ids[0]] for code in self.taxonomy.codes])
        return rank_many(model, contexts, trie, may, **given)

    def _fitting(
        self, language: Language, histories: Sequence[Career], reasons: Sequence[str | None]
    ) -> list[str | None]:
        kept = [language.fitting(history, reason) for history, reason in zip(histories, reasons, strict=True)]
        cut = sum(mine != given for mine, given in zip(kept, reasons, strict=True))
        if cut:
            log.warning("%d of %d reasons were longer than the window and lose their end.", cut, len(reasons))
        return kept
