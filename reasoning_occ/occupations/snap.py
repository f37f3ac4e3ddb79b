"""From a title that somebody wrote to an occupation of a taxonomy: by name, alias, likeness, or what its words say."""

from difflib import SequenceMatcher
from functools import lru_cache
from typing import Literal, NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.taxonomy import Taxonomy

Match = Literal["exact", "alias", "nearest", "unmatched"]
Way = Literal[Match, "words"]
GUESSES: frozenset[Way] = frozenset(("nearest", "words"))
_LONGEST = 200
"""Characters of a name that is compared with titles: no title is as long, and the time grows with its square."""


class Snapped(NamedTuple):
    """How a name was matched, and the occupation's code; `None` where it was not."""

    how: Match
    code: str | None


class Snap:
    """Finds the occupation that a written title means.

    In this order: the title or code itself, whatever its case and spaces; an alias of one occupation alone; the title
    most like it. Likeness is the ratio of `difflib.SequenceMatcher` in lower case: twice the characters in matching
    blocks, as a share of all characters of both. Of equally like titles the taxonomy's first is taken.

    Args:
        taxonomy: the occupations.
        least: likeness that a nearest title must have, above 0 and at most 1.

    Raises:
        UserError: `least` is out of range.
    """

    def __init__(self, taxonomy: Taxonomy, least: float) -> None:
        if isinstance(least, bool) or not isinstance(least, int | float) or not 0 < least <= 1:
            raise UserError(f"least_similarity: expected a number above 0 and at most 1; got {least!r}.")
        self._taxonomy = taxonomy
        self._least = least
        self._nearest = lru_cache(maxsize=10_000)(self._like)  # models give the same wrong titles again and again

    def __call__(self, name: str) -> Snapped:
        """The occupation that `name` means."""
        plain = " ".join(name.lower().split())
        codes = self._taxonomy.named(plain)
        if len(codes) != 1:
            nearest = self._nearest(plain) if 0 < len(plain) <= _LONGEST else None
            return Snapped("unmatched" if nearest is None else "nearest", nearest)
        (code,) = codes
        own = (" ".join(text.lower().split()) for text in (self._taxonomy.title(code), code))
        return Snapped("exact" if plain in own else "alias", code)

    def _like(self, plain: str) -> str | None:
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(plain)
        best, found = self._least, None
        for occupation in self._taxonomy:
            matcher.set_seq1(occupation.title.lower())
            # two quick upper bounds first
            if matcher.real_quick_ratio() < best or matcher.quick_ratio() < best:
                continue
            ratio = matcher.ratio()
            if ratio > best or (found is None and ratio >= best):
                best, found = ratio, occupation.code
        return found


class Read(NamedTuple):
    """As `Snapped`, of a title that a person wrote."""

    how: Way
    code: str | None


class TitleReader:
    """Finds the occupation that a job title means which a person wrote: as `Snap`, but what people are likely to mean
    comes before an alias and the nearest title, and after it what the taxonomy guesses from the words. A model's answer
    is not helped so: it has to name an occupation.

    A title means the same in a taxonomy and in a part of it: where its occupation is not in the part, the nearest
    related one that is there is guessed.

    Args:
        taxonomy: the occupations.
        least: as in `Snap`.

    Raises:
        UserError: as `Snap`.
    """

    def __init__(self, taxonomy: Taxonomy, least: float) -> None:
        self._here, self._whole = taxonomy, taxonomy.whole
        self._snap = Snap(self._whole, least)

    def __call__(self, title: str) -> Read:
        """The occupation that `title` means."""
        how, code = self._read(title)
        if code is None or code in self._here:
            return Read(how, code)
        near = next((other for other in self._whole.related(code) if other in self._here), None)
        return Read("unmatched" if near is None else "words", near)

    def _read(self, title: str) -> Read:
        how, code = self._snap(title)
        if how == "exact":
            return Read(how, code)
        likely = self._whole.likely(title)
        if likely:
            return Read("alias" if how == "alias" and likely[0] == code else "words", likely[0])
        meant = self._whole.guess(title[:_LONGEST]) if code is None else None
        return Read(how, code) if meant is None else Read("words", meant)
