"""Which free text of a career a reason may quote: what a reader of the reason reads back just as it is."""

import re
from dataclasses import replace
from functools import lru_cache

from reasoning_occ.careers.types import Career, Education, Job
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.claims import Remark
from reasoning_occ.reasons.reader import Reader
from reasoning_occ.reasons.wording import place

# words with what stands between them; ours: no longer than a line
_PLAIN = re.compile(r"[\w ,'\u2019&()/+-]{1,80}")


class Quoting:
    """Leaves out of a history what can't be told in a reason: text that would be read as something else, such as a
    region with a full stop or a schooling with a claim in it, and text of no ordinary kind.

    Args:
        taxonomy: the occupations that a reader looks for.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._reader = Reader(taxonomy)
        self._says = lru_cache(maxsize=10_000)(self._read_back)

    def quotable(self, history: Career) -> Career:
        """The history without schooling and regions that a reason can't quote."""
        return replace(
            history,
            education=tuple(e for e in history.education if self._schooling(e)),
            jobs=tuple(self._job(job) for job in history.jobs),
        )

    def _schooling(self, education: Education) -> bool:
        # schooling with its years is told by them alone
        title = education.title
        return education.school_years is not None or self._says(
            f"Schooling on record: {title}.", Remark("degree", title, 0)
        )

    def _job(self, job: Job) -> Job:
        region = job.facts.region
        if not region or self._says(f"They are based {place(region)}.", Remark("region", region, 0)):
            return job
        return replace(job, facts=replace(job.facts, region=None))

    def _read_back(self, sentence: str, remark: Remark) -> bool:
        if not _PLAIN.fullmatch(remark.value):
            return False
        reading = self._reader.read(sentence)
        return reading.remarks == (remark,) and not reading.jobs
