"""What a job title of today means among O*NET's, where it is no title and no alternate title of one occupation alone.

O*NET's own titles are plural and seldom what people call their job. Its alternate titles are, but one in seven belongs
to several occupations; which of them is likeliest is told by how many of O*NET's sources list it.
"""

import re
from collections.abc import Iterator

from reasoning_occ.occupations.taxonomy import Taxonomy

# ours: what O*NET leaves open, has for something odd, or does not list; code -> titles. A person's title is read so
# whatever O*NET says; in `Taxonomy.find` O*NET's own names stay what they are
_EVERYDAY = {
    "11-1011.00": "chief executive officer, president, vice president, executive director, managing director, chief "
    "operating officer, coo, cto, chief technology officer, chairman, ceo and founder",
    "11-1021.00": "manager, general manager, owner, business owner, co-owner, founder, co-founder, entrepreneur, "
    "director, assistant manager, branch manager, area manager, regional manager, department manager, proprietor, "
    "manageress, restaurant owner, shop owner, small business owner, salon owner, store owner, partner, director of "
    "operations, head of operations",
    "11-2021.00": "marketing manager, marketing director, cmo, chief marketing officer, product manager, product "
    "owner, brand manager, head of marketing, head of product, digital marketing manager",
    "11-2022.00": "head of sales, business development manager, vp of sales",
    "11-3021.00": "it manager, it director, chief information officer",
    "11-3031.00": "cfo, chief financial officer, finance manager",
    "11-3051.00": "production manager, manufacturing manager, plant manager, factory manager",
    "11-3071.00": "logistics manager, warehouse manager, supply chain manager",
    "11-9013.00": "farmer, rancher",
    "11-9021.00": "construction manager, site manager",
    "11-9032.00": "assistant principal, vice principal, deputy head teacher, head teacher, headteacher",
    "11-9041.00": "engineering manager, vp of engineering, director of engineering, head of engineering",
    "11-9111.00": "nursing supervisor, director of nursing, nurse manager, nursing director",
    "11-9151.00": "program director, programme director",
    "13-1023.00": "purchasing agent, buyer",
    "13-1071.00": "hr coordinator, hr generalist, human resources coordinator, hr specialist",
    "13-1082.00": "project manager, project coordinator, programme manager, program manager, scrum master",
    "13-1111.00": "consultant, business consultant, management consultant, associate consultant, senior associate",
    "13-1121.00": "event planner, event coordinator",
    "13-1161.00": "marketing coordinator, marketing assistant, marketing specialist, marketing executive, marketing "
    "associate, marketing analyst, digital marketing specialist, social media manager",
    "13-2051.00": "analyst, financial analyst",
    "15-1211.00": "systems analyst, system analyst",
    "15-1212.00": "security analyst, cyber security analyst, cybersecurity analyst",
    "15-1232.00": "it support, technical support, it support specialist, it technician, help desk, helpdesk, support "
    "engineer, it specialist, technical support engineer, help desk technician, desktop support, desktop support "
    "technician, service desk analyst",
    "15-1241.00": "network engineer, cloud engineer",
    "15-1244.00": "system administrator, systems administrator, sysadmin, network administrator, it administrator",
    "15-1252.00": "software engineer, developer, full stack developer, backend developer, back end developer, mobile "
    "developer, frontend developer, front end developer, software architect, site reliability engineer, full stack "
    "engineer, fullstack developer, fullstack engineer, frontend engineer, backend engineer, front end engineer, back "
    "end engineer, game developer, sde, swe, software developer engineer, staff engineer, software engineering, "
    "mobile engineer, ios developer, android developer, tech lead, technical lead",
    "15-1253.00": "qa tester, software tester, qa engineer, qa analyst, test engineer, test analyst",
    "15-1255.00": "ux designer, ui designer, ux/ui designer, product designer",
    "15-2051.00": "data engineer, machine learning engineer, ml engineer",
    "15-2051.01": "data analyst, bi analyst",
    "17-2051.00": "site engineer, project engineer",
    "17-2112.00": "quality engineer, process engineer",
    "17-2199.00": "engineer",
    "19-1099.00": "scientist, researcher, research scientist, research fellow, postdoctoral researcher, postdoctoral "
    "fellow, postdoc, principal investigator",
    "19-3033.00": "psychologist",
    "19-3051.00": "urban planner",
    "19-4061.00": "research assistant, research associate",
    "21-1011.00": "substance abuse counselor, addiction counselor",
    "21-1014.00": "counselor, counsellor",
    "21-1021.00": "social worker",
    "21-1092.00": "probation officer",
    "21-1093.00": "case worker, caseworker, youth worker, support worker, case manager",
    "23-2011.00": "law clerk, legal assistant",
    "25-1194.00": "vocational instructor",
    "25-1199.00": "professor, assistant professor, associate professor, lecturer, college professor, adjunct "
    "professor, adjunct instructor, instructor",
    "25-2011.00": "preschool teacher",
    "25-2012.00": "kindergarten teacher",
    "25-2021.00": "primary school teacher, primary teacher",
    "25-2022.00": "middle school teacher",
    "25-2031.00": "teacher, school teacher, high school teacher, english teacher, math teacher, maths teacher, "
    "science teacher, history teacher, secondary school teacher, secondary teacher",
    "25-2058.00": "special education teacher",
    "25-3011.00": "esl teacher",
    "25-9042.00": "teacher assistant, teaching assistant, teacher aide, teacher's aide, teaching aide, "
    "paraprofessional, classroom assistant, assistant teacher",
    "27-1024.00": "designer",
    "27-2042.00": "singer",
    "27-3023.00": "reporter",
    "27-3031.00": "communications specialist, communications manager, pr manager",
    "27-3043.00": "writer, author, content writer, copywriter, freelance writer, content creator",
    "29-1141.00": "charge nurse, head nurse, travel nurse, operating room nurse, icu nurse, er nurse, ward nurse, "
    "staff nurse",
    "29-1216.00": "doctor, physician, medical doctor",
    "29-1249.00": "surgeon",
    "29-2012.00": "lab technician, laboratory technician, medical technician",
    "29-2034.00": "radiologic technologist, x-ray technician, radiographer, x ray technician",
    "29-2043.00": "paramedic",
    "29-9099.01": "midwife",
    "31-1122.00": "care assistant, carer, care worker",
    "31-1131.00": "healthcare assistant, health care assistant",
    "31-9097.00": "phlebotomist",
    "33-3012.00": "correctional officer, prison officer, correction officer",
    "33-3021.00": "detective",
    "33-3051.00": "military police",
    "35-1011.00": "executive chef",
    "35-1012.00": "restaurant manager, shift lead",
    "35-2014.00": "cook",
    "35-2021.00": "prep cook",
    "35-3023.00": "crew member, team member, fast food worker",
    "35-9031.00": "host, hostess",
    "39-5092.00": "nail technician, nail tech",
    "41-1011.00": "shift supervisor, shift leader, shift manager, store supervisor, supervisor, team leader, team "
    "lead, assistant store manager, shop manager, retail manager, retail supervisor",
    "41-2031.00": "sales, sales assistant, shop assistant, retail assistant, retail worker, store associate, retail "
    "associate, shop worker, store clerk, sales consultant, sales advisor, retail sales, sales specialist",
    "41-3031.00": "personal banker",
    "41-3091.00": "account manager, account executive, sales executive, business development representative, sales "
    "development representative",
    "41-4012.00": "sales rep, sales representative, inside sales representative, outside sales representative",
    "43-1011.00": "office supervisor",
    "43-3031.00": "accounting assistant, accounts assistant, accounts payable clerk",
    "43-4051.00": "customer support, customer service, customer service agent, customer service associate, customer "
    "support representative, customer service specialist, customer support specialist, call center agent, call centre "
    "agent, call center operator, call center representative, customer service rep",
    "43-6011.00": "personal assistant, virtual assistant",
    "43-6014.00": "administrative assistant, office administrator, admin assistant, administrator, admin, "
    "administrative officer, assistant, program coordinator",
    "43-9061.00": "office worker, administrative clerk",
    "47-2073.00": "heavy equipment operator, equipment operator",
    "47-2111.00": "apprentice electrician",
    "49-3023.00": "mechanic, auto mechanic, car mechanic",
    "49-9021.00": "hvac technician, hvac tech",
    "49-9071.00": "maintenance technician, maintenance worker, handyman, maintenance man, maintenance",
    "49-9099.00": "field service technician, field service engineer, service technician",
    "51-2092.00": "assembler, assembly worker, assembly line worker",
    "51-4041.00": "cnc machinist",
    "51-9061.00": "quality control inspector, quality inspector, qc inspector",
    "51-9161.00": "cnc operator, cnc machine operator",
    "51-9199.00": "factory worker, production worker, machine operator, operator, manufacturing worker",
    "53-1043.00": "warehouse supervisor",
    "53-2031.00": "cabin crew, air hostess",
    "53-3032.00": "hgv driver, lorry driver, owner operator, owner-operator",
    "53-3052.00": "bus driver",
    "53-3054.00": "uber driver, cab driver",
    "53-4011.00": "train driver",
    "53-7062.00": "laborer, general laborer, labourer, stock clerk, mover",
    "53-7065.00": "stocker, shelf stacker, stock associate, warehouse associate, warehouse operative, order picker, "
    "picker packer, warehouse clerk, picker",
}
EVERYDAY = {title: code for code, titles in _EVERYDAY.items() for title in titles.split(", ")}
"""Titles, in lower case, with the code that each is taken for."""
_ASIDE = re.compile(r"\(.*?\)|\[.*?\]|@.*|\bat\b.*")
_RANK = re.compile(
    r"\b(senior|snr|sr|junior|jnr|jr|staff|lead|head|entry[ -]level|part[ -]time|full[ -]time|temporary|temp|seasonal|"
    r"freelance|self[ -]employed|trainee|apprentice|intern|internship|certified|experienced|interim|night|level|"
    r"i{1,3}|iv|\d+(?:st|nd|rd|th)?( grade)?)\b\.?"
)
_ONE_OR_THE_OTHER = re.compile(r"\s*[/|;]\s*")
_NARROWER = re.compile(r"\s*[,:–—]\s*|\s+-\s+|\s+of\s+")  # noqa: RUF001 (dashes)


