import csv
from collections import Counter

import pytest

from reasoning_occ.occupations import onet, onet_words
from reasoning_occ.occupations.onet_words import EVERYDAY, guess, singular
from reasoning_occ.occupations.snap import Snap, TitleReader
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

LEAST = 0.9

# what a person may write -> how the code begins that it should be taken for. By us, as are the everyday titles, which
# were chosen looking at titles like these: how good guesses are on titles never seen, this can't tell
COMMON = {
    "11-": "General manager, Hotel manager, Operations manager, HR manager, Assistant Principal",
    "13-": "Business analyst, Project manager (contract), Accountant, Senior accountant, Loan officer, Junior auditor",
    "15-": "Senior Software Engineer, Programmer, Data analyst, Sr. Web Developer, IT support, System administrator, "
    "Full-Stack Developer, Software Engineer @ Google, Software Engineering Intern, Security Analyst",
    "17-": "Civil engineer, Mechanical engineer, Electrical Engineer II",
    "21-": "Social worker, Guidance counselor",
    "23-": "Lawyer, Paralegal",
    "25-": "Elementary school teacher, Substitute teacher, Teaching assistant, Professor of History, Librarian, "
    "8th Grade Teacher, Lead Teacher",
    "27-": "Graphic designer, Journalist, Editor, Photographer, Owner/Photographer, Designer - Fashion",
    "29-": "Nurse, Staff nurse, Registered nurse, Pharmacist, Dentist, Doctor, Registered Nurse at St. Mary's, "
    "Charge Nurse - ICU",
    "31-": "Home health aide, Nursing assistant, Caregiver, Medical assistant",
    "33-": "Security guard (night shift), Police officer, Firefighter, Lifeguard",
    "35-": "Cook, Line cook, Sous chef, Waiter / Bartender, Server, Dishwasher, Barista at a café, Kitchen helper",
    "37-": "Cleaner, Janitor, Housekeeper, Gardener, Landscaper",
    "39-": "Hairdresser, Nanny, Personal trainer, Nail technician",
    "41-": "Sales associate, Sales representative, Cashier, Part-time cashier, Real estate agent, Account manager, "
    "Key Account Manager",
    "43-": "Bank teller, Customer service representative, Administrative assistant, Secretary, Receptionist",
    "47-": "Carpenter, Painter, Roofer, Construction worker, Plumber, Apprentice Electrician",
    "49-": "Car mechanic, Maintenance technician, Mechanic - Diesel",
    "51-": "Baker, Butcher, Welder, Machine operator, Assembler",
    "53-": "Truck driver, Delivery driver, Forklift operator, Packer, Warehouse worker, Bus driver, Pilot, "
    "Amazon Warehouse Associate",
}


@pytest.fixture(scope="module")
def real(data_dir) -> Taxonomy:
    return onet.taxonomy(data_dir / "onet")


def test_common_titles_are_taken_for_an_occupation_of_the_right_group(real):
    read = TitleReader(real, LEAST)
    meant = {title: (read(title).code or "", group) for group, titles in COMMON.items() for title in titles.split(", ")}
    assert len(meant) > 100
    assert {
        title: code and real.title(code) for title, (code, group) in meant.items() if not code.startswith(group)
    } == {}


