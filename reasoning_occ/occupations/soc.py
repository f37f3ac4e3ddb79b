"""From Census 2002 codes to O*NET-SOC 2019 by official files: Census 2002 -> SOC 2000 -> SOC 2010 -> O*NET-SOC.

Sources: US Census Bureau, Bureau of Labor Statistics, O*NET; their addresses and columns are in conf/crosswalk.yaml.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.sheets import Row, rows

_SOC = re.compile(r"\d\d-\d{4}")
_ONET = re.compile(r"\d\d-\d{4}\.\d\d")
# as the Census writes it: an occupation, a group (11-2020), or one with some places left open (15-10XX)
_REFERENCE = re.compile(r"\d\d-[\dX]{4}")
_NO_SOC = ("", "none", "-", "n/a")


class Listed(NamedTuple):
    """A code of the Census list: its title and what it says of SOC 2000, such as 11-1011, 11-2020 or 15-10XX."""

    title: str
    references: tuple[str, ...]


class Official(NamedTuple):
    """What the three files say.

    census: by Census 2002 code. soc: from SOC 2000 to SOC 2010 codes. onet: from O*NET-SOC 2010 to 2019 codes.
    titles: of O*NET-SOC 2019 codes.
    """

    census: dict[str, Listed]
    soc: dict[str, tuple[str, ...]]
    onet: dict[str, tuple[str, ...]]
    titles: dict[str, str]

    def members(self, reference: str) -> list[str]:
        """The SOC 2000 occupations that a reference covers; none: the file of the Bureau of Labor Statistics has none.

        The Census writes 15-10XX for what is left of 15-10 beside codes with references of their own, so an occupation
        belongs to the reference that says most of its number.
        """
        stem = _stem(reference)
        narrower = {
            other
            for listed in self.census.values()
            for other in map(_stem, listed.references)
            if len(other) > len(stem) and other.startswith(stem)
        }
        covered = (code for code in self.soc if code.startswith(stem))
        return sorted(code for code in covered if not code.startswith(tuple(narrower)))

    def targets(self, soc2000: str) -> set[str]:
        """The O*NET-SOC 2019 codes that a SOC 2000 occupation leads to.

        Of a SOC 2010 occupation these are the successors of its own O*NET code (.00); where it has none, those of all
        codes that O*NET made of it.
        """
        found: set[str] = set()
        for soc2010 in self.soc[soc2000]:
            own = f"{soc2010}.00"
            olds = [own] if own in self.onet else [code for code in self.onet if code.startswith(f"{soc2010}.")]
            found.update(new for old in olds for new in self.onet[old])
        return found


def read(census: Path, soc: Path, onet: Path, columns: Mapping[str, Mapping[str, Any]]) -> Official:
    """Read the three files.

    Args:
        census, soc, onet: their places.
        columns: headings, as in conf/crosswalk.yaml.

    Raises:
        UserError: a file can't be read, or a row is not of its kind (names the line).
    """
    said = {
        part: {name: heading for name, heading in names.items() if name != "url"} for part, names in columns.items()
    }
    # the title may be the column left of the code, so the code comes first
    listed = _census(census, {name: said["census"][name] for name in ("code", "title", "soc")})
    successors: dict[str, tuple[str, ...]] = {}
    for row in rows(soc, said["soc"]):
        if (pair := _pair(row, _SOC, soc)) is not None:
            old, new = pair
            successors[old] = tuple(dict.fromkeys((*successors.get(old, ()), new)))
    newer: dict[str, tuple[str, ...]] = {}
    titles: dict[str, str] = {}
    for row in rows(onet, said["onet"]):
        if (pair := _pair(row, _ONET, onet)) is not None:
            old, new = pair
            newer[old] = tuple(dict.fromkeys((*newer.get(old, ()), new)))
            titles[new] = row.cells["title"]
    for path, found in ((census, listed), (soc, successors), (onet, newer)):
        if not found:
            raise UserError(f"{path}: there is no row with codes below its headings. Is it the right file?")
    return Official(listed, successors, newer, titles)


def _census(path: Path, columns: Mapping[str, str | None]) -> dict[str, Listed]:
    """Rows of codes; those of groups have a range of codes, or none."""
    listed: dict[str, Listed] = {}
    for line, cells in rows(path, columns):
        code = cells["code"]
        if code.isdecimal() and len(code) < 4:
            raise UserError(
                f"{path}, line {line}: the code '{code}' has not four digits. Give the list of 2002, saved with its "
                "codes as text (0010, not 10)."
            )
        if not (code.isdecimal() and len(code) == 4):
            continue
        references = tuple(dict.fromkeys(_REFERENCE.findall(cells["soc"].upper())))
        if not references and cells["soc"].lower() not in _NO_SOC:
            raise UserError(f"{path}, line {line}: expected SOC codes such as 11-1011 or none, got '{cells['soc']}'.")
        if not cells["title"] or listed.get(code, Listed(cells["title"], ())).title != cells["title"]:
            raise UserError(f"{path}, line {line}: code {code} has no title, or two; give the right column.")
        before = listed[code].references if code in listed else ()
        listed[code] = Listed(cells["title"], tuple(dict.fromkeys((*before, *references))))
    return listed


def _stem(reference: str) -> str:
    """What all occupations of a reference begin with. A detailed number never ends in 0, so zeros at the end stand for
    any digits, as X does; a zero before an X is a digit."""
    return reference.partition("X")[0] if "X" in reference else reference.rstrip("0")


def _pair(row: Row, form: re.Pattern[str], path: Path) -> tuple[str, str] | None:
    """A code and its successor, without the marks of footnotes; `None` in a line without both.

    Raises:
        UserError: beside a code stands something that is none.
    """
    old, new = (row.cells[name].strip("*# ") for name in ("from", "to"))
    fit = [form.fullmatch(old) is not None, form.fullmatch(new) is not None]
    if any(fit) and not all(fit) and old and new:
        wrong = new if fit[0] else old
        raise UserError(f"{path}, line {row.line}: expected a code of the form {form.pattern}, got '{wrong}'.")
    return (old, new) if all(fit) else None
