"""The European classification of occupations (ESCO), read from its download as CSV.

Source: ESCO, European Commission, https://esco.ec.europa.eu/en/use-esco/download (classification, CSV, English). The
file `occupations_en.csv` has a row for each occupation: `conceptUri`, `iscoGroup` (the unit group of ISCO-08, four
digits), `preferredLabel`, `altLabels` (one a line) and, from release 1.1 on, `code`: the unit group's with a number for
each level below it, so that 3123.1.3 is a kind of 3123.1.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.occupations.data_dir import VARIABLE
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

NAME = "esco"
FILE = "occupations_en.csv"
COLUMNS = ("conceptUri", "iscoGroup", "preferredLabel", "altLabels")
NOTE = "Uses the ESCO classification of the European Commission. Related: those nearest in its tree."
MOST_RELATED = 20
"""Ours: as many as O*NET lists."""

# major groups of ISCO-08, by the first digit of a code
MAJOR_GROUPS = {
    "0": "Armed forces",
    "1": "Managers",
    "2": "Professionals",
    "3": "Technicians and associate professionals",
    "4": "Clerical support",
    "5": "Service and sales",
    "6": "Skilled agriculture, forestry and fishery",
    "7": "Craft and related trades",
    "8": "Plant and machine operators, and assemblers",
    "9": "Elementary occupations",
}


class Entry(NamedTuple):
    """An occupation as the file tells it. code: the URI where the release has no codes; group: of ISCO-08."""

    code: str
    uri: str
    group: str
    label: str
    names: tuple[str, ...]

    @property
    def place(self) -> tuple[int, ...]:
        """Where it stands in the tree: four digits of the group, then a number for each level below it."""
        below = self.code.split(".")[1:] if self.code != self.uri else []
        return (*map(int, self.group), *map(int, below))


def taxonomy(folder: Path) -> Taxonomy:
    """All occupations in order of code, with the URI and alternative labels as aliases.

    ESCO ranks no relatedness. Related to an occupation: others of its minor group of ISCO (three digits), first those
    that share most levels of the tree with it, at most `MOST_RELATED`; `group` is the major group of ISCO. Where two
    occupations have one label, the code stands behind it.

    Args:
        folder: holds `occupations_en.csv`.

    Raises:
        UserError: the file or a column is missing, or a row is malformed (names the line).
    """
    entries = sorted(read(folder / FILE), key=lambda e: (e.place, e.label))
    alike = Counter(e.label.lower() for e in entries)
    occupations = [
        Occupation(
            e.code,
            e.label if alike[e.label.lower()] == 1 else f"{e.label} ({e.code})",
            (e.uri, *e.names) if e.uri != e.code else e.names,
            group=MAJOR_GROUPS.get(e.group[0], ""),
        )
        for e in entries
    ]
    return Taxonomy(NAME, occupations, _related(entries), NOTE)


def read(path: Path) -> list[Entry]:
    """The rows of the file; one that comes twice is one, with the names of both.

    Raises:
        UserError: as in `taxonomy`.
    """
    entries: dict[str, Entry] = {}
    uris: dict[str, str] = {}
    for line, row in _rows(path):
        uri, group, label = row["conceptUri"].strip(), row["iscoGroup"].strip(), " ".join(row["preferredLabel"].split())
        code = row.get("code", "").strip() or uri
        wrong = not uri or not label or not (group.isascii() and group.isdecimal() and len(group) == 4)
        if wrong or not (code == uri or _is_code(code, group)):
            raise UserError(
                f"{path}, line {line}: expected a conceptUri, a preferredLabel, an iscoGroup of four digits and a code "
                f"below it such as {group or '2654'}.1; got '{uri}', '{label}', '{group}', '{code}'. "
                "Get the file again from ESCO: programs that take codes for numbers change them."
            )
        names = tuple(dict.fromkeys(name.strip() for name in row["altLabels"].splitlines() if name.strip()))
        other = entries.setdefault(code, Entry(code, uri, group, label, names))
        if (other.uri, other.label) != (uri, label) or uris.setdefault(uri, code) != code:
            raise UserError(
                f"{path}, line {line}: '{label}' has the code or conceptUri of '{entries[uris.get(uri, code)].label}' "
                f"({code}, {uri}). Get the file again from ESCO: programs that take codes for numbers change them."
            )
        entries[code] = other._replace(names=tuple(dict.fromkeys((*other.names, *names))))
    return list(entries.values())


def is_uri(name: str) -> bool:
    """Whether a code or alias is a concept's URI."""
    return name.startswith(("http://", "https://"))


def _is_code(code: str, group: str) -> bool:
    first, *below = code.split(".")
    return first == group and all(part.isascii() and part.isdecimal() for part in below)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by column name, each with the number of its last line."""
    if not path.is_file():
        raise UserError(
            f"ESCO needs the file {path}, which is missing. Get the classification as CSV in English from "
            "https://esco.ec.europa.eu/en/use-esco/download and put it into that folder, or set data_dir (or the "
            f"variable {VARIABLE}) to the folder whose subfolder '{path.parent.name}' holds it."
        )
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise UserError(
                    f"{path} has no column '{missing[0]}'; it has: {', '.join(reader.fieldnames or ['none'])}. "
                    "Expected the occupations of ESCO's classification as CSV."
                )
            yield from ((reader.line_num, row) for row in reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"could not read {path}: {error}. Get the file again from ESCO.") from error


def _related(entries: Iterable[Entry]) -> Mapping[str, list[str]]:
    """Nearest first; entries in order of code, which decides between those equally near."""
    minor: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        minor[entry.group[:3]].append(entry)
    related: dict[str, list[str]] = {}
    for near in minor.values():
        for entry in near:
            others = sorted((e for e in near if e is not entry), key=lambda e: -_shared(e.place, entry.place))
            related[entry.code] = [e.code for e in others[:MOST_RELATED]]
    return related


def _shared(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many levels of the tree, from its root on, two places share."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
