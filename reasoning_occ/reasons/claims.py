"""Reading claims out of a reason's text with a tolerant grammar. Nothing a teacher attached is seen here.

What the grammar does not know stays unread: such a sentence is unchecked, neither right nor wrong.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.direction import Direction
from reasoning_occ.reasons.naming import TitleFinder

RemarkKind = Literal[
    "pay", "hours", "region", "jobs", "returned", "school", "degree", "age", "employer", "unknown", "direction"
]

_NUMBERS = {
    word: i
    for i, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=1
    )
}
_NUMBER = rf"(\d{{1,3}}|{'|'.join(_NUMBERS)}|an?)"
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
_LENGTH = re.compile(rf"\b{_NUMBER}\s+(?:years?|yrs?)\b(?!\s+(?:of\s+(?:school|education)|old))")
_AGE = re.compile(r"\b(?:at\s+(?:the\s+)?age\s+(?:of\s+)?|aged\s+)(\d{1,3})\b|\b(\d{1,3})\s+years\s+old\b")
_NOW = re.compile(r"\b(now|currently|presently|today|has been|have been)\b")
_EARLIER = re.compile(r"\b(before that|earlier|previously|formerly|until then)\b")
_UNKNOWN = re.compile(
    r"(?:\b(?:worked|been|was|were|are|is|started|began|moved|years|then|work|job)\s+(?:in|as|to|into)\s+)"
    r"(?P<name>[A-Z][^.;:!?⟦⟧]*?)(?=,?\s+(?:from|since|in|to|until|then|and\s+then|with|for|at)\b|[,.;:!?]|$)"
)
_EMPLOYER = re.compile(
    r"(?:\b(?:hired|employed)\s+by\s+|\bworked\s+(?:at|for)\s+)(?P<a>[A-Z]\w*(?:\s+[A-Z]\w*)*)"
    r"|(?P<b>[A-Z]\w*(?:\s+[A-Z]\w*)*)\s+(?:hired|employed)\b"
)
_REGION = re.compile(r"\b(?:based|living|lives?|lived)\s+(?:in\s+(?:the\s+)?)?(?P<place>[A-Za-z][\w ]*?)(?=[,.;]|$)")
_AHEAD = re.compile(r"\b(next|direction|ahead|coming|step)\b", re.IGNORECASE)
# the alternatives of a sentence, each for itself
_EITHER = re.compile(r"(?:(?!,?\s+or\s).)+", re.DOTALL)
ALTERNATIVES = "|"
_OTHER = r"(?:another|different|new|other)"

_PATTERNS: tuple[tuple[RemarkKind, str, str], ...] = (
    ("pay", "up", r"\b(?:higher|more|better|increased|rising)\s+(?:pay|wages?)(?:\s+than\s+before)?"),
    ("pay", "up", r"\b(?:pay|wages?)\s+(?:rose|went up|increased|grew|is higher)"),
    ("pay", "level", r"\b(?:(?:about\s+)?the\s+same|similar|level|unchanged)\s+(?:pay|wages?)(?:\s+as\s+before)?"),
    ("pay", "down", r"\b(?:lower|less|reduced|falling)\s+(?:pay|wages?)(?:\s+than\s+before)?"),
    ("pay", "down", r"\b(?:pay|wages?)\s+(?:fell|went down|decreased|dropped|is lower)"),
    ("hours", "full", r"\bfull[- ]time\b"),
    ("hours", "part", r"\bpart[- ]time\b"),
    ("jobs", "1", r"\bfirst\s+job\b(?:\s+on\s+record)?"),
    ("returned", "yes", r"\b(?:have|has)\s+(?:gone\s+back|returned)\b(?:\s+to\s+former\s+work)?(?:\s+before)?"),
)
_REMARKS: tuple[tuple[RemarkKind, str, re.Pattern[str]], ...] = tuple(
    (kind, value, re.compile(pattern, re.IGNORECASE)) for kind, value, pattern in _PATTERNS
)
_COUNT = re.compile(rf"\bheld\s+{_NUMBER}\s+jobs?\b", re.IGNORECASE)
_SCHOOL = re.compile(rf"\b{_NUMBER}\s+years?\s+of\s+(?:school(?:ing)?|education)\b", re.IGNORECASE)
_DEGREE = re.compile(r"\bschooling\s+on\s+record:\s*(?P<title>[^.]+)", re.IGNORECASE)
_DIRECTIONS: tuple[tuple[Direction, re.Pattern[str]], ...] = tuple(
    (direction, re.compile(pattern, re.IGNORECASE))
    for direction, pattern in (
        (Direction.BACK, r"\b(?:back|return)\b.*"),
        (Direction.SAME_WORK, rf"\b(?:same|similar)\b.*\bwork\b.*\b{_OTHER}\s+industry"),
        (Direction.SAME_INDUSTRY, rf"\b{_OTHER}\s+(?:role|job|work|kind of work)\b.*\bsame\s+industry"),
        (Direction.BOTH, r"\bchange\b.*\bboth\b.*"),
        (Direction.BOTH, rf"\b{_OTHER}\s+(?:kind\s+of\s+)?(?:work|role|job)\b.*\b{_OTHER}\s+industry"),
        (Direction.NEAR, r"\b(?:clos(?:e|ely)|related|nearby)\b.*"),
        (Direction.FAR, r"\b(?:far|unrelated)\b.*"),
    )
)
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


@dataclass(frozen=True, slots=True)
class JobClaim:
    """An occupation said to have been held. `None`: not said. `sentence`: place of its sentence.

    during: a year in which it is said to have been held; backward: told with words such as "before that".
    """

    code: str
    sentence: int
    present: bool = False
    start: int | None = None
    end: int | None = None
    during: int | None = None
    length: int | None = None
    age: int | None = None
    backward: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """Anything else said: `value` as in the statistics, or the words themselves."""

    kind: RemarkKind
    value: str
    sentence: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a reason. Jobs come in the order told; `checked` has one entry a sentence."""

    sentences: tuple[str, ...]
    checked: tuple[bool, ...]
    jobs: tuple[JobClaim, ...]
    remarks: tuple[Remark, ...]

    @property
    def coverage(self) -> float:
        """Share of sentences that could be read (0 for an empty text)."""
        return sum(self.checked) / len(self.checked) if self.checked else 0.0

    @property
    def directions(self) -> tuple[Direction, ...]:
        """The alternatives of the last statement of a direction."""
        said = [r.value for r in self.remarks if r.kind == "direction"]
        return tuple(Direction[name] for name in said[-1].split(ALTERNATIVES)) if said else ()


