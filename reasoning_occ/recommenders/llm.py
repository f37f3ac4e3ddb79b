"""What the language-model recommenders share: learn an adapter, then rank titles for histories."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float

from reasoning_occ import costs
from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.inference.settings import Inference
from reasoning_occ.language.asks import Asks, Ranking
from reasoning_occ.language.example import Example
from reasoning_occ.language.held import PLACES, held
from reasoning_occ.language.prompt import Language
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.recommenders.base import Recommendation, allowed
from reasoning_occ.recommenders.learning import Learning, Own, Reasons, learn
from reasoning_occ.recommenders.ranking import by_head, by_text, fitting, report_cuts

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from reasoning_occ.models.backbone import Backbone
    from reasoning_occ.models.title_head import TitleHead
    from reasoning_occ.training.settings import TrainingSettings


log = logging.getLogger(__name__)

Place = Callable[[str], AbstractContextManager[Path]]
"""Gives the folder of a stage ("own", "learn", "prefer", "write"), held while it is used."""


class Adapter(NamedTuple):
    """Its name, which is that of its folder too ("" for a lone one), and what it is asked for."""

    name: str
    asks: tuple[Asks, ...]


class LanguageModel:
    """A causal LM that learns from careers and ranks titles. Its subclasses say what it reads and writes.

    Args:
        taxonomy: the occupations to rank.
        load: gives the backbone; called only when there is something to train or to rank.
        max_tokens: the window.
        trainer: how to train.
        inference: how to generate and rank.
        logger: opens the log of a stage, whose file is to lie in a folder; closed when the stage ends.
        ranking: "tokens" ranks titles by the probability of their text; "head" learns a linear layer with one row a
            title instead, which ranks them all by one state; "copying_head" adds a learnt bonus for titles held before.
        place: where a stage's files are kept; None: in the run's own folder.
        everyone: gives the histories of all test people, where what is read for one depends on the others.
    """

    name = "llm"
    ranks: ClassVar[Asks] = "title"
    """What the prompt asks for where titles are ranked."""
    writes: ClassVar[Asks | None] = None
    """What it asks for where reasons are written; None: none are."""
    adapters: ClassVar[tuple[Adapter, ...]] = (Adapter("", ("title",)),)

    def __init__(
        self,
        taxonomy: Taxonomy,
        load: "Callable[[], Backbone]",
        max_tokens: int,
        trainer: "TrainingSettings",
        inference: Inference,
        logger: "Callable[[str, Path], AbstractContextManager[Logger]]",
        ranking: Ranking = "tokens",
        place: Place | None = None,
        everyone: Callable[[], Sequence[Career]] | None = None,
    ) -> None:
        self.taxonomy = taxonomy
        self.load = load
        self.max_tokens = max_tokens
        self.trainer = trainer
        self.inference = inference
        self.logger = logger
        self.ranking: Ranking = ranking
        self.folder: Path | None = None
        self._place = place
        self._everyone = everyone
        self._model: Any = None
        self._languages: dict[Asks, Language] = {}
        self._titles: TitleHead | None = None
        if trainer.lora is None and len(self.adapters) > 1:
            raise UserError(f"training=full: {self.name} has several adapters on one model; choose training=lora.")
        if inference.pmi:
            self.name = f"{self.name} (PMI)"

    def place(self, stage: str) -> AbstractContextManager[Path]:
        """The folder of a stage, held while it is used."""
        if self._place is not None:
            return self._place(stage)
        assert self.folder is not None
        return nullcontext(self.folder / stage)

    def fit(self, train: Sequence[Transition], valid: Sequence[Transition], folder: Path) -> None:
        """Train into the stage's folder, going on from a checkpoint if there is one; `folder` gets the adapter.

        Raises:
            UserError: there is nothing to learn from, or the window is too small; the window is checked before any
                reason is made.
        """
        self.folder = folder
        learn(self.learning(), train, valid, folder)

    def learning(self) -> Learning:
        """What `learn` needs to know of this model."""
        return Learning(
            name=self.name,
            adapters=tuple(adapter.name for adapter in self.adapters),
            load=self.load,
            trainer=self.trainer,
            logger=self.logger,
            place=self.place,
            prepare=self._prepare,
            reasons=self.reasons,
            own=self.own,
            examples=self.examples,
            titles=self._new_titles if self.ranking != "tokens" else None,
            preference=None,
        )

    def reasons(self, train: Sequence[Transition], valid: Sequence[Transition]) -> tuple[Reasons, Reasons]:
        """Oracle reasons to learn from, by transition; none unless a method has them."""
        return {}, {}

    def own(self, train: Sequence[Transition], reasons: Reasons) -> tuple[Own, float]:
        """Reasons of the model's own, after which titles are learnt in place of oracle reasons, and the seconds they
        took; none as a rule."""
        return {}, 0.0

    def examples(self, adapter: str, transitions: Sequence[Transition], reasons: Reasons, own: Own) -> list[Example]:
        """What an adapter learns from transitions, their oracle reasons and the model's own (None: it was empty): each
        as it is asked at test time."""
        language = self.language(self.ranks)
        return [language.example(t, reasons.get(t.key)) for t in transitions]

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Rank every allowed title after each history, in the order given."""
        yield from self.rank(histories, [None] * len(histories))

    def ready(self, asks: Asks | None = None) -> tuple[Any, Language]:
        """The trained model and its language, read from the folder where an earlier start left them.

        The model is on the GPU if there is one, its weights in the precision of training, in which reasons are
        written; ranking widens them for its own time (`Inference.precision`).

        Args:
            asks: what it is to be asked for; the adapter for that is made the active one. None: for a ranking.

        Raises:
            UserError: nothing was trained.
        """
        asks = asks or self.ranks
        if self._model is None:
            self._model = self._read()
        from reasoning_occ.inference.model import narrow_backbone
        from reasoning_occ.models.causal import device

        if self.inference.precision == "bf16":
            narrow_backbone(self._model)
        if len(self.adapters) > 1:
            self._model.set_adapter(self._adapter_for(asks).name)
        return self._model.to(device()).eval(), self.language(asks)

    def _read(self) -> Any:
        if self.folder is None:
            raise UserError(f"{self.name}: nothing is trained yet; call fit() before recommend().")
        from reasoning_occ.models.full import load_full
        from reasoning_occ.models.lora import load_adapters
        from reasoning_occ.models.title_head import TitleHead

        backbone = self.load()
        self._speak(backbone)
        whole = self.folder / "model"
        if self.trainer.lora is None:
            self._titles = TitleHead.read(whole) if self.ranking != "tokens" else None
            return load_full(backbone.model, whole)
        folders = {one.name or "default": self.folder / one.name / "adapter" for one in self.adapters}
        if self.ranking != "tokens":
            self._titles = TitleHead.read(self.folder / self._adapter_for(self.ranks).name / "adapter")
        return load_adapters(backbone.model, folders)

    def _adapter_for(self, asks: Asks) -> Adapter:
        return next(adapter for adapter in self.adapters if asks in adapter.asks)

    def language(self, asks: Asks) -> Language:
        """How histories and targets become token ids for this backbone, for one thing that is asked for."""
        if not self._languages:
            self._speak(self.load())
        return self._languages[asks]

    def _speak(self, backbone: "Backbone") -> None:
        wanted: set[Asks] = {self.ranks, self.writes or self.ranks}
        self._languages = {
            asks: Language(backbone.tokenizer, self.taxonomy, self.max_tokens, asks, self.ranking) for asks in wanted
        }

    def _prepare(self, backbone: "Backbone", train: Sequence[Transition]) -> None:
        """Find out whether the window is large enough, before any reason is made."""
        limit = backbone.model.config.max_position_embeddings
        if self.max_tokens > limit:
            raise UserError(f"model.max_tokens={self.max_tokens}: the model was made for at most {limit} tokens.")
        self._speak(backbone)
        room = self.language(self.writes or self.ranks).reason_room
        if self.writes is not None and self.inference.max_reason_tokens > room:
            raise UserError(
                f"inference.max_reason_tokens={self.inference.max_reason_tokens}: model.max_tokens={self.max_tokens} "
                f"keeps room for reasons of {room} tokens. Lower the first or raise the second."
            )
        report_cuts(self.language(self.ranks), [t.history for t in train], "training")

    def _new_titles(self, model: Any, adapter: str) -> "TitleHead | None":
        from reasoning_occ.models.causal import head
        from reasoning_occ.models.title_head import TitleHead

        if self._adapter_for(self.ranks).name != adapter:
            return None
        language = self.language(self.ranks)
        ids = [language.title_ids(code).tolist() for code in self.taxonomy.codes]
        return TitleHead.of_titles(head(model), ids, PLACES if self.ranking == "copying_head" else 0)

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
        yield from self.rank_mean(histories, [[reason] for reason in reasons], label)

    def rank_mean(
        self,
        histories: Sequence[Career],
        reasons: Sequence[Sequence[str | None]],
        label: str | None = "Ranking occupations",
    ) -> Iterator[Recommendation]:
        """Rank every allowed title by its mean probability over several reasons.

        Args:
            histories: of the people.
            reasons: for each history as many, at least one.
            label: what a progress bar says; `None` for no bar.

        Yields:
            Of several reasons the one after which the title with the highest mean is likeliest.

        Raises:
            UserError: nothing was trained.
        """
        from reasoning_occ.inference.model import in_fp32, one_product

        model, language = self.ready()
        report_cuts(language, histories, "test")
        each = len(reasons[0]) if reasons else 1
        asked = [history for history in histories for _ in range(each)]
        said = fitting(language, asked, [reason for several in reasons for reason in several])
        contexts = [language.answer_prefix_ids(h, reason).tolist() for h, reason in zip(asked, said, strict=True)]
        may = [allowed(history, self.taxonomy) for history in asked]
        batch = each if each > 1 else self.inference.rank_batch
        rankings = (
            by_text(model, language, contexts, may, batch, label, pmi=self.inference.pmi)
            if self._titles is None
            else by_head(model, self._titles, contexts, may, [held(h, self.taxonomy) for h in asked], batch, label)
        )
        wide = self.inference.precision == "fp32"  # as published probabilities are computed
        counted = None if label is None else self.folder
        with in_fp32(model) if wide else one_product(model), costs.Meter(counted, "rank") as meter:
            for number, several in enumerate(zip(*[iter(rankings)] * each, strict=True)):
                log_probs_ko = np.stack(several)
                meter.lap()
                mean_o = np.logaddexp.reduce(log_probs_ko, axis=0) - np.log(each)
                best = int(np.argmax(log_probs_ko[:, int(np.argmax(mean_o))]))
                yield Recommendation(mean_o, said[number * each + best])

    def log_probs(
        self, histories: Sequence[Career], reasons: Sequence[str | None]
    ) -> list[Float[np.ndarray, " occupations"]]:
        """What `rank` says, as numbers alone and without a bar: the face of a predictor for judges."""
        return [one.log_probs for one in self.rank(histories, reasons, label=None)]
