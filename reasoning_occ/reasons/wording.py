"""From an outline to two to four short sentences. No gendered pronouns; the next occupation is never named here."""

from random import Random

from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.direction import Direction
from reasoning_occ.reasons.outline import Outline, Spell
from reasoning_occ.reasons.statistics import Fact

WHERE = {
    Direction.BACK: ("a return to earlier work", "going back to earlier work"),
    Direction.SAME_WORK: ("the same work in another industry", "the same work in a new industry"),
    Direction.SAME_INDUSTRY: ("another role in the same industry", "a new role in the same industry"),
    Direction.BOTH: ("a change of both work and industry", "new work in a new industry"),
    Direction.NEAR: ("work close to the present one", "closely related work"),
    Direction.FAR: ("work far from the present one", "unrelated work"),
}
CLOSINGS = ("The next step looks like {}.", "The direction is {}.", "What comes next may be {}.")
_PAY = {
    "up": ("with higher pay than before", "for more pay than before"),
    "level": ("at about the same pay as before", "for the same pay as before"),
    "down": ("with lower pay than before", "for less pay than before"),
}
# regions that take an article in English
_COMPASS = frozenset({"South", "North", "East", "West", "Northeast", "Midwest", "Southeast", "Southwest", "Northwest"})


def realise(outline: Outline, taxonomy: Taxonomy, style: str) -> str:
    """The text of an outline.

    Args:
        outline: what to say.
        taxonomy: gives the titles.
        style: seeds the choice among paraphrases; equal styles and outlines give equal text.
    """
    rng = Random(style)
    # one draw for each place, taken whether used or not, so that a changed fact leaves the other phrases alone
    draws = {place: rng.random() for place in ("past", "present", "pay", "closing", "where")}
    sentences = []
    past = [spell for spell in outline.spells if not spell.present]
    present_first = outline.spells[0].present
    now = _present(outline, taxonomy, draws)
    if outline.school is not None and outline.school.school_years is None:
        sentences.append(f"schooling on record: {outline.school.title}")
    school = _school_clause(outline)
    if past and not present_first:
        sentences += [school + _past(past, taxonomy, draws["past"]), now]
    elif past:  # planted: told backwards
        sentences += [school + now, "then " + _past(past, taxonomy, draws["past"])]
    else:
        sentences.append(school + now)
    if outline.employer is not None:
        sentences.append(f"{outline.employer} hired them")
    sentences += [text for side in outline.sides if (text := _own_sentence(side))]
    where = _alternatives([_pick(WHERE[direction], draws["where"]) for direction in outline.directions])
    return " ".join([*(_sentence(s) for s in sentences), _pick(CLOSINGS, draws["closing"]).format(where)])


def _school_clause(outline: Outline) -> str:
    if outline.school is None or outline.school.school_years is None:
        return ""
    years = outline.school.school_years
    return f"with {years} year{'' if years == 1 else 's'} of school, "


def _past(spells: list[Spell], taxonomy: Taxonomy, draw: float) -> str:
    first, *others = spells
    title = taxonomy.title(first.code)
    length = (first.end or first.start) - first.start
    ways = [f"they worked in {title} from {first.start}", f"they started in {title} in {first.start}"]
    if length >= 2:
        ways.append(f"they spent {length} years in {title} from {first.start}")
    told = _pick(tuple(ways), draw)
    return told + "".join(f", then in {taxonomy.title(o.code)} from {o.start}" for o in others)


def _present(outline: Outline, taxonomy: Taxonomy, draws: dict[str, float]) -> str:
    spell = outline.present
    title = taxonomy.title(spell.code)
    if spell.end is not None:  # planted: the present job has no end
        return f"they worked in {title} from {spell.start} to {spell.end}"
    ways = (f"since {spell.start} they have been in {title}", f"they have been in {title} since {spell.start}")
    told = [text for side in outline.sides if (text := _clause(side, draws["pay"]))]
    return _pick(ways, draws["present"]) + "".join(f", {text}" for text in told)


def _clause(side: Fact, draw: float) -> str | None:
    if side.kind == "pay":
        return _pick(_PAY[side.value], draw)
    if side.kind == "hours":
        return "full time" if side.value == "full" else "part time"
    if side.kind == "region":
        return f"based {place(side.value)}"
    return None


def _own_sentence(side: Fact) -> str | None:
    if side.kind == "jobs":
        return "it is their first job on record" if side.value == "1" else f"they have held {side.value} jobs so far"
    if side.kind == "returned":
        return "they have gone back to former work before"
    return None


def place(region: str) -> str:
    """Where a region is, in words: "in the South", "in Ohio", "outside cities"."""
    if region.startswith("outside "):
        return region
    return f"in the {region}" if region in _COMPASS else f"in {region}"


def _alternatives(ways: list[str]) -> str:
    """The ways one after another: "a", "a, or else b", "a, b, or else c"."""
    *before, last = ways
    return f"{', '.join(before)}, or else {last}" if before else last


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _pick(ways: tuple[str, ...], draw: float) -> str:
    return ways[int(draw * len(ways))]
