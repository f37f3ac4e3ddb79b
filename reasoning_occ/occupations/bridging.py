"""Decides which O*NET occupation stands for each Census 2002 code, how surely, and says why.

The rules, in this order:

1. A hand decision holds.
2. No SOC code, or none that the files know: none.
3. One O*NET occupation alone: exact if the code's only SOC 2000 number is still its number, else renumbered.
4. One of several has the Census's own title: it, exact if its number is one of the SOC 2000 numbers, else renumbered.
5. Otherwise one of several is representative: the residual one ("All Other") for a residual title ("Miscellaneous",
   "Other", "all other"); else the one that most of the SOC 2000 occupations lead to; else the one with most words in
   common; else the lowest number. The files hold no sizes of occupations: where these matter, decide by hand.
"""

import csv
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.files import whole
from reasoning_occ.occupations.census2002 import QUALITIES
from reasoning_occ.occupations.soc import Listed, Official

COLUMNS = ("census_code", "census_title", "onet_soc", "onet_title", "quality", "note")
BY_HAND = "by hand"
_RESIDUAL = re.compile(r"\b(other|miscellaneous)\b", re.IGNORECASE)
_MOST_NAMED = 4


class Decision(NamedTuple):
    """A row of the crosswalk; `COLUMNS` in this order."""

    code: str
    title: str
    onet: str
    onet_title: str
    quality: str
    note: str


class ByHand(NamedTuple):
    """A decision of a person; title: "" where the Census list has one."""

    title: str
    onet: str
    quality: str
    note: str


def bridge(official: Official, titles: Mapping[str, str], hand: Mapping[str, ByHand]) -> list[Decision]:
    """A decision for every code of the Census list, and for those that people added; in order of code.

    Args:
        official: what the files say.
        titles: of all O*NET codes that may be given.
        hand: decisions by hand, by Census code.

    Raises:
        UserError: a code is not among `titles`, or a code by hand that the list lacks has no title.
    """
    decided = []
    for code in sorted({*official.census, *hand}):
        listed = official.census.get(code)
        if code in hand:
            decided.append(_by_hand(code, listed, hand[code], titles))
        elif listed is not None:
            decided.append(_decide(code, listed, official, titles))
    return decided


def _by_hand(code: str, listed: Listed | None, hand: ByHand, titles: Mapping[str, str]) -> Decision:
    title = hand.title or (listed.title if listed else "")
    if not title:
        raise UserError(f"--overrides: the Census list has no code {code}; give its census_title too.")
    if hand.onet and hand.onet not in titles:
        raise UserError(f"--overrides: code {code} is given '{hand.onet}', which is no O*NET code of these files.")
    note = f"{BY_HAND}: {hand.note}" if hand.note else BY_HAND
    return Decision(code, title, hand.onet, titles.get(hand.onet, ""), hand.quality, note)


def _decide(code: str, listed: Listed, official: Official, titles: Mapping[str, str]) -> Decision:
    members = [member for reference in listed.references for member in official.members(reference)]
    ways = {member: official.targets(member) for member in dict.fromkeys(members)}
    leading = Counter(target for targets in ways.values() for target in targets)
    lost = [reference for reference in listed.references if not official.members(reference)]
    lost += [member for member, targets in ways.items() if not targets]
    if not leading:
        why = f"SOC 2000 {', '.join(lost)}: no successor in the files" if lost else "no SOC code"
        return Decision(code, listed.title, "", "", "none", why)
    for target in leading:
        if target not in titles:
            raise UserError(
                f"code {code} leads to {target}, which the list of titles lacks; take files of one release."
            )
    onet, quality, why = _choose(listed.title, list(ways), leading, titles)
    why += f"; no successor in the files: {', '.join(lost)}" if lost else ""
    return Decision(code, listed.title, onet, titles[onet], quality, f"SOC 2000 {', '.join(ways)}: {why}")


def _choose(title: str, members: list[str], leading: Counter[str], titles: Mapping[str, str]) -> tuple[str, str, str]:
    """O*NET code, quality, and why."""
    first = min(leading)
    if len(leading) == 1:
        same = [f"{member}.00" for member in members] == [first]
        return (first, "exact", "the same number") if same else (first, "renumbered", "leads to this one alone")
    others = f"of {len(leading)} ({_named(leading)})"
    alike = [code for code in sorted(leading) if _words(titles[code]) == _words(title)]
    if alike:
        quality = "exact" if alike[0] in {f"{member}.00" for member in members} else "renumbered"
        return alike[0], quality, f"the same title, {others}"
    residual = [code for code in leading if _RESIDUAL.search(title) and titles[code].endswith("All Other")]
    if len(residual) == 1:
        return residual[0], "representative", f"the residual one {others}"

    def nearness(code: str) -> float:
        ours, theirs = set(_words(title)), set(_words(titles[code]))
        return len(ours & theirs) / len(ours | theirs)

    for worth, why in ((leading.__getitem__, "most lead to it,"), (nearness, "nearest in words")):
        best = [code for code in leading if worth(code) == max(map(worth, leading))]
        if len(best) == 1:
            return best[0], "representative", f"{why} {others}"
    return first, "representative", f"the lowest number {others}"


def _named(leading: Mapping[str, int]) -> str:
    more = f" and {len(leading) - _MOST_NAMED} more" if len(leading) > _MOST_NAMED else ""
    return ", ".join(sorted(leading)[:_MOST_NAMED]) + more


def _words(title: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z]+", title.lower()))


def read_hand(path: Path, option: str) -> dict[str, ByHand]:
    """Decisions by hand: a CSV file with `COLUMNS`, of which census_title, onet_title and note may be left out.

    Args:
        path: its place.
        option: by which it was given, for messages.

    Raises:
        UserError: the file can't be read, or a row is malformed (names the line).
    """
    hand: dict[str, ByHand] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            needed = [c for c in ("census_code", "onet_soc", "quality") if c not in (reader.fieldnames or ())]
            if needed:
                raise UserError(f"{option}: {path} has no column {', '.join(needed)}; it takes {', '.join(COLUMNS)}.")
            for row in reader:
                code, onet, quality = (row[name].strip() for name in ("census_code", "onet_soc", "quality"))
                fits = quality in QUALITIES if onet else quality == "none"
                if not (code.isdecimal() and len(code) == 4) or code in hand or not fits:
                    raise UserError(
                        f"{option}: {path}, line {reader.line_num}: expected a new code of four digits, and an "
                        f"O*NET code of quality {', '.join(QUALITIES)} or none of quality none; got '{code}', "
                        f"'{onet}', '{quality}'. Mend the row."
                    )
                hand[code] = ByHand(row.get("census_title", "").strip(), onet, quality, row.get("note", "").strip())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{option}: {path} can't be read: {error}.") from error
    return hand


def write(decided: list[Decision], path: Path) -> None:
    """Write the crosswalk, whole or not at all.

    Raises:
        UserError: the file can't be written.
    """
    with whole(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(decided)
