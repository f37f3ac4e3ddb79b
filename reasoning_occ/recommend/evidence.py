"""What stands behind each sentence of a reason: the lines of the history that it speaks of, and whether they agree."""

import re
from collections.abc import Iterator

from reasoning_occ.careers.types import Career
from reasoning_occ.language.render import lines
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.checks import factuality
from reasoning_occ.reasons.claims import JobClaim, Reading, Remark
from reasoning_occ.reasons.reader import Reader
from reasoning_occ.recommend.results import Claim, Verdict

_MARK = re.compile(r"⟦(\d+)⟧")  # in the place of a title in a sentence that was read


class Evidence:
    """Holds reasons against histories, as the rubric judge does for factuality.

    Args:
        seen: the taxonomy in whose words reasons are written.
        published: the same occupations with the titles that people are shown.
    """

    def __init__(self, seen: Taxonomy, published: Taxonomy) -> None:
        self._seen, self._published = seen, published
        self._reader = Reader(seen)

    def of(self, reason: str | None, history: Career) -> tuple[Claim, ...]:
        """A claim for each sentence, in order; none without a reason."""
        if reason is None:
            return ()
        reading = self._reader.read(reason)
        return tuple(self._claim(reading, n, history) for n in range(len(reading.sentences)))

    def _claim(self, reading: Reading, n: int, history: Career) -> Claim:
        text = _MARK.sub(lambda m: self._published.occupations[int(m.group(1))].title, reading.sentences[n])
        said = [one for one in (*reading.jobs, *reading.remarks) if one.sentence == n]
        worst, errors = 5, []
        for one in said:
            score, wrong = factuality(_alone(one), history, self._published)
            worst = min(worst, score.value or 5)
            errors += wrong
        shown = {number for one in said for number in self._lines(one, history)}
        ahead = bool(said) and all(isinstance(one, Remark) and one.kind == "direction" for one in said)
        verdict: Verdict = "wrong" if worst < 4 else "imprecise" if worst == 4 else "outlook" if ahead else "holds"
        return Claim(text, verdict if said else "unread", tuple(sorted(shown)), tuple(errors))

    def _lines(self, one: JobClaim | Remark, history: Career) -> Iterator[int]:
        """Numbers of the lines that a claim speaks of."""
        present, jobs = len(history.jobs) - 1, history.jobs
        schooling = iter(sorted(history.education, key=lambda e: e.date))
        for number, line in enumerate(lines(history, self._published), start=1):
            learned = next(schooling) if line.job is None else None
            if isinstance(one, JobClaim):
                fits = line.job is not None and jobs[line.job].occupation == one.code
                year = None if one.present else one.start
                here = fits and (not one.present or line.job == present)
                same = [job for job in jobs if job.occupation == one.code and job.start.year == year]
                if here and (not same or jobs[line.job or 0] in same):
                    yield number
            elif learned is not None:
                if (one.kind == "school" and one.value == str(learned.school_years)) or (
                    one.kind == "degree" and one.value.lower() == learned.title.lower()
                ):
                    yield number
            elif self._tells(one, line.job or 0, history):
                yield number

    @staticmethod
    def _tells(remark: Remark, job: int, history: Career) -> bool:
        """Whether the line of a job is what a remark on work speaks of."""
        present = len(history.jobs) - 1
        if remark.kind == "jobs":
            return True
        if remark.kind == "returned":
            return history.jobs[job].occupation == history.jobs[present].occupation
        return remark.kind in ("pay", "hours", "region", "age") and job == present


def _alone(one: JobClaim | Remark) -> Reading:
    is_job = isinstance(one, JobClaim)
    return Reading(("",), (True,), (one,) if is_job else (), () if is_job else (one,))  # type: ignore[arg-type]
