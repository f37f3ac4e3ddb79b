"""From occupations of ESCO to O*NET titles, by a crosswalk.

The crosswalk is a CSV file with a row for each ESCO occupation: `concept_uri`, `esco_occupation` (its label),
`onet_code` and `onet_occupation`, as Nesta's of November 2020, MIT (https://github.com/nestauk/mapping-career-causeways).
That one leads to an older O*NET, whose codes are not all in a later release: an occupation is then found by the very
title, or not at all. It does not list all of ESCO either: a narrower occupation is carried over by the nearest broader
one that is listed (a choice of ours). What is broader, and ESCO's codes, are known where ESCO's own file is there.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from reasoning_occ.errors import UserError
from reasoning_occ.occupations import esco
from reasoning_occ.occupations.data_dir import VARIABLE, located
from reasoning_occ.occupations.taxonomy import Taxonomy

COLUMNS = ("concept_uri", "esco_occupation", "onet_code", "onet_occupation")

How = Literal["code", "title", "gone", "unlisted"]
"""The taxonomy has the crosswalk's code; its title under another code; neither. Or the crosswalk does not list it."""


class Carried(NamedTuple):
    """What became of an occupation. code: of O*NET, `None` where there is none; broader: by a broader occupation;
    told: the crosswalk's own code and title, or the occupation itself where it is not listed."""

    how: How
    code: str | None
    broader: bool
    told: str


class _Entry(NamedTuple):
    code: str
    title: str


class Crosswalk:
    """Carries occupations of ESCO, by URI, label, code or alternative label, over to O*NET.

    Args:
        listed: the crosswalk's O*NET code and title by URI and by label in lower case.
        classification: ESCO, where its file is there: it knows codes, alternative labels and what is broader.
    """

    def __init__(self, listed: dict[str, _Entry], classification: Taxonomy | None) -> None:
        self._listed = listed
        self._esco = classification

    @property
    def knows_codes(self) -> bool:
        """Whether ESCO's own file is there."""
        return self._esco is not None

    def carry(self, occupation: str, onet: Taxonomy) -> Carried:
        """An occupation as written, and what it is in O*NET."""
        entry, broader = self._listed.get(_plain(occupation)), False
        if entry is None and self._esco is not None:
            entry, broader = self._by_classification(occupation, self._esco)
        if entry is None:
            return Carried("unlisted", None, False, occupation)
        told = f"{entry.title} ({entry.code})"
        if entry.code in onet:
            return Carried("code", entry.code, broader, told)
        # by the title itself: an alias may be wider or narrower
        titles = (o.code for o in onet if o.title.lower() == entry.title.lower())
        code = next(titles, None)
        return Carried("gone" if code is None else "title", code, broader, told)

    def _by_classification(self, occupation: str, classification: Taxonomy) -> tuple[_Entry | None, bool]:
        codes = classification.named(occupation)
        if len(codes) != 1:
            return None, False
        (code,) = codes
        levels = [code] if esco.is_uri(code) else code.split(".")
        for n in range(len(levels), 0, -1):
            above = ".".join(levels[:n])
            if above not in classification:
                continue
            found = classification[above]
            uris = (name for name in (found.code, *found.aliases) if esco.is_uri(name))
            for name in (*uris, found.title):
                if (entry := self._listed.get(_plain(name))) is not None:
                    return entry, n < len(levels)
        return None, False


def files(crosswalk: str | None, data_dir: str | None, taxonomy: Taxonomy | None) -> list[Path] | None:
    """The files that `read` takes: the crosswalk and, where it is there, ESCO's own; `None` where nothing is carried.

    Args:
        crosswalk: the crosswalk as configured.
        data_dir: the folder of data sets, if configured.
        taxonomy: what is ranked.

    Raises:
        UserError: there is no such file, or the taxonomy is not O*NET.
    """
    # titles of the Census are themselves read from a crosswalk, and nothing is carried over
    if crosswalk is None or (taxonomy is not None and taxonomy.name == "census2002"):
        return None
    if taxonomy is None or taxonomy.name != "onet":
        raise UserError(
            f"data.crosswalk={crosswalk}: it leads from ESCO to O*NET; choose data.taxonomy=onet, or take it out."
        )
    path = located(crosswalk, data_dir)
    if not path.is_file():
        raise UserError(
            f"data.crosswalk: no file {path}. Set data_dir (or the variable {VARIABLE}) to the folder that holds it, "
            "or data.crosswalk to the file."
        )
    own = located(f"{esco.NAME}/{esco.FILE}", data_dir)
    return [path, own] if own.is_file() else [path]


def read(paths: Sequence[Path]) -> Crosswalk:
    """The crosswalk in the files that `files` names.

    Raises:
        UserError: a file can't be read, lacks a column or has a malformed row (names the line).
    """
    path, *own = paths
    listed: dict[str, _Entry] = {}
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise UserError(f"data.crosswalk: {path} has no column '{missing[0]}'; expected {', '.join(COLUMNS)}.")
            for row in reader:
                uri, label, code, title = (row[column].strip() for column in COLUMNS)
                entry = _Entry(code, title)
                others = [listed.setdefault(_plain(name), entry) for name in (uri, label)]
                if not (uri and label and code and title) or any(other != entry for other in others):
                    raise UserError(
                        f"data.crosswalk: {path}, line {reader.line_num}: expected a new concept_uri and "
                        f"esco_occupation, with an onet_code and onet_occupation; got '{uri}', '{label}', '{code}', "
                        f"'{title}'. Mend the row."
                    )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"data.crosswalk: could not read {path}: {error}.") from error
    return Crosswalk(listed, esco.taxonomy(own[0].parent) if own else None)


def _plain(name: str) -> str:
    return " ".join(name.lower().split())
