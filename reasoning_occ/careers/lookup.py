"""What occupations are, as somebody's file writes them: looked up in a taxonomy, or carried over to it."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from reasoning_occ.files import write_jsonl
from reasoning_occ.occupations.esco_onet import Crosswalk
from reasoning_occ.occupations.taxonomy import Taxonomy

UNMATCHED = "jobs whose occupation the taxonomy does not have"
UNLISTED = "jobs left out: the crosswalk does not list their occupation"
GONE = "jobs left out: the taxonomy has neither the code nor the title that the crosswalk gives"
BY_TITLE = "jobs carried over by their O*NET title, as their code is another release's"
BROADER = "jobs carried over by a broader occupation of ESCO"

_COUNTED = {"unlisted": UNLISTED, "gone": GONE, "title": BY_TITLE}
# a code of the Standard Occupational Classification, which O*NET goes on from
_SOC = re.compile(r"\d\d-\d{4}")
# ours: of what is left out, named beside its count; the file of matches has all
_MOST_NAMED = 10


class _Found(NamedTuple):
    """How an occupation was found, its code if it was, what is counted of each job in it, and by what name to list it
    where it is left out."""

    how: str
    code: str | None
    counted: tuple[str, ...]
    told: str


class Lookup:
    """Finds the code of an occupation as written, each only once: the same come again and again.

    Args:
        taxonomy: codes, titles and aliases. A six-digit code of the SOC is that of O*NET-SOC which ends in .00.
        crosswalk: carries occupations of ESCO over to the taxonomy, which is O*NET; `None`: nothing is carried over.
    """

    def __init__(self, taxonomy: Taxonomy, crosswalk: Crosswalk | None = None) -> None:
        self.taxonomy = taxonomy
        self._crosswalk = crosswalk
        self._found: dict[str, _Found] = {}
        self._times: Counter[str] = Counter()

    def __call__(self, occupation: str, skipped: Counter[str]) -> str | None:
        """The code of an occupation, or `None`; what there is to count of a job in it is added to `skipped`."""
        if occupation not in self._found:
            self._found[occupation] = self._carried(occupation) if self._crosswalk else self._plainly(occupation)
        found = self._found[occupation]
        self._times[occupation] += 1
        for what in found.counted:
            skipped[what] += 1
        return found.code

    def start(self, skipped: Counter[str]) -> None:
        """Count nothing yet of all that may be counted."""
        skipped.update(dict.fromkeys((UNLISTED, GONE, BY_TITLE, BROADER) if self._crosswalk else (UNMATCHED,), 0))

    def name(self, skipped: Counter[str]) -> None:
        """Put names to the counts of what a crosswalk does not carry over, those of most jobs first."""
        for what in (UNLISTED, GONE):
            lost = Counter[str]()
            for occupation, times in self._times.items():
                if what in self._found[occupation].counted:
                    lost[self._found[occupation].told] += times
            if lost:
                named = [f"{name}: {n}" for name, n in lost.most_common(_MOST_NAMED)]
                more = [f"{len(lost) - _MOST_NAMED} others"] if len(lost) > _MOST_NAMED else []
                skipped[f"{what} ({', '.join([*named, *more])})"] = skipped.pop(what)

    def hint(self) -> str:
        """What may be to do about jobs left out, in a sentence with a blank before it; else nothing."""
        unlisted = any(UNLISTED in found.counted for found in self._found.values())
        if self._crosswalk is None or self._crosswalk.knows_codes or not unlisted:
            return ""
        return " ESCO's codes (as 3344.1) and alternative labels need occupations_en.csv in esco/ of data_dir."

    def write(self, path: Path) -> None:
        """Write each occupation with what it was taken for, how it was found and of how many jobs it is."""
        write_jsonl(path, (self._row(occupation, n) for occupation, n in self._times.most_common()))

    def _row(self, occupation: str, times: int) -> dict[str, Any]:
        found = self._found[occupation]
        taken = None if found.code is None else self.taxonomy.title(found.code)
        crossed = {} if self._crosswalk is None else {"crosswalk": found.told}
        return {"occupation": occupation, "how": found.how, **crossed, "taken_for": taken, "times": times}

    def _plainly(self, occupation: str) -> _Found:
        code = self._code(occupation)
        return _Found("unmatched", None, (UNMATCHED,), occupation) if code is None else _Found("found", code, (), "")

    def _code(self, occupation: str) -> str | None:
        if occupation in self.taxonomy:
            return occupation
        if _SOC.fullmatch(occupation) and f"{occupation}.00" in self.taxonomy:
            return f"{occupation}.00"
        named = self.taxonomy.named(occupation)
        return named[0] if len(named) == 1 else None

    def _carried(self, occupation: str) -> _Found:
        assert self._crosswalk is not None
        how, code, broader, told = self._crosswalk.carry(occupation, self.taxonomy)
        counted = [_COUNTED[how]] if how in _COUNTED else []
        if broader and code is not None:
            counted.append(BROADER)
        return _Found(f"broader, {how}" if broader else how, code, tuple(counted), told)