def guess(title: str, taxonomy: Taxonomy) -> str | None:
    """The code of what a title may mean, or `None` where that is open.

    Tried in turn: the title, without an aside or employer; without what tells a rank or hours ("Senior", "II",
    "part-time"); what is narrower put first ("Manager, Sales", "Professor of History"); jobs held at once, each
    ("Waiter / Bartender"); its last words, two or more ("Amazon warehouse associate"), where they are an everyday title
    or one occupation's name.

    Args:
        title: as a person wrote it.
        taxonomy: O*NET's.
    """
    plain = _plain(_ASIDE.sub(" ", title.lower()))
    for words in _readings(plain):
        if codes := taxonomy.likely(words):
            return codes[0]
        if taxonomy.named(words):
            return None  # a name of several, and which is open
    sure = (words for words in _endings(plain) if words in EVERYDAY or len(taxonomy.named(words)) == 1)
    return next((codes[0] for words in sure if (codes := taxonomy.likely(words))), None)


def _readings(title: str) -> Iterator[str]:
    yield from _spellings(title)
    if len(two := _NARROWER.split(title)) == 2:
        yield from _spellings(" ".join(reversed(two)))
    if len(several := _ONE_OR_THE_OTHER.split(title)) > 1:
        yield from (words for one in several for words in _spellings(one) if words not in EVERYDAY)


def _endings(title: str) -> Iterator[str]:
    """The last words, two or more, the longest first; what is narrower put first."""
    words = _plain(_RANK.sub(" ", " ".join(reversed(_NARROWER.split(title))))).split(" ")
    yield from (" ".join(words[n:]) for n in range(1, len(words) - 1))


def _spellings(title: str) -> Iterator[str]:
    bare = _plain(_RANK.sub(" ", title))
    for words in dict.fromkeys((title, bare, *(bare.replace("-", to) for to in (" ", "")))):
        if words:
            yield words


def _plain(text: str) -> str:
    return " ".join(text.split())


def singular(title: str) -> str | None:
    """What one person of a title is called ("Cashiers": "Cashier"); `None` where that is not simply told."""
    *before, last = title.split(" ")
    if re.search(r"[,/]|\b(and|or)\b", title):
        return None
    if last.endswith("ies"):
        last = f"{last[:-3]}y"
    elif last.endswith("wives"):
        last = f"{last[:-5]}wife"
    elif last.endswith("men"):
        last = f"{last[:-3]}man"
    elif last.endswith(("sses", "ches", "shes", "xes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "ics")):
        last = last[:-1]
    else:
        return None
    return " ".join((*before, last))
