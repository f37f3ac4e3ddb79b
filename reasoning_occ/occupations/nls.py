"""Labels of the National Longitudinal Survey of Young Women: occupation group x industry.

The documentation of the extract `nlswork` gives no value labels. Those used here are the ones published with its
sister extract `nlsw88`, in words of our own; the published wording is kept as an alias.
"""

from functools import lru_cache

from reasoning_occ.occupations import nls_words
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

NOTE = (
    "Labels are those published for the sister extract nlsw88 (nlswork has none of its own) and look odd for young "
    "women of 1968-88: 38% 'Sales', 15% 'Labourers'."
)

# number in the code book -> (our short name, published label); short, since every token of a title is paid for in
# each history that holds it and in each ranking
GROUPS = {
    1: ("Professional", "Professional/technical"),
    2: ("Managers", "Managers/admin"),
    3: ("Sales", "Sales"),
    4: ("Clerical", "Clerical/unskilled"),
    5: ("Craftsmen", "Craftsmen"),
    6: ("Operatives", "Operatives"),
    7: ("Transport", "Transport"),
    8: ("Labourers", "Laborers"),
    9: ("Farmers", "Farmers"),
    10: ("Farm labourers", "Farm laborers"),
    11: ("Service", "Service"),
    12: ("Household workers", "Household workers"),
    13: ("Other", "Other"),
}

SECTORS = {
    1: ("agriculture", "Ag/Forestry/Fisheries"),
    2: ("mining", "Mining"),
    3: ("construction", "Construction"),
    4: ("manufacturing", "Manufacturing"),
    5: ("transport", "Transport/Comm/Utility"),
    6: ("trade", "Wholesale/Retail Trade"),
    7: ("finance", "Finance/Ins/Real Estate"),
    8: ("business services", "Business/Repair Svc"),
    9: ("personal services", "Personal Services"),
    10: ("entertainment", "Entertainment/Rec Svc"),
    11: ("professional services", "Professional Services"),
    12: ("public administration", "Public Administration"),
}

# the 108 pairs that anyone in the survey ever held: group -> industries
HELD = {
    1: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    2: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    3: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    4: (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    5: (3, 4, 5, 6, 7, 8, 9, 11, 12),
    6: (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    7: (6, 7, 9, 11, 12),
    8: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    9: (1,),
    10: (1, 4, 6, 11),
    11: (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    12: (12,),
    13: (4, 6, 8, 9, 10, 11, 12),
}
HELD_PAIRS = tuple((group, sector) for group, sectors in HELD.items() for sector in sectors)


def code(group: int, sector: int) -> str:
    """The code of a pair of code book numbers: (3, 6) -> "03-06"."""
    return f"{group:02d}-{sector:02d}"


def taxonomy() -> Taxonomy:
    """The 108 labels that occur in the survey, in order of code.

    Related to a label: the same occupation group in other industries, then other groups in the same industry, each in
    order of code, so that nearness knows nothing of the data.
    """
    related = {
        code(g, s): [code(g, other) for h, other in HELD_PAIRS if h == g and other != s]
        + [code(other, s) for other, h in HELD_PAIRS if h == s and other != g]
        for g, s in HELD_PAIRS
    }
    return Taxonomy("nls", [_occupation(g, s) for g, s in HELD_PAIRS], related, NOTE, guess=guess)


@lru_cache(maxsize=10_000)
def guess(title: str, taxonomy: Taxonomy | None = None) -> str | None:
    """The code of the label that a job title of today may mean, or `None` where no word of it names an occupation."""
    found = nls_words.read(title)
    if found is None:
        return None
    group, sectors = found
    return next((code(group, sector) for sector in sectors if (group, sector) in HELD_PAIRS), None)


def _occupation(group: int, sector: int) -> Occupation:
    (group_name, group_label), (sector_name, sector_label) = GROUPS[group], SECTORS[sector]
    title, published = f"{group_name}, {sector_name}", f"{group_label}, {sector_label}"
    # labels that differ in case alone are found by the title
    aliases = (published,) if published.lower() != title.lower() else ()
    return Occupation(code(group, sector), title, aliases, group=group_name, sector=sector_name)