def test_titles_of_others_mean_what_a_crosswalk_by_others_says(real, data_dir):
    """Labels of ESCO whose code in Nesta's crosswalk is still one of O*NET's: how many are read, in the crosswalk's own
    major group or not. docs/data-sets.md tells these figures."""
    read, found = TitleReader(real, LEAST), Counter()
    with open(data_dir / "esco" / "esco_onet_crosswalk_Nov2020.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["onet_code"] in real:
                how, code = read(row["esco_occupation"])
                found[how, code is not None and code[:2] == row["onet_code"][:2]] += 1
    told = {how: (found[how, True], found[how, True] + found[how, False]) for how in ("alias", "words", "nearest")}
    assert told == {"alias": (369, 401), "words": (252, 312), "nearest": (1, 2)} and found.total() == 1355


def test_everyday_titles_are_occupations_each_of_one(real):
    read = TitleReader(real, LEAST)
    for title, code in EVERYDAY.items():
        assert read(title).code == code and title == " ".join(title.lower().split()), title
    assert len(EVERYDAY) == sum(len(titles.split(", ")) for titles in onet_words._EVERYDAY.values())


def test_names_that_o_net_gives_stay_names(real):
    """Where a person's title is read otherwise than O*NET's list has it, the name is still found."""
    assert real.title(real.find("Account Executive")) == "Advertising and Promotions Managers"
    assert real.title(TitleReader(real, LEAST)("Account Executive").code).startswith(
        "Sales Representatives of Services"
    )
    assert Snap(real, LEAST)("Account Executive").how == "alias"


def test_a_title_means_the_same_where_only_some_occupations_are(real):
    some = real.only([code for code in real.codes if code not in ("15-1212.00", "11-2021.00")])
    assert real.title(TitleReader(real, LEAST)("Security Analyst").code) == "Information Security Analysts"
    how, code = TitleReader(some, LEAST)("Security Analyst")
    assert how == "words" and code == next(near for near in real.related("15-1212.00") if near in some)
    assert TitleReader(some, LEAST)("Marketing Managers").how == "words", "even its own title, where it is not there"


@pytest.mark.parametrize(
    "title", ["Sales and Marketing Supervisor", "Instructor, Falconry", "Supervisor - Electrical", "Host / Podcast"]
)
def test_a_part_that_says_little_is_not_taken_for_the_whole(title, real):
    found = TitleReader(real, LEAST)(title).code
    assert found not in {EVERYDAY[word] for word in ("sales", "instructor", "supervisor", "host")}, real.title(found)


def test_a_title_s_singular_is_nobody_else_s_name(real):
    assert real.title(real.find("customer service representative")) == "Customer Service Representatives"
    assert real.title(real.find("Teller")) == "Tellers"


@pytest.mark.parametrize(
    ("title", "one"),
    [
        ("Cashiers", "Cashier"),
        ("Chief Executives", "Chief Executive"),
        ("Human Resources Managers", "Human Resources Manager"),
        ("Judges' Secretaries", "Judges' Secretary"),
        ("Firemen", "Fireman"),
        ("Nurse Midwives", "Nurse Midwife"),
        ("Coaches", "Coach"),
        ("Waiters and Waitresses", None),
        ("Cooks, Restaurant", None),
        ("Mathematics", None),
        ("Poultry", None),
    ],
)
def test_one_person_of_a_title(title, one):
    assert singular(title) == one


def three(likely: dict[str, list[str]]) -> Taxonomy:
    cooks = Occupation("35-2014.00", "Restaurant Cooks", ("Cook", "Grill Man"))
    chefs = Occupation("35-1011.00", "Chefs", ("Cook", "Grill Man", "Chef"))
    waiters = Occupation("35-3031.00", "Waiters", ("Waiter",))
    return Taxonomy("onet", [cooks, chefs, waiters], {}, guess=guess, likely=likely)


def test_a_name_of_several_is_the_likeliest_of_them():
    both = three({"cook": ["35-2014.00", "35-1011.00"]})
    assert both.named("Cook") == ("35-2014.00", "35-1011.00") and both.guess("COOK") == "35-2014.00"
    assert both.guess("Grill man") is None, "which is likelier is open"
    assert TitleReader(both, LEAST)("Cook") == ("words", "35-2014.00")
    chefs = both.only(["35-1011.00", "35-3031.00"])
    assert TitleReader(chefs, LEAST)("Cook") == ("unmatched", None), "it means the cooks, who are not there"
    assert chefs.find("Cook") == "35-1011.00", "a model that names what is there is understood"


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Senior Chef", "35-1011.00"),
        ("Waiter (weekends)", "35-3031.00"),
        ("Dancer / Waiter", "35-3031.00"),
        ("Waiter at the Ritz", "35-3031.00"),
        ("Waiter II", "35-3031.00"),
        ("Lead Chef", "35-1011.00"),
        ("Chef, Head", "35-1011.00"),
        ("Famous Golden Waiter", None),
        ("Small Business Owner", None),  # an everyday title whose occupation is not there
        ("Dancer", None),
        ("", None),
        ("(", None),
        ("Senior", None),
    ],
)
def test_rank_hours_and_place_are_left_out(title, code):
    assert three({}).guess(title) == code


def test_sources_tell_which_is_likelier(tmp_path):
    code = "O*NET-SOC Code"
    tables = {
        "Occupation Data.txt": [(code, "Title"), ("1", "Cooks, A"), ("2", "Cooks, B"), ("3", "Cooks, C")],
        "Alternate Titles.txt": [
            (code, "Alternate Title", "Short Title", "Source(s)"),
            ("1", "Grill Cook", "n/a", "08"),
            ("2", "Grill Cook", "n/a", "02,08,10"),
            ("3", "Grill Cook", "n/a", "08"),
            ("1", "Fry Cook", "n/a", "08"),
            ("2", "Fry Cook", "n/a", "08"),
        ],
        "Related Occupations.txt": [(code, f"Related {code}", "Index")],
    }
    for name, lines in tables.items():
        (tmp_path / name).write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")
    taxonomy = onet.taxonomy(tmp_path)
    assert taxonomy.guess("grill cook") == "2" and taxonomy.guess("fry cook") is None
    assert taxonomy.only(["1", "3"]).guess("grill cook") is None, "what is left is equally likely"
