"""What a job title of today means among O*NET's, where it is no title and no alternate title of one occupation alone.

O*NET's own titles are plural and seldom what people call their job. Its alternate titles are, but one in seven belongs
to several occupations; which of them is likeliest is told by how many of O*NET's sources list it.
"""

import re
from collections.abc import Iterator

from reasoning_occ.occupations.taxonomy import Taxonomy

# ours: what O*NET leaves open, has for something odd, or does not list; code -> titles
_EVERYDAY = {
    "11-1011.00": "chief executive officer, president, vice president, executive director, managing director, chief "
    "operating officer, coo, cto, chief technology officer",
    "11-1021.00": "manager, general manager, owner, business owner, co-owner, founder, co-founder, entrepreneur, "
    "director, assistant manager, branch manager, area manager, regional manager, department manager, proprietor, "
    "manageress",
    "11-3021.00": "it manager, it director, chief information officer, engineering manager",
    "11-3031.00": "cfo, chief financial officer, finance manager",
    "11-9013.00": "farmer, rancher",
    "13-1082.00": "project manager, project coordinator, programme manager, program manager, scrum master",
    "13-1111.00": "consultant, business consultant, management consultant",
    "13-1161.00": "marketing coordinator, marketing assistant, marketing specialist, marketing executive, marketing "
    "associate, marketing analyst, digital marketing specialist, social media manager",
    "13-2051.00": "analyst, financial analyst",
    "15-1211.00": "systems analyst, system analyst",
    "15-1232.00": "it support, technical support, it support specialist, it technician, help desk, helpdesk, support "
    "engineer, it specialist, technical support engineer",
    "15-1241.00": "network engineer",
    "15-1244.00": "system administrator, systems administrator, sysadmin, network administrator, it administrator",
    "15-1252.00": "software engineer, developer, full stack developer, backend developer, back end developer, mobile "
    "developer, frontend developer, front end developer, software architect, site reliability engineer",
    "15-1255.00": "ux designer, ui designer, ux/ui designer, product designer",
    "15-2051.00": "data engineer, machine learning engineer, ml engineer",
    "15-2051.01": "data analyst, bi analyst",
    "17-2199.00": "engineer",
    "19-3033.00": "psychologist",
    "19-4061.00": "research assistant, research associate",
    "21-1014.00": "counselor, counsellor",
    "21-1021.00": "social worker",
    "21-1093.00": "case worker, caseworker, youth worker, support worker",
    "25-1199.00": "professor, assistant professor, associate professor, lecturer, college professor, adjunct "
    "professor, adjunct instructor, instructor",
    "25-2031.00": "teacher, school teacher, high school teacher",
    "25-9042.00": "teacher assistant, teaching assistant, teacher aide, teacher's aide, teaching aide, "
    "paraprofessional, classroom assistant",
    "27-1024.00": "designer",
    "27-3043.00": "writer",
    "29-1216.00": "doctor, physician, medical doctor",
    "29-2012.00": "lab technician, laboratory technician, medical technician",
    "35-2014.00": "cook",
    "35-3023.00": "crew member, team member, fast food worker",
    "35-9031.00": "host, hostess",
    "39-5092.00": "nail technician, nail tech",
    "41-1011.00": "shift supervisor, shift leader, shift manager, store supervisor, supervisor, team leader, team lead",
    "41-2031.00": "sales, sales assistant, shop assistant, retail assistant, retail worker, store associate, retail "
    "associate, shop worker, store clerk, sales consultant, sales advisor",
    "41-3091.00": "account manager, account executive, sales executive, business development representative, sales "
    "development representative",
    "43-1011.00": "office supervisor",
    "43-4051.00": "customer support, customer service, customer service agent, customer service associate, customer "
    "support representative, customer service specialist, customer support specialist, call center agent, call centre "
    "agent, call center operator, call center representative, customer service rep",
    "43-6014.00": "administrative assistant, office administrator, admin assistant, administrator, admin, "
    "administrative officer, assistant",
    "43-9061.00": "office worker, administrative clerk",
    "49-3023.00": "mechanic, auto mechanic, car mechanic",
    "51-2092.00": "assembler, assembly worker, assembly line worker",
    "51-9199.00": "factory worker, production worker, machine operator, operator, manufacturing worker",
    "53-3052.00": "bus driver",
    "53-7062.00": "laborer, general laborer, labourer, stock clerk, mover",
    "53-7065.00": "stocker, shelf stacker, stock associate, warehouse associate, warehouse operative",
}
EVERYDAY = {title: code for code, titles in _EVERYDAY.items() for title in titles.split(", ")}
"""Titles, in lower case, with the code that each is taken for."""
_RANK = re.compile(
    r"\b(senior|snr|sr|junior|jnr|jr|principal|staff|entry[ -]level|part[ -]time|full[ -]time|temporary|temp|seasonal|"
    r"freelance|self[ -]employed|trainee|certified|experienced|interim|acting|deputy|night|level|i{1,3}|iv|\d+)\b\.?",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"\(.*?\)|\[.*?\]")
_PARTS = re.compile(r"\s*[/,|;&:–—]\s*|\s+-\s+|\s+(?:at|for|with|and)\s+", re.IGNORECASE)  # noqa: RUF001 (dashes)


def guess(title: str, taxonomy: Taxonomy) -> str | None:
    """The code of what a title may mean, or `None` where that is open.

    Tried in turn: the title; without what tells a rank or hours ("Senior", "II", "part-time"); its parts ("Waiter /
    Bartender"). The first that is a name of one occupation, or of several with a likeliest one, counts.

    Args:
        title: as a person wrote it.
        taxonomy: O*NET's, or a part of it.
    """
    found = (taxonomy.likely(words) for words in _readings(title))
    return next((codes[0] for codes in found if codes), None)


def _readings(title: str) -> Iterator[str]:
    whole = _plain(_ASIDE.sub(" ", title))
    yield whole
    parts = _PARTS.split(whole)
    for one in (whole, *(parts if len(parts) > 1 else ())):
        if one != whole:
            yield one
        if (bare := _plain(_RANK.sub(" ", one))) not in ("", one):
            yield bare


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def singular(title: str) -> str | None:
    """What one person of a title is called ("Cashiers": "Cashier"); `None` where that is not simply told."""
    *before, last = title.split(" ")
    if re.search(r"[,/]|\b(and|or)\b", title):
        return None
    if last.endswith("ies"):
        last = f"{last[:-3]}y"
    elif last.endswith("men"):
        last = f"{last[:-3]}man"
    elif last.endswith(("sses", "ches", "shes", "xes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "ics")):
        last = last[:-1]
    else:
        return None
    return " ".join((*before, last))
