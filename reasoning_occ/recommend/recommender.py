"""The Python face of a finished run."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from reasoning_occ.careers.json_resume import person_id
from reasoning_occ.careers.types import Career, Date, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.recommend.reading import Reading, Understood, as_json, told
from reasoning_occ.recommend.results import Choice, Recommended

if TYPE_CHECKING:
    from reasoning_occ.recommend.listing import Listing
    from reasoning_occ.recommend.opened import Opened
    from reasoning_occ.recommenders.base import Answer, Recommendation

AT_ONCE = 64
"""People that a recommender without a language model is asked about together."""


class Recommender:
    """A finished run that ranks occupations for people it has never seen. Made by `load`.

    reading: how careers are read. taxonomy: the occupations, with the titles that people are shown. at_once: how many
    people are best asked about together. notes: what is other than when the run was scored.
    """

    def __init__(self, run: "Opened", inner: Any, scratch: "TemporaryDirectory[str]", notes: Sequence[str]) -> None:
        from reasoning_occ.careers.view import View
        from reasoning_occ.config import uses_model
        from reasoning_occ.recommend.evidence import Evidence
        from reasoning_occ.recommend.opened import least_similarity

        self.run = run
        self.taxonomy = run.published
        self.notes = tuple(notes)
        cfg = run.cfg
        self.reading = Reading(self.taxonomy, least_similarity(cfg), bool(cfg.data.get("stays")))
        self.at_once = int(cfg.inference.batch) if uses_model(cfg) else AT_ONCE
        self._inner = inner
        self._scratch = scratch
        self._view = View(**cfg.view)
        self._evidence = Evidence(run.seen, run.published)

    @property
    def name(self) -> str:
        """The recommender's, as in tables."""
        return str(self._inner.name)

    @property
    def drawn(self) -> int:
        """Over how many reasons of a person the mean is taken; 1 where it is none. `Ranked.by_reason` has as many."""
        from reasoning_occ.recommend.writing import drawn

        return drawn(self._inner)

    @classmethod
    def load(
        cls,
        run_dir: Path | str,
        *,
        reasons: int | None = None,
        data_dir: str | None = None,
        base: str | None = None,
    ) -> "Recommender":
        """Open a finished run, or what `python -m reasoning_occ.export` made of one.

        Args:
            run_dir: its folder.
            reasons: how many reasons are drawn for a person, over which probabilities are averaged; `None`: what the
                run was scored with.
            data_dir: where official files lie (O*NET ...); `None`: the run's own `data_dir`, else
                `REASONING_OCC_DATA`.
            base: a folder, .gguf file or hub name with the weights that the run started from; `None`: from where it
                had them.

        Raises:
            UserError: it can't be opened; says in a sentence what is missing.
        """
        from reasoning_occ.progress import muted
        from reasoning_occ.recommend.opened import opened
        from reasoning_occ.recommend.ready import ready
        from reasoning_occ.recommend.settle import settle

        run = opened(Path(run_dir).expanduser(), data_dir)
        notes = settle(run, reasons, base)
        scratch = TemporaryDirectory(prefix="reasoning_occ-")
        with muted():
            inner = ready(run, scratch)
        return cls(run, inner, scratch, notes)

    def recommend(
        self,
        career: Career | Mapping[str, Any] | str | Path,
        k: int = 10,
        *,
        given: Sequence[str] = (),
        exclude: Sequence[str] = (),
        min_job_zone: int | None = None,
        merge_related: bool = False,
    ) -> Recommended:
        """What comes next for one person, and why.

        Args:
            career: in our format or as a JSON Resume (a mapping, JSON text, or the path of a file); or read already.
            k, given, exclude, min_job_zone, merge_related: as in `Choice`.

        Raises:
            UserError: the career can't be understood, or a title is unknown.
        """
        choice = Choice(k, tuple(given), tuple(exclude), min_job_zone, merge_related)
        return next(self.recommend_all([self.understand(career)], choice))

    def understand(self, career: Career | Mapping[str, Any] | str | Path) -> Understood:
        """How a career is read.

        Raises:
            UserError: it can't be understood.
        """
        if isinstance(career, Career):
            return self.reading.career(career)
        if isinstance(career, Mapping):
            return self.reading.json(as_json(career), "person")
        if isinstance(career, str) and career.lstrip().startswith("{"):
            return self.reading.json(career, "person")
        path = Path(career).expanduser()
        try:
            content = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path}: could not be read: {getattr(error, 'strerror', None) or error}.") from error
        try:
            return self.reading.json(content, person_id(path, 1))
        except UserError as error:
            raise UserError(f"{path}: {error}.") from error

    def listing(self, choice: Choice) -> "Listing":
        """A choice with its titles found.

        Raises:
            UserError: one is unknown, or a number is out of range.
        """
        from reasoning_occ.config import onet_here
        from reasoning_occ.occupations import onet
        from reasoning_occ.recommend.listing import Listing

        def zones() -> dict[str, int]:
            folder = onet_here(self.run.cfg)
            return {} if folder is None else onet.job_zones(folder)

        return Listing.of(choice, self.taxonomy, zones)

    def recommend_all(self, people: Sequence[Understood], choice: Choice) -> Iterator[Recommended]:
        """As `recommend`, for several people who are understood already; they go through a model together."""
        listing = self.listing(choice)
        for one, said in zip(people, self.ranked([one.history for one in people]), strict=True):
            ranked, given = listing.ranked(said)
            reason = getattr(said, "reason", None)
            yield Recommended(
                person=one.history.person.id,
                history=told(one, self.taxonomy),
                titles=one.titles,
                left_out=one.left_out,
                reason=reason,
                claims=self._evidence.of(reason, one.history),
                ranked=ranked,
                given=given,
                notes=self.notes,
                warnings=(*one.warnings, *self._unread(said)),
            )

    def _unread(self, said: "Recommendation | Answer") -> Iterator[str]:
        """A sentence where a reason that the run wrote could not be read."""
        from reasoning_occ.recommend.drawn import Drawn
        from reasoning_occ.recommend.writing import reads

        most = self.run.cfg.inference.max_reason_tokens
        why = f"could not be read, for one thing if longer than {most} tokens"
        if isinstance(said, Drawn) and said.unread:
            yield f"{said.unread} of {len(said.each_ko)} reasons {why}; they count as none."
        elif not isinstance(said, Drawn) and reads(self._inner) and getattr(said, "reason", None) is None:
            yield f"Its reason {why}; titles are ranked from the history alone."

    def ranked(self, histories: Sequence[Career]) -> "list[Recommendation | Answer]":
        """A probability for every occupation after each history, in order; or one title's name.

        Probabilities are at the run's temperature, where it has one; over several reasons they are a mean (`Drawn`).
        """
        from reasoning_occ.careers.view import viewed
        from reasoning_occ.progress import muted
        from reasoning_occ.recommend.drawn import at_temperature

        seen = [viewed(Transition(history, "", Date(0)), self._view).history for history in histories]
        temperature = self.run.temperature
        with muted():
            return at_temperature(self._said(seen), None if temperature is None else temperature.value)

    def _said(self, seen: Sequence[Career]) -> "list[Recommendation | Answer]":
        """What the run's recommender says of histories as it sees them."""
        from reasoning_occ.recommend.drawn import means
        from reasoning_occ.recommend.writing import reasons
        from reasoning_occ.recommenders.llm import LanguageModel

        read = reasons(self._inner, seen) if isinstance(self._inner, LanguageModel) else None
        if read is None:
            return list(self._inner.recommend(seen))
        if self.drawn == 1:
            return list(self._inner.rank_mean(seen, read, None))
        asked = [history for history in seen for _ in range(self.drawn)]
        single = self._inner.rank(asked, [reason for several in read for reason in several], None)
        return list(means(single, self.drawn))

    def close(self) -> None:
        """Let go of what was put into a folder of its own; also done when the process ends."""
        with contextlib.suppress(OSError):
            self._scratch.cleanup()