class Reader:
    """Reads the claims of reasons about occupations of one taxonomy."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._codes = taxonomy.codes
        self._finder = TitleFinder(taxonomy)

    def read(self, text: str) -> Reading:
        """The claims of a text. Never fails: what can't be read is counted in `coverage`."""
        sentences = [m.group().strip() for m in _SENTENCE.finditer(self._finder.mark(text))]
        sentences = [s for s in sentences if re.search(r"\w", s)]
        jobs: list[JobClaim] = []
        remarks: list[Remark] = []
        checked: list[bool] = []
        for i, sentence in enumerate(sentences):
            whole = sentence[-1] in ".!?"
            spans: list[tuple[int, int]] = []
            found_jobs = self._jobs(sentence, i, spans)
            found = list(_remarks(sentence, i, whole, spans))
            jobs += found_jobs
            remarks += found
            checked.append(bool(found_jobs or found) and _unread_share(sentence, spans) <= _MOST_UNREAD)
        return Reading(tuple(sentences), tuple(checked), tuple(jobs), tuple(remarks))

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
        yield m.span(), {"length": _number(m.group(1))}
    for m in _AGE.finditer(lower):
        yield m.span(), {"age": int(m.group(1) or m.group(2))}


def _remarks(sentence: str, i: int, whole: bool, spans: list[tuple[int, int]]) -> Iterable[Remark]:
    """Claims other than jobs. In a sentence cut off at its end a name may be half a title, which is no claim."""
    for kind, value, pattern in _REMARKS:
        for m in pattern.finditer(sentence):
            spans.append(m.span())
            yield Remark(kind, value, i)
    for kind, pattern in (("jobs", _COUNT), ("school", _SCHOOL)):
        for m in pattern.finditer(sentence):
            spans.append(m.span())
            yield Remark("jobs" if kind == "jobs" else "school", str(_number(m.group(1))), i)
    for m in _DEGREE.finditer(sentence):
        spans.append(m.span())
        yield Remark("degree", m.group("title").strip(), i)
    for m in _REGION.finditer(sentence):
        spans.append(m.span())
        yield Remark("region", m.group("place").strip(), i)
    for m in _EMPLOYER.finditer(sentence):
        spans.append(m.span())
        yield Remark("employer", m.group("a") or m.group("b"), i)
    for m in _UNKNOWN.finditer(sentence):
        if whole or m.end() < len(sentence):
            spans.append(m.span())
            yield Remark("unknown", m.group("name").strip(), i)
    if _AHEAD.search(sentence):
        yield from _where(sentence, i, spans)


def _where(sentence: str, i: int, spans: list[tuple[int, int]]) -> Iterable[Remark]:
    """The directions of a sentence, alternatives ("..., or else ...") as one remark."""
    said: dict[str, None] = {}
    for part in _EITHER.finditer(sentence):
        for direction, pattern in _DIRECTIONS:
            if m := pattern.search(part.group()):
                spans.append((part.start() + m.start(), part.start() + m.end()))
                said[direction.name] = None
                break
    if said:
        yield Remark("direction", ALTERNATIVES.join(sorted(said)), i)


def _number(word: str) -> int:
    word = word.lower()
    return int(word) if word.isdigit() else _NUMBERS.get(word, 1)


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
