"""A tiny archive in the shape of O*NET's: three occupations, in files below a folder."""

import io
import zipfile
from collections.abc import Mapping

CODE = "O*NET-SOC Code"
TABLES = {
    "Occupation Data.txt": (
        (CODE, "Title", "Description"),
        ("35-1011.00", "Chefs and Head Cooks", "Direct."),
        ("35-2014.00", "Cooks, Restaurant", 'Prepare "dishes".'),
        ("51-3011.00", "Bakers", "Bake."),
    ),
    "Alternate Titles.txt": (
        (CODE, "Alternate Title", "Short Title", "Source(s)"),
        ("35-1011.00", "Chief Cook (CC)", "CC", "08"),
    ),
    "Related Occupations.txt": (
        (CODE, f"Related {CODE}", "Relatedness Tier", "Index"),
        ("35-2014.00", "35-1011.00", "Primary-Short", "1"),
    ),
    "Job Zones.txt": ((CODE, "Job Zone", "Date", "Domain Source"), ("51-3011.00", "2", "08/2023", "Analyst")),
}


def table(name: str) -> str:
    """The text of one of its tables."""
    return "".join("\t".join(row) + "\r\n" for row in TABLES[name])


def zipped(changes: Mapping[str, str | bytes | None] | None = None, below: str = "db_0_0_text/") -> bytes:
    """The archive, with other texts for some names; None: without that file."""
    texts = {name: table(name) for name in TABLES} | {"Read Me.txt": "Licence.\n"} | dict(changes or {})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            if text is not None:
                archive.writestr(f"{below}{name}", text)
    return packed.getvalue()
