"""Reading what a sentence says besides jobs: pay, hours, schooling, and where the next step may lie."""

import re
from collections.abc import Iterable

from reasoning_occ.reasons.claims import ALTERNATIVES, Remark, RemarkKind
from reasoning_occ.reasons.direction import Direction

_NUMBERS = {
    word: i
    for i, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=1
    )
}
NUMBER = rf"(\d{{1,3}}|{'|'.join(_NUMBERS)}|an?)"
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
# where one alternative of a sentence ends and the next begins
_BETWEEN = re.compile(r"\s*[,;]\s*(?:or\b(?:\s+else\b)?)?|\s+or\b(?:\s+else\b)?", re.IGNORECASE)
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
_COUNT = re.compile(rf"\bheld\s+{NUMBER}\s+jobs?\b", re.IGNORECASE)
_SCHOOL = re.compile(rf"\b{NUMBER}\s+years?\s+of\s+(?:school(?:ing)?|education)\b", re.IGNORECASE)
_DEGREE = re.compile(r"\bschooling\s+on\s+record:\s*(?P<title>[^.]+)", re.IGNORECASE)
_DIRECTIONS: tuple[tuple[Direction, re.Pattern[str]], ...] = tuple(
    (direction, re.compile(pattern, re.IGNORECASE))
    for direction, pattern in (
        (Direction.BACK, r"\b(?:back|return)\b.*"),
        (Direction.SAME_WORK, rf"\b(?:same|similar)\s+(?:\w+\s+of\s+)?work\b.*\b{_OTHER}\s+industry"),
        (Direction.SAME_INDUSTRY, rf"\b{_OTHER}\s+(?:role|job|work|kind of work)\b.*\bsame\s+industry"),
        (Direction.BOTH, r"\bchange\b.*\bboth\b.*"),
        (Direction.BOTH, rf"\b{_OTHER}\s+(?:kind\s+of\s+)?(?:work|role|job)\b.*\b{_OTHER}\s+industry"),
        (Direction.NEAR, r"\b(?:clos(?:e|ely)|related|nearby)\b.*"),
        (Direction.FAR, r"\b(?:far|unrelated)\b.*"),
    )
)


def remarks(sentence: str, i: int, whole: bool, spans: list[tuple[int, int]]) -> Iterable[Remark]:
    """Claims other than jobs. In a sentence cut off at its end a name may be half a title, which is no claim."""
    for kind, value, pattern in _REMARKS:
        for m in pattern.finditer(sentence):
            spans.append(m.span())
            yield Remark(kind, value, i)
    for kind, pattern in (("jobs", _COUNT), ("school", _SCHOOL)):
        for m in pattern.finditer(sentence):
            spans.append(m.span())
            yield Remark("jobs" if kind == "jobs" else "school", str(number(m.group(1))), i)
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
    """The directions of a sentence, alternatives ("..., ..., or else ...") as one remark."""
    said: set[str] = set()
    begin = 0
    breaks = list(_BETWEEN.finditer(sentence))
    starts, ends = [0, *(m.end() for m in breaks)], [*(m.start() for m in breaks), len(sentence)]
    for start, end in zip(starts, ends, strict=True):
        # a part that says nothing by itself is read on into the next: "the same work, in another industry"
        found = _direction(sentence, start, end) or _direction(sentence, begin, end)
        if found is not None:
            direction, span = found
            said.add(direction.name)
            spans.append(span)
            begin = end
    if said:
        yield Remark("direction", ALTERNATIVES.join(sorted(said)), i)


def _direction(sentence: str, start: int, end: int) -> tuple[Direction, tuple[int, int]] | None:
    """The direction told between two places of a sentence, and where exactly."""
    for direction, pattern in _DIRECTIONS:
        if m := pattern.search(sentence, start, end):
            return direction, m.span()
    return None


def number(word: str) -> int:
    """The number that `NUMBER` found, in digits or as a word; "a" is one."""
    word = word.lower()
    return int(word) if word.isdigit() else _NUMBERS.get(word, 1)
