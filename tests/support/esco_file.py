"""A small file in the layout of ESCO's download as CSV."""

from collections.abc import Iterable, Sequence
from csv import writer
from pathlib import Path

URI = "http://data.europa.eu/esco/occupation/"
# as released from 1.1 on; releases before end with the column description
COLUMNS = (
    "conceptType", "conceptUri", "iscoGroup", "preferredLabel", "altLabels", "hiddenLabels", "status", "modifiedDate",
    "regulatedProfessionNote", "scopeNote", "definition", "inScheme", "description", "code",
)  # fmt: skip


def written(folder: Path, rows: Iterable[tuple[str, ...]], columns: Sequence[str] = COLUMNS) -> Path:
    """Write occupations, each a URI's end, an ISCO group, a label, other names and a code; gives the folder."""
    with open(folder / "occupations_en.csv", "w", newline="", encoding="utf-8-sig") as file:
        out = writer(file)
        out.writerow(columns)
        for uri, group, label, names, code in rows:
            given = {"conceptUri": uri and URI + uri, "iscoGroup": group, "preferredLabel": label, "altLabels": names}
            values = {**given, "conceptType": "Occupation", "description": "Who, what\nand why.", "code": code}
            out.writerow([values.get(column, "") for column in columns])
    return folder
