"""What a job title of today says in the words of the survey's code book: an occupation group and an industry.

The group is that of the title's head: in English the last word that
names an occupation ("office *manager*", "*director* of nursing"). The industry is that of a word that names one
("*hotel* manager"), else where most in that occupation work. Groups are those of the 1970 census, as in
the survey: teacher aides are clerical, practical nurses are service workers, cashiers are clerical.
"""

import re

# numbers are those of the code book (`nls.GROUPS`, `nls.SECTORS`)
# group -> industry unless another is named -> heads; of heads that end at the same word the longest counts
HEADS = {
    1: {
        1: "veterinarian",
        3: "surveyor",
        4: "engineer, chemist, technician, technologist, draftsman, drafter, editor, journalist, reporter, writer, "
        "author",
        5: "pilot, copilot",
        8: "site reliability engineer, freelancer, it support, technical support, support, programmer, developer, "
        "analyst, consultant, designer, specialist, generalist, recruiter, copywriter, data scientist, system "
        "administrator, systems administrator, network administrator, database administrator, tester, advisor, "
        "adviser, estimator, business partner, scrum master, webmaster, advertising, marketing, public relations",
        9: "photographer",
        10: "content creator, actor, actress, artist, athlete, dancer, musician, singer, producer, animator, "
        "illustrator",
        11: "youth worker, volunteer, nurse, rn, registered nurse, teacher, professor, lecturer, instructor, tutor, "
        "trainer, coach, educator, lawyer, attorney, paralegal, physician, doctor, surgeon, dentist, optometrist, "
        "pharmacist, therapist, psychologist, psychiatrist, counselor, counsellor, social worker, case worker, "
        "caseworker, case manager, librarian, scientist, researcher, research assistant, research associate, research "
        "fellow, postdoc, fellow, biologist, physicist, mathematician, architect, accountant, auditor, hygienist, "
        "dietitian, nutritionist, paramedic, midwife, radiographer, phlebotomist, curator, archivist, translator, "
        "interpreter, minister, pastor, priest, rabbi, imam, chaplain, nun, physician assistant, nurse practitioner, "
        "practitioner, medical technician, laboratory technician, lab technician, pharmacy technician, veterinary "
        "technician",
        12: "economist, statistician, examiner, investigator, judge, urban planner, planner",
    },
    2: {
        3: "superintendent, construction manager, project manager",
        6: "manager, owner, proprietor, buyer, supervisor, founder, entrepreneur, restaurateur, manageress",
        7: "officer, appraiser, actuary, controller, comptroller, treasurer, underwriter, banker",
        8: "board member, director, executive, president, vp, svp, evp, ceo, cfo, coo, cto, cio, cmo, partner, head, "
        "lead, leader, chief, executive officer, technology officer, operating officer, information officer",
        11: "administrator, principal, dean, provost, headteacher, headmaster, headmistress, school superintendent",
        12: "official, mayor, legislator, inspector general, postmaster",
    },
    3: {
        5: "travel agent",
        6: "sales, seller, salesperson, salesman, saleswoman, salesclerk, sales clerk, sales assistant, sales "
        "associate, sales worker, shop assistant, store assistant, store associate, retail, retail assistant, retail "
        "associate, representative, sales consultant, sales advisor, sales specialist, merchandiser, vendor, sales "
        "executive",
        7: "realtor, agent, broker, financial advisor, financial adviser, trader, stockbroker",
        8: "account executive, account manager, telemarketer, sales development representative, business development",
    },
    4: {
        4: "proofreader, production planner, expediter, shipping clerk",
        5: "dispatcher, courier, messenger, telephone operator, switchboard operator, reservations agent, ticket agent",
        6: "cashier, bookkeeper, stock clerk, checker",
        7: "clerk, teller, collector, claims adjuster, adjuster, payroll, loan processor, processor, biller, billing",
        8: "administrative assistant, executive assistant, personal assistant, virtual assistant, office assistant, "
        "data entry, keypunch operator, computer operator, customer service, customer service representative, "
        "customer support, call center agent, call centre agent, call center representative, call center operator, "
        "support agent, support representative, service representative, customer service agent, interviewer, customer "
        "service associate, customer service advisor, office worker",
        11: "secretary, receptionist, typist, assistant, associate, coordinator, scheduler, stenographer, "
        "transcriptionist, teacher aide, teacher's aide, teaching assistant, teacher assistant, teaching aide, "
        "library assistant, intern, trainee, registrar",
        12: "civil servant, mail carrier, letter carrier, postal carrier, postal worker, postman, court reporter",
    },
    5: {
        3: "apprentice, carpenter, electrician, framer, rigger, erector, plumber, pipefitter, painter, mason, "
        "bricklayer, roofer, tiler, plasterer, glazier, drywaller, ironworker, crane operator, equipment operator, "
        "hvac technician, builder, contractor",
        4: "machinist, toolmaker, fitter, engraver, millwright, foreman, forewoman, baker, cabinetmaker, printer, "
        "typesetter, bookbinder, metalworker, blacksmith, craftsman, craftswoman, artisan, brewer",
        5: "lineman, installer, locomotive engineer, conductor",
        6: "jeweler, jeweller, optician, tailor, window dresser, decorator, florist",
        8: "mechanic, repairer, repairman, service technician, automotive technician, maintenance technician, field "
        "technician, locksmith, maintenance, maintenance worker",
    },
    6: {
        4: "operator, operative, assembler, packer, packager, inspector, welder, solderer, sewer, seamstress, "
        "stitcher, production worker, production associate, maker, tender, setter, finisher, mixer, feeder, trimmer, "
        "polisher, filler, winder, sander, wrapper, stamper, driller, roller, sprayer, factory worker, grinder, "
        "molder, spinner, weaver, sorter, grader, quality control, fabricator, cutter, worker",
        6: "butcher, meat cutter, meatcutter, gas station attendant",
        9: "dressmaker, laundry worker, presser, launderer, dry cleaner, laundry attendant",
    },
    7: {
        6: "driver, forklift operator, forklift driver, trucker, deliveryman, delivery",
        9: "chauffeur, taxi driver, cab driver, uber driver",
        11: "bus driver, ambulance driver",
    },
    8: {
        1: "landscaper, logger, lumberjack, fisherman, fisher, forester",
        2: "miner, roughneck, roustabout",
        3: "laborer, labourer, hand, construction worker, helper, handyman",
        5: "mover, longshoreman, stevedore, porter, loader, baggage handler, package handler, handler",
        6: "stocker, warehouse worker, warehouse associate, warehouse operative, warehouseman, order picker, picker, "
        "shelf stacker, stock associate, warehouse",
        9: "gardener",
        11: "groundskeeper",
        12: "sanitation worker, garbage collector, refuse collector",
    },
    9: {
        1: "farmer, rancher, grower, farm manager",
    },
    10: {
        1: "farm worker, farmworker, farmhand, ranch hand, farm laborer, farm labourer, fruit picker, fieldworker",
    },
    11: {
        5: "flight attendant, steward, stewardess, cabin crew",
        6: "food worker, fast food worker, food service worker, restaurant worker, kitchen porter, waiter, waitress, "
        "waitperson, waitstaff, server, cook, chef, bartender, barman, barmaid, barista, busser, busboy, host, "
        "hostess, dishwasher, crew member, team member, kitchen worker, kitchen assistant, kitchen helper, washer, "
        "food preparation worker, caterer, counter attendant, crew",
        8: "cleaner, janitor, security guard, security officer, security, guard, window cleaner, exterminator",
        9: "nail technician, hairdresser, barber, cosmetologist, beautician, stylist, manicurist, esthetician, "
        "masseuse, tattooist, hotel maid, hotel housekeeper, room attendant, chambermaid, concierge, bellhop, "
        "undertaker",
        10: "usher, attendant, lifeguard, guide, tour guide, croupier, dealer, fitness instructor, personal trainer",
        11: "nursery worker, nursing assistant, nursing aide, nurse aide, nurse's aide, nurse assistant, cna, lpn, "
        "lvn, practical nurse, vocational nurse, health aide, home health aide, aide, orderly, caregiver, carer, care "
        "worker, care assistant, healthcare assistant, dental assistant, medical assistant, personal care assistant, "
        "support worker, caretaker, custodian, school custodian, childcare, child care, childcare worker, child care "
        "worker, childminder, daycare worker, doula, home care worker, playworker, nursery assistant",
        12: "police officer, policeman, policewoman, police, detective, sheriff, deputy, deputy sheriff, firefighter, "
        "fireman, correctional officer, corrections officer, prison officer, probation officer, crossing guard",
    },
    12: {
        12: "nanny, babysitter, housekeeper, maid, butler, au pair, domestic, domestic worker, servant, governess",
    },
    13: {
        12: "soldier, marine, sailor, sergeant, corporal, army, navy, airman, military",
    },
}

