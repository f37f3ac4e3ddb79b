"""Reading claims out of a reason's text with a tolerant grammar. Nothing a teacher attached is seen here.

What the grammar does not know stays unread: such a sentence is unchecked, neither right nor wrong.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.claims import JobClaim, Reading, Remark
from reasoning_occ.reasons.naming import TitleFinder
from reasoning_occ.reasons.remarks import NUMBER, number, remarks

_YEAR = r"((?:1[89]|20)\d\d)"
_MARK = r"⟦(\d+)⟧"
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+|\n|$)")
# how far apart a date and a job may be told, in words, a clause's end counting for several
_CLAUSE_END = re.compile(r"[,;:]|\b(?:then|and|before|now)\b")
_CLAUSE_PRICE = 3

_RANGE = re.compile(rf"\b{_YEAR}\s*(?:-|\u2013|to)\s*{_YEAR}\b")
_DATE = re.compile(
    rf"\b(?:(began|started|moved|entered|joined)?(?:\s+\w+)?\s*)?\b(since|from|in|to|until|till|through|by|during)\s+{_YEAR}\b"
)
_LENGTH = re.compile(rf"\b{NUMBER}\s+(?:years?|yrs?)\b(?!\s+(?:of\s+(?:school|education)|old))")
_AGE = re.compile(r"\b(?:at\s+(?:the\s+)?age\s+(?:of\s+)?|aged\s+)(\d{1,3})\b|\b(\d{1,3})\s+years\s+old\b")
_NOW = re.compile(r"\b(now|currently|presently|today|has been|have been)\b")
_EARLIER = re.compile(r"\b(before that|earlier|previously|formerly|until then)\b")
# words that hold a sentence together and claim nothing
_GLUE = frozenset(
    re.findall(
        r"\w+",
        """they this person the a an it is are was were has have had been be in at of on and then with for to from as
        but now since work worked working works job jobs started began spent moved role their first record so far before
        next step direction what comes looks like may or else points kind same after
        later who that there also years year while""",
    )
)
_MOST_UNREAD = 1 / 3
# characters of a reason that are read; reasons have some hundreds, and patterns take time in the square of a sentence
_LONGEST = 5_000


class Reader:
    """Reads the claims of reasons about occupations of one taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._codes = taxonomy.codes
        self._finder = TitleFinder(taxonomy)

    def read(self, text: str) -> Reading:
        """The claims of a text, or of the beginning of a very long one.

        Never fails: what can't be read is counted in `coverage`.
        """
        if len(text) > _LONGEST:  # at a word's end, so that no year or name is halved
            beginning = text[:_LONGEST]
            text = beginning.rpartition(" ")[0] or beginning
        sentences = [m.group().strip() for m in _SENTENCE.finditer(self._finder.mark(text))]
        sentences = [s for s in sentences if re.search(r"\w", s)]
        jobs: list[JobClaim] = []
        said: list[Remark] = []
        checked: list[bool] = []
        for i, sentence in enumerate(sentences):
            whole = sentence[-1] in ".!?"
            spans: list[tuple[int, int]] = []
            found_jobs = self._jobs(sentence, i, spans)
            found = list(remarks(sentence, i, whole, spans))
            jobs += found_jobs
            said += found
            checked.append(bool(found_jobs or found) and _unread_share(sentence, spans) <= _MOST_UNREAD)
        return Reading(tuple(sentences), tuple(checked), tuple(jobs), tuple(said))

    def _jobs(self, sentence: str, i: int, spans: list[tuple[int, int]]) -> list[JobClaim]:
        marks = list(re.finditer(_MARK, sentence))
        backward = bool(_EARLIER.search(sentence.lower()))
        claims = [JobClaim(self._codes[int(m.group(1))], i, backward=backward) for m in marks]
        spans += [m.span() for m in marks]
        if not marks:
            return claims
        for span, said in _times(sentence):
            spans.append(span)
            nearest = min(range(len(marks)), key=lambda k: _distance(sentence, span, marks[k].span()))
            claims[nearest] = replace(claims[nearest], **said)
        if len(marks) == 1 and _NOW.search(sentence.lower()):
            claims[0] = replace(claims[0], present=True)
        return claims


def _times(sentence: str) -> Iterable[tuple[tuple[int, int], dict[str, int | bool]]]:
    """Every date, length and age of a sentence: where it stands and what it says of the nearest job."""
    lower = sentence.lower()
    ranges = list(_RANGE.finditer(lower))
    for m in ranges:
        yield m.span(), {"start": int(m.group(1)), "end": int(m.group(2))}
    for m in _DATE.finditer(lower):
        if any(r.start() < m.end() and m.start() < r.end() for r in ranges):
            continue
        verb, cue, year = m.group(1), m.group(2), int(m.group(3))
        if cue == "since":
            yield m.span(), {"start": year, "present": True}
        elif cue == "from" or verb or (cue == "in" and re.search(r"\b(began|started|moved|entered|joined)\b", lower)):
            yield m.span(), {"start": year}
        elif cue in ("to", "until", "till", "through"):
            yield m.span(), {"end": year}
        else:
            yield m.span(), {"during": year}
    for m in _LENGTH.finditer(lower):
        yield m.span(), {"length": number(m.group(1))}
    for m in _AGE.finditer(lower):
        yield m.span(), {"age": int(m.group(1) or m.group(2))}


def _distance(sentence: str, a: tuple[int, int], b: tuple[int, int]) -> int:
    between = sentence[min(a[1], b[1]) : max(a[0], b[0])].lower()
    return len(between.split()) + _CLAUSE_PRICE * len(_CLAUSE_END.findall(between))


def _unread_share(sentence: str, spans: list[tuple[int, int]]) -> float:
    """Share of a sentence's words that stand outside every claim and are no glue."""
    words = list(re.finditer(r"[\w'\u2019]+", sentence))
    unread = [
        w
        for w in words
        if w.group().lower() not in _GLUE and not any(s <= w.start() and w.end() <= e for s, e in spans)
    ]
    return len(unread) / len(words) if words else 0.0
