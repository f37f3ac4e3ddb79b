"""Job titles of today in the words of the survey's code book."""

import csv
from collections import Counter

import pytest

from reasoning_occ.occupations import nls, nls_words
from reasoning_occ.occupations.snap import Snap, TitleReader

TODAY = {
    "Office Manager": "Managers, trade",
    "Hotel Manager": "Managers, personal services",
    "Director of Nursing": "Managers, professional services",
    "VP, Engineering": "Managers, business services",
    "Chief Technology Officer": "Managers, business services",
    "Owner & Founder": "Managers, trade",
    "Registered Nurse": "Professional, professional services",
    "Elementary school teachers": "Professional, professional services",
    "Software Engineer": "Professional, business services",
    "Civil Engineer": "Professional, public administration",
    "Senior Data Scientist II": "Professional, business services",
    "Marine biologist (part-time)": "Professional, professional services",
    "Retail Sales Associate": "Sales, trade",
    "Insurance agents": "Sales, finance",
    "Bank Teller": "Clerical, finance",
    "Cashier": "Clerical, trade",
    "Secretaries": "Clerical, professional services",
    "Teacher's aide": "Clerical, professional services",
    "Manager's assistant": "Clerical, professional services",
    "Teacher\N{RIGHT SINGLE QUOTATION MARK}s Aide": "Clerical, professional services",
    "Nurse Manager": "Managers, professional services",
    "Public Relations Manager": "Managers, business services",
    "Public School Teacher": "Professional, professional services",
    "Site Reliability Engineer": "Professional, business services",
    "IT Support": "Professional, business services",
    "Civil Servant": "Clerical, public administration",
    "Fast Food Worker": "Service, trade",
    "Nail Technician": "Service, personal services",
    "Electrician": "Craftsmen, construction",
    "Car mechanic": "Craftsmen, business services",
    "Machine Operator": "Operatives, manufacturing",
    "Truck Driver": "Transport, trade",
    "Electrician's Helper": "Labourers, construction",
    "Farmer": "Farmers, agriculture",
    "Farm Worker": "Farm labourers, agriculture",
    "Waitresses": "Service, trade",
    "Barista / Shift Lead": "Service, trade",
    "Police officer": "Service, public administration",
    "Certified Nursing Assistant": "Service, professional services",
    "Nanny": "Household workers, public administration",
    "Army Sergeant": "Other, public administration",
}


@pytest.mark.parametrize(("title", "label"), TODAY.items())
def test_the_head_tells_the_group_and_other_words_the_industry(title, label):
    taxonomy = nls.taxonomy()
    assert TitleReader(taxonomy, 0.8)(title) == ("words", taxonomy.find(label))
    # the answer of a model, which has to name a label, is not helped
    assert Snap(taxonomy, 0.8)(title) == ("unmatched", None)


@pytest.mark.parametrize("title", ["", "Astronaut", "PhD student", "Owl of the", "3rd (5)", "— / —"])
def test_words_that_name_no_occupation_guess_nothing(title):
    assert nls.guess(title) is None


def test_the_survey_s_own_words_need_no_guess():
    taxonomy = nls.taxonomy()
    read = TitleReader(taxonomy, 0.8)
    assert {read(occupation.title).how for occupation in taxonomy} == {"exact"}
    assert read("Farmer, agriculture").how == "nearest"  # likeness first


def test_every_word_stands_once_and_under_a_label_that_somebody_held():
    heads = [
        (head, (group, industry))
        for group, industries in nls_words.HEADS.items()
        for industry, words in industries.items()
        for head in words.split(", ")
    ]
    industries = [word for words in nls_words.INDUSTRIES.values() for word in words.split(", ")]
    for words in ([head for head, _ in heads], industries):
        assert [word for word, times in Counter(words).items() if times > 1] == []
    assert {label for _, label in heads} <= set(nls.HELD_PAIRS)


def test_only_what_a_smaller_taxonomy_has_is_guessed():
    one = nls.taxonomy().only(["11-06"])
    assert one.guess("waitress") == "11-06" and one.guess("nurse") is None


# a major group of the Standard Occupational Classification 2018 -> groups of the 1970 census that it may be in
ALLOWED = {
    11: {2}, 13: {1, 2}, 15: {1}, 17: {1}, 19: {1}, 21: {1}, 23: {1, 4}, 25: {1, 4}, 27: {1}, 29: {1, 11}, 31: {11},
    33: {2, 11}, 35: {2, 11}, 37: {2, 8, 11}, 39: {2, 10, 11, 12}, 41: {2, 3, 4}, 43: {2, 4}, 45: {8, 9, 10},
    47: {2, 5, 6, 8}, 49: {2, 5}, 51: {2, 5, 6}, 53: {2, 4, 5, 6, 7, 8}, 55: {13},
}  # fmt: skip


def test_most_titles_of_onet_are_guessed_and_mostly_in_a_group_that_fits(data_dir):
    with (data_dir / "onet" / "Occupation Data.txt").open(encoding="utf-8") as file:
        rows = [
            (int(row["O*NET-SOC Code"][:2]), nls.guess(row["Title"])) for row in csv.DictReader(file, delimiter="\t")
        ]
    guessed = [int(found[:2]) in ALLOWED[major] for major, found in rows if found is not None]
    assert len(rows) > 1000
    assert len(guessed) / len(rows) > 0.9 and sum(guessed) / len(guessed) > 0.8