INDUSTRIES = {
    1: "farm, agriculture, agricultural, agronomy, dairy, livestock, forestry, veterinary, landscape",
    2: "mining, mine, oil, oilfield, petroleum, quarry",
    3: "construction, building, contracting",
    4: "factory, manufacturing, plant, production, textile, industrial, assembly, mill, automotive, chemical, "
    "pharmaceutical, electronics, process, mechanical, publishing, newspaper",
    5: "airline, airport, aviation, railroad, railway, rail, telephone, telecommunications, telecom, trucking, "
    "freight, transit, transportation, transport, utility, utilities, logistics, shipping, broadcast, television, "
    "radio",
    6: "store, retail, shop, grocery, supermarket, wholesale, restaurant, kitchen, food, cafe, bar, merchandise, "
    "merchandising, dealership, catering",
    7: "bank, banking, insurance, credit, loan, mortgage, estate, investment, financial, finance, trust, branch, "
    "property, claims, actuarial",
    8: "relations, advertising, marketing, software, computer, it, data, web, security, consulting, repair, garage, "
    "staffing, technology, digital, product, cleaning",
    9: "hotel, motel, salon, laundry, beauty, hair, spa, lodging, funeral",
    10: "theater, theatre, film, movie, music, sport, sports, casino, entertainment, recreation, museum, gym, "
    "fitness, golf",
    11: "nurse, school, university, college, hospital, medical, clinic, clinical, dental, nursing, legal, law, "
    "health, healthcare, patient, education, church, parish, library, preschool, kindergarten, nursery, child, "
    "laboratory, lab, student, academic, campus, surgical, ward, pharmacy",
    12: "government, federal, state, city, county, municipal, police, postal, post, army, military, court, tax, "
    "customs, prison, council, civil",
}

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
# what follows one of these tells more of the head before it
_END_OF_HEAD = re.compile("[,;:/|(\\[\N{EN DASH}\N{EM DASH}]" r"|\s-\s|\b(?:of|for|at|to|in|with|and|on|&)\b")
_LONGEST = max(
    len(head.split()) for industries in HEADS.values() for heads in industries.values() for head in heads.split(", ")
)
_BY_HEAD = {
    tuple(head.split()): (group, industry)
    for group, industries in HEADS.items()
    for industry, heads in industries.items()
    for head in heads.split(", ")
}
_BY_INDUSTRY = {word: industry for industry, words in INDUSTRIES.items() for word in words.split(", ")}


