"""Recommenders that read a reason before they rank: which reason, and how it is written."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reasoning_occ import costs
from reasoning_occ.careers.types import Career, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.files import Journal, read_jsonl, share
from reasoning_occ.inference.settings import Reading
from reasoning_occ.language.prompt import Ids
from reasoning_occ.recommenders.base import Recommendation
from reasoning_occ.recommenders.learning import Learning, Own, Preference, Reasons
from reasoning_occ.recommenders.llm import LanguageModel
from reasoning_occ.recommenders.own_reasons import FOLDS, cross_fitted
from reasoning_occ.recommenders.own_reasons import seconds as own_seconds
from reasoning_occ.recommenders.preferences import preference_pairs

if TYPE_CHECKING:
    from reasoning_occ.training.preference_pairs import PreferencePair
    from reasoning_occ.training.preference_settings import PreferenceSettings

Key = tuple[str, int, str, int]
"""Person, number of past jobs, digest of the prompt, number of the sample (-1: greedy)."""
Oracle = Callable[[Sequence[Transition], Sequence[Transition]], tuple[Reasons, Reasons]]
GREEDY = -1
GENERATED, PAIRS = "generated.jsonl", "pairs.jsonl"

_TOLD: dict[Reading, str] = {
    "greedy": "",
    "sampled": "sampled reason",
    "marginal": "mean over {} reasons",
    "none": "no reason",
    "oracle": "oracle reason",
    "shuffled": "another person's reason",
}


class Reasoned(LanguageModel):
    """Learns from oracle reasons; at test time it writes a reason from the history alone and ranks titles after it.

    Args:
        oracle: gives oracle reasons for training and validation transitions.
        told: gives oracle reasons of the test transitions; only `inference.reason=oracle` asks.
        preference: how what writes reasons is trained on after supervised fine-tuning, on pairs of a better and a worse
            oracle reason; None: it isn't.
        own_reasons: share of the training transitions whose title is learnt after a reason of the model's own kind in
            place of the oracle reason; see `own_reasons`.
        kwargs: as `LanguageModel`.

    Raises:
        UserError: `own_reasons` is no share.
    """

    def __init__(
        self,
        oracle: Oracle,
        told: Callable[[], Reasons] | None = None,
        preference: "PreferenceSettings | None" = None,
        own_reasons: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(own_reasons, bool) or not isinstance(own_reasons, int | float) or not 0 <= own_reasons <= 1:
            raise UserError(f"method.own_reasons: expected a share from 0 to 1; got {own_reasons}.")
        self._oracle = oracle
        self._told = told
        self._preference = preference
        self._own_share = own_reasons
        if own_reasons:
            self.name = f"{self.name}, own reasons"
        if preference is not None:
            self.name = f"{self.name} + dpo"
        if how := _TOLD[self.inference.reason].format(self.inference.samples):
            self.name = f"{self.name} ({how})"

    def reasons(self, train: Sequence[Transition], valid: Sequence[Transition]) -> tuple[Reasons, Reasons]:
        """Oracle reasons by transition."""
        return self._oracle(train, valid)

    def learning(self) -> Learning:
        """With preference training of the adapter that writes reasons, if that is wished for."""
        plain = super().learning()
        if self._preference is None:
            return plain
        assert self.writes is not None
        better = Preference(self._preference, self._adapter_for(self.writes).name, self._pairs)
        return replace(plain, preference=better)

    def own(self, train: Sequence[Transition], reasons: Reasons) -> tuple[Own, float]:
        """Reasons for a share of the training transitions, by models that learnt from other people, all in a stage."""
        if not self._own_share:
            return super().own(train, reasons)
        with self.place("own") as where:
            found = cross_fitted(train, reasons, self._own_share, self.trainer.seed, self._write_apart, where)
            return found, own_seconds(where)

    def _write_apart(
        self,
        fold: int,
        learnt: Sequence[Transition],
        asked: Sequence[Transition],
        reasons: Reasons,
        where: Path,
    ) -> list[str | None]:
        """As `own_reasons.Writer`: by a model like this one, which has its own weights and its own folder."""
        writer = copy(self)
        writer.name = f"{type(self).name}, people of part {fold + 1} of {FOLDS} left out"
        writer._own_share, writer._preference, writer._place = 0.0, None, None
        writer._oracle = lambda _train, _valid: (reasons, {})
        writer._model, writer._languages, writer._titles = None, {}, None
        writer.logger = lambda _stage, place: self.logger(f"own {fold}", place)
        writer.fit(learnt, [], where)
        assert writer.writes is not None
        language = writer.language(writer.ranks)
        texts = writer.written([t.history for t in asked], [GREEDY])
        return [language.fitting(t.history, text) for t, (text,) in zip(asked, texts, strict=True)]

    def _pairs(self, train: Sequence[Transition]) -> "list[PreferencePair]":
        assert self.folder is not None and self.writes is not None
        return preference_pairs(self.folder / PAIRS, train, self.language(self.writes).example)

    def recommend(self, histories: Sequence[Career]) -> Iterator[Recommendation]:
        """Write or take reasons for all histories, then rank after them. What is written already is read."""
        yield from self.rank_mean(histories, self.read(histories))

    def read(self, histories: Sequence[Career]) -> list[list[str | None]]:
        """The reasons that are read for each history: one, or `inference.samples` of them for their mean."""
        match self.inference.reason:
            case "none":
                return [[None] for _ in histories]
            case "oracle":
                assert self._told is not None
                known = self._told()
                return [[known.get((h.person.id, h.past_jobs))] for h in histories]
            case "greedy":
                return self.written(histories, [GREEDY])
            case "sampled":
                return self.written(histories, [0])
            case "marginal":
                return self.written(histories, range(self.inference.samples))
            case "shuffled":
                return self._shuffled(histories)

    def _shuffled(self, histories: Sequence[Career]) -> list[list[str | None]]:
        """Whose reason a person gets is drawn among all test people, also where some are ranked already."""
        everyone = list(histories if self._everyone is None else self._everyone())
        given = exchanged(everyone, self.written(everyone, [GREEDY]), self.trainer.seed)
        known = {(h.person.id, h.past_jobs): reasons for h, reasons in zip(everyone, given, strict=True)}
        return [known[h.person.id, h.past_jobs] for h in histories]

    def written(self, histories: Sequence[Career], samples: Sequence[int]) -> list[list[str | None]]:
        """Reasons of the model's own after each history, kept in the stage's folder and found there again.

        Args:
            histories: of the people.
            samples: numbers of what is drawn, from 0 without a gap; or `GREEDY` alone.
        """
        assert self.writes is not None
        _, language = self.ready(self.writes)
        assert self.folder is not None
        prompts = [language.reason_prefix_ids(history) for history in histories]
        asked = [(h.person.id, h.past_jobs, digest(ids)) for h, ids in zip(histories, prompts, strict=True)]
        how = "write" if samples[0] == GREEDY else f"write {len(samples)} samples"
        with self.place("write") as where:
            final = where / GENERATED
            earlier = list(read_jsonl(final)) if final.is_file() else []
            journal = Journal(final)
            known = {_key(row): row["reason"] for row in [*earlier, *journal.rows]}
            missing = {
                (*one, samples[0]): ids
                for one, ids in zip(asked, prompts, strict=True)
                if any((*one, sample) not in known for sample in samples)
            }
            with costs.Meter(where, how) as meter:
                for rows in self.write(missing, 0 if samples[0] == GREEDY else len(samples)):
                    journal.append(rows)
                    known |= {_key(row): row["reason"] for row in rows}
                    meter.lap()
            if journal.rows:
                already = {_key(row) for row in journal.rows}
                journal.append(row for row in earlier if _key(row) not in already)
                journal.finish()
            share(final, self.folder / GENERATED)
            costs.note(self.folder, {"write": costs.read(where)["seconds"][how]})
        return [[known[(*one, sample)] for sample in samples] for one in asked]

    def write(self, prompts: Mapping[Key, Ids], samples: int = 0) -> Iterator[list[dict[str, Any]]]:
        """Write after each prompt (`Language.reason_prefix_ids`), keeping nothing.

        Args:
            prompts: by the key of the reason, or of the first of several.
            samples: how many are drawn after each; 0: one, the likeliest words.

        Yields:
            Rows of generated.jsonl, a few batches at a time, so that a cut costs little.

        Raises:
            UserError: nothing was trained.
        """
        from reasoning_occ.inference.generate import generate_reasons, sample_reasons

        assert self.writes is not None
        model, language = self.ready(self.writes)
        size = max(1, 4 * self.inference.batch // max(1, samples))
        for done in range(0, len(prompts), size):
            chunk = list(islice(prompts.items(), done, done + size))
            asked = [ids.tolist() for _, ids in chunk]
            given: dict[str, Any] = {
                "stop": language.reason_close_ids.tolist(),
                "eos": {language.end_of_turn},
                "max_new_tokens": self.inference.max_reason_tokens,
                "batch_size": self.inference.batch,
                "label": f"Reasons for people {done + 1}-{done + len(chunk)} of {len(prompts)}",
            }
            if samples:
                seeds = [_seed(self.trainer.seed, *key[:2]) for key, _ in chunk]
                warm = self.inference.temperature
                texts = sample_reasons(model, asked, samples=samples, temperature=warm, seeds=seeds, **given)
            else:
                texts = [[one] for one in generate_reasons(model, asked, **given)]
            yield [
                {
                    "person": person,
                    "transition": transition,
                    "prompt": prompt,
                    "sample": first + number,
                    "reason": language.parse(language.decode(np.array(text.ids, dtype=np.int32))),
                    "ended": text.ended,
                }
                for ((person, transition, prompt, first), _), several in zip(chunk, texts, strict=True)
                for number, text in enumerate(several)
            ]


def exchanged(
    histories: Sequence[Career], reasons: Sequence[Sequence[str | None]], seed: int
) -> list[list[str | None]]:
    """Each person's reasons go to another person: all stand in a circle drawn by the seed and hand theirs on.

    Raises:
        UserError: there is one person alone.
    """
    people = sorted({history.person.id for history in histories})
    if len(people) < 2:
        raise UserError("inference.reason=shuffled: there is one test person alone, so nobody to change reasons with.")
    circle = [people[number] for number in np.random.default_rng(seed).permutation(len(people))]
    giver = dict(zip(circle, [*circle[1:], circle[0]], strict=True))
    own: dict[str, list[list[str | None]]] = {}
    for history, several in zip(histories, reasons, strict=True):
        own.setdefault(history.person.id, []).append(list(several))
    found, turn = [], dict.fromkeys(people, 0)
    for history in histories:
        given = own[giver[history.person.id]]
        found.append(given[turn[history.person.id] % len(given)])
        turn[history.person.id] += 1
    return found


def digest(ids: Ids) -> str:
    """Of a prompt: a career that was mended, or is told otherwise, must not get the reason of the old one."""
    return hashlib.sha256(ids.astype("<i8").tobytes()).hexdigest()[:16]


def _seed(seed: int, person: str, transition: int) -> int:
    """What is drawn for a person is the same whoever else is there."""
    return int.from_bytes(hashlib.sha256(f"{seed} {person} {transition}".encode()).digest()[:8], "little")


def _key(row: Mapping[str, Any]) -> Key:
    return row["person"], row["transition"], row["prompt"], row["sample"]
