"""The O*NET-SOC taxonomy, read from the text files of the O*NET database.

Source: O*NET Database, U.S. Department of Labor, Employment and Training Administration (USDOL/ETA), CC BY 4.0,
https://www.onetcenter.org/database.html (text files, tab-separated). Columns are found by name, so that releases with
title columns beside the codes and those without are both read.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, takewhile
from pathlib import Path

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.data_dir import VARIABLE
from reasoning_occ.occupations.onet_words import EVERYDAY, guess, singular
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

CODE = "O*NET-SOC Code"
NOTE = "Titles, aliases and related occupations: O*NET Database by USDOL/ETA, CC BY 4.0."

# major groups of the Standard Occupational Classification, by the first two digits of a code
MAJOR_GROUPS = {
    "11": "Management",
    "13": "Business and Financial Operations",
    "15": "Computer and Mathematical",
    "17": "Architecture and Engineering",
    "19": "Life, Physical, and Social Science",
    "21": "Community and Social Service",
    "23": "Legal",
    "25": "Educational Instruction and Library",
    "27": "Arts, Design, Entertainment, Sports, and Media",
    "29": "Healthcare Practitioners and Technical",
    "31": "Healthcare Support",
    "33": "Protective Service",
    "35": "Food Preparation and Serving Related",
    "37": "Building and Grounds Cleaning and Maintenance",
    "39": "Personal Care and Service",
    "41": "Sales and Related",
    "43": "Office and Administrative Support",
    "45": "Farming, Fishing, and Forestry",
    "47": "Construction and Extraction",
    "49": "Installation, Maintenance, and Repair",
    "51": "Production",
    "53": "Transportation and Material Moving",
    "55": "Military Specific",
}


def taxonomy(folder: Path) -> Taxonomy:
    """All O*NET-SOC occupations in order of code.

    Aliases are the alternate titles and their short forms, and a title's singular, which is nobody else's. What people
    mean by a name is told by everyday titles (`onet_words`), then by how many sources list it for an occupation.
    Relatedness is the Related Occupations table by its index (93 of the 1,016 titles of release 29.3 have none);
    `group` is the SOC major group.

    Args:
        folder: holds `Occupation Data.txt`, `Alternate Titles.txt` and `Related Occupations.txt`.

    Raises:
        UserError: a file or column is missing, or a row names an unknown code.
    """
    sources = _aliases(folder / "Alternate Titles.txt")
    known = sorted(titles(folder / "Occupation Data.txt").items())
    owner = {one.lower(): code for code, title in known if (one := singular(title)) is not None}

    def aliases(code: str, title: str) -> tuple[str, ...]:
        names = [name for name in sources.get(code, ()) if owner.get(name.lower(), code) == code]
        own = singular(title)
        return tuple(names if own is None else dict.fromkeys((*names, own)))

    return Taxonomy(
        "onet",
        [Occupation(code, title, aliases(code, title), group=MAJOR_GROUPS.get(code[:2], "")) for code, title in known],
        _related(folder / "Related Occupations.txt"),
        NOTE,
        guess=guess,
        likely=_likely(sources),
    )


def titles(path: Path) -> dict[str, str]:
    """Titles by code, from `Occupation Data.txt`.

    Raises:
        UserError: the file or a column is missing.
    """
    return {row[CODE]: row["Title"] for row in _rows(path, [CODE, "Title"])}


def job_zones(folder: Path) -> dict[str, int]:
    """How much preparation an occupation needs, 1 (little) to 5 (extensive), by code; empty without `Job Zones.txt`.

    Raises:
        UserError: a column is missing or a zone is not a number.
    """
    path = folder / "Job Zones.txt"
    if not path.is_file():
        return {}
    return {row[CODE]: _number(row["Job Zone"], path) for row in _rows(path, [CODE, "Job Zone"])}


def _aliases(path: Path) -> dict[str, dict[str, int]]:
    """Alternate and short titles by code, each once, in the file's order, and how many sources list it."""
    aliases: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in _rows(path, [CODE, "Alternate Title", "Short Title"]):
        sources = len((row.get("Source(s)") or "").split(","))
        for name in (row["Alternate Title"], row["Short Title"]):
            if name and name != "n/a":
                aliases[row[CODE]][name] = max(sources, aliases[row[CODE]].get(name, 0))
    return dict(aliases)


def _likely(sources: Mapping[str, Mapping[str, int]]) -> dict[str, list[str]]:
    """Of names that several codes have: the codes that more sources list than any other that is left, in turn; before
    them what an everyday title is taken for."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for code, names in sources.items():
        for name, n in names.items():
            plain = " ".join(name.lower().split())
            counts[plain][code] = max(n, counts[plain][code])
    found: dict[str, list[str]] = {}
    for name, listed in counts.items():
        ranked = [*listed.most_common(), ("", 0)]
        clear = takewhile(lambda pair: pair[0][1] > pair[1][1], pairwise(ranked))
        if len(listed) > 1 and (codes := [code for (code, _), _ in clear]):
            found[name] = codes
    return found | {name: list(dict.fromkeys((code, *found.get(name, ())))) for name, code in EVERYDAY.items()}


def _related(path: Path) -> dict[str, list[str]]:
    near: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in _rows(path, [CODE, f"Related {CODE}", "Index"]):
        near[row[CODE]].append((_number(row["Index"], path), row[f"Related {CODE}"]))
    return {code: [other for _, other in sorted(ranked)] for code, ranked in near.items()}


def _rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Rows of a tab-separated file by column name; every wanted column is filled with text, perhaps empty."""
    if not path.is_file():
        raise UserError(
            f"O*NET needs the file {path}, which is missing. Get the text files of the O*NET database from "
            "https://www.onetcenter.org/database.html and put them into that folder, or set data_dir (or the variable "
            f"{VARIABLE}) to the folder whose subfolder '{path.parent.name}' holds them."
        )
    # O*NET quotes nothing: a quotation mark is part of a title
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
        missing = [c for c in columns if c not in (reader.fieldnames or ())]
        if missing:
            raise UserError(
                f"{path} has no column '{missing[0]}'; it has: {', '.join(reader.fieldnames or ['none'])}. "
                "Expected a text file of the O*NET database."
            )
        yield from reader


def _number(text: str, path: Path) -> int:
    if not text.isdecimal():
        raise UserError(f"{path}: expected a whole number, got '{text}'. Get the file again from O*NET.")
    return int(text)