def read(title: str) -> tuple[int, tuple[int, ...]] | None:
    """The group that a job title names, and industries it may be in, most likely first; `None` where no word of it
    names an occupation.

    Args:
        title: as somebody wrote it, such as "Senior Waitress (part-time)".
    """
    plain = title.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    held = next((found for part in _END_OF_HEAD.split(plain) if (found := _head(_WORD.findall(part)))), None)
    if held is None:
        return None
    group, industry = held
    named = [_BY_INDUSTRY[word] for word in _WORD.findall(plain) if word in _BY_INDUSTRY]
    return group, (*named, industry)


def _head(words: list[str]) -> tuple[int, int] | None:
    """Group and industry of the last head among words, of those that end there the longest."""
    for end in range(len(words), 0, -1):
        for begin in range(max(0, end - _LONGEST), end):
            for last in _singulars(words[end - 1]):
                if found := _BY_HEAD.get((*words[begin : end - 1], last)):
                    return found
        if any(last.endswith("ologist") for last in _singulars(words[end - 1])):
            return _BY_HEAD["scientist",]
    return None


def _singulars(word: str) -> tuple[str, ...]:
    """A word, and what it may be the plural of."""
    if not word.endswith("s") or word.endswith("ss"):
        return (word,)
    of_y = (word[:-3] + "y",) if word.endswith("ies") else ()
    return (word, word[:-1], *((word[:-2],) if word.endswith("es") else ()), *of_y)
