"""Extracts of NLS Investigator: a small one written here, and the real table written as one."""

import csv
from pathlib import Path

import pytest

from reasoning_occ.careers import nlsy97 as reader
from reasoning_occ.careers.nlsy97 import NLSY97
from reasoning_occ.careers.source import Loaded
from reasoning_occ.errors import UserError
from reasoning_occ.occupations import census2002, onet
from reasoning_occ.occupations.census2002 import QUALITIES
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

TAXONOMY = Taxonomy("onet", [Occupation("b", "Bakers"), Occupation("c", "Cooks")], {})
OCCUPATION = "YEMP_OCCODE-2002.01_"


@pytest.fixture
def crosswalk(tmp_path) -> Path:
    path = tmp_path / "crosswalk.csv"
    path.write_text(
        "census_code,census_title,onet_soc,quality\n0010,Bread makers,b,exact\n4020,Cooks,c,representative\n"
        "4021,Cooks,c,representative\n9990,Not reported,,none\n"
    )
    return path


@pytest.fixture
def load(tmp_path, crosswalk):
    def loaded(*people: dict[str, str], taxonomy: Taxonomy = TAXONOMY) -> Loaded:
        path = tmp_path / "extract.csv"
        with open(path, "w", newline="") as file:
            columns = list(dict.fromkeys(column for values in people for column in values))
            writer = csv.DictWriter(file, columns, restval="-5")
            writer.writeheader()
            writer.writerows(people)
        return extract(path, crosswalk, taxonomy).load()

    return loaded


def extract(path: Path, crosswalk: Path, taxonomy: Taxonomy) -> NLSY97:
    return NLSY97(str(path), str(crosswalk), None, "all", list(QUALITIES), False, taxonomy)


def person(codes: dict[int, str], **more: str) -> dict[str, str]:
    return {"PUBID_1997": "7"} | {f"{OCCUPATION}{year}": code for year, code in codes.items()} | more


def test_codes_become_jobs_by_year_whatever_the_order_of_columns(load):
    found = load(person({2001: "4020", 1999: "10", 2000: "10", 2003: "10"}))
    (career,) = found.careers
    assert career.person.id == "7"
    jobs = [(j.occupation, j.start.year, j.end and j.end.year) for j in career.jobs]
    assert jobs == [("b", 1999, 2000), ("c", 2001, 2001), ("b", 2003, 2003)]


def test_missing_values_are_years_without_a_job_or_gaps(load):
    # no job, not interviewed, refused, not reported, a code that the crosswalk lacks
    found = load(person({1997: "-4", 1998: "-5", 1999: "10", 2000: "-1", 2001: "9990", 2002: "1234", 2003: "4020"}))
    assert [j.start.year for j in found.careers[0].jobs] == [1999, 2003]
    assert (found.skipped[reader.NO_TITLE], found.skipped[reader.UNKNOWN_CODE]) == (3, 1)


def test_what_else_an_extract_may_hold(load):
    more = {
        "KEY_SEX_1997": "2", "KEY_RACE_ETHNICITY_1997": "4", "CV_CENSUS_REGION_1999": "3", "YEMP_UID.01_1999": "9901",
        "YEMP_UID.01_2001": "9901", "CV_HRLY_PAY.01_1999": "750", "CV_HRLY_PAY.01_2001": "1000",
        "CV_HRS_PER_WEEK.01_1999": "34", "CV_HRS_PER_WEEK.01_2001": "35",
        # months: the last of 1999 and the first of 2005; -4: none
        "CVC_HS_DIPLOMA_XRND": "240", "CVC_BA_DEGREE_XRND": "301", "CVC_MA_DEGREE_XRND": "-4",
    }  # fmt: skip
    (career,) = load(person({1999: "10", 2001: "4020"}, **more)).careers
    first, second = (job.facts for job in career.jobs)
    assert (first.wage, first.full_time, first.region, first.pay, first.tenure_years) == (7.5, False, "South", None, 0)
    assert (second.wage, second.full_time, second.region, second.pay, second.tenure_years) == (10, True, None, "up", 2)
    assert [(e.date.year, e.school_years) for e in career.education] == [(1999, 12), (2005, 16)]
    assert career.person.slices == {"gender": "Women", "race": "Non-Black, non-Hispanic", "region": "South"}


def test_titles_of_the_census_in_place_of_those_of_onet(load, crosswalk):
    taxonomy = census2002.taxonomy(crosswalk)
    (career,) = load(person({1999: "10", 2000: "4021", 2001: "4020"}), taxonomy=taxonomy).careers
    # 4021 has the title of 4020
    assert [(j.occupation, taxonomy.title(j.occupation)) for j in career.jobs] == [
        ("0010", "Bread makers"),
        ("4020", "Cooks"),
    ]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({f"{OCCUPATION}2001": "x"}, r"YEMP_OCCODE-2002\.01_2001 'x' is no whole number"),
        ({"PUBID_1997": ""}, "PUBID_1997 '' is no number"),
        ({"KEY_SEX_1997": "F"}, "KEY_SEX_1997 'F' is no whole number"),
    ],
)
def test_a_malformed_row_is_told_with_its_line(load, changed, told):
    with pytest.raises(UserError, match=rf"extract\.csv, line 2: .*{told}"):
        load(person({1999: "10", 2001: "4020"}) | changed)


def test_a_crosswalk_to_another_release_is_told(load):
    with pytest.raises(UserError, match=r"line 2: the crosswalk gives 'b', which is no code of the onet taxonomy"):
        load(person({1999: "10", 2001: "4020"}), taxonomy=Taxonomy("onet", [Occupation("c", "Cooks")], {}))


def test_without_its_crosswalk_an_extract_is_not_read(tmp_path):
    path = tmp_path / "extract.csv"
    path.write_text(f"PUBID_1997,{OCCUPATION}1999\n7,10\n")
    source = extract(path, tmp_path / "none.csv", TAXONOMY)
    for attempt in (source.load, source.checksum):
        with pytest.raises(UserError, match=r"data\.crosswalk: .*none\.csv"):
            attempt()


def test_the_checksum_follows_the_crosswalk(tmp_path, crosswalk):
    path = tmp_path / "extract.csv"
    path.write_text(f"PUBID_1997,{OCCUPATION}1999\n7,10\n")
    before = extract(path, crosswalk, TAXONOMY).checksum()
    crosswalk.write_text(crosswalk.read_text().replace("Cooks", "Chefs"))
    assert extract(path, crosswalk, TAXONOMY).checksum() != before


# the real table


@pytest.fixture(scope="module")
def folder(data_dir) -> Path:
    for needed in ("nlsy97/nlsy97_dev.csv.gz", "nlsy97/census2002_to_onet2019.csv", "onet/Occupation Data.txt"):
        if not (data_dir / needed).is_file():
            pytest.skip(f"needs data that the project does not contain: no {data_dir / needed}")
    return data_dir


def in_data_dir(folder: Path, taxonomy: Taxonomy, path: str = "nlsy97/nlsy97_dev.csv.gz") -> Loaded:
    crosswalk = "nlsy97/census2002_to_onet2019.csv"
    return NLSY97(path, crosswalk, str(folder), "crosswalk", ["exact"], False, taxonomy).load()


MONTHS = {"date_hs": "HS_DIPLOMA", **{f"date_{d}": f"{d.upper()}_DEGREE" for d in ("aa", "ba", "ma", "prof", "phd")}}


def as_extract(table: Path, path: Path, people: int) -> None:
    """The rows of the first people, written as NLS Investigator would have them; rows without a code as refused."""
    import gzip

    wide: dict[str, dict[str, str]] = {}
    with gzip.open(table, "rt", newline="") as file:
        for row in csv.DictReader(file):
            if row["person_id"] not in wide and len(wide) == people:
                break
            values = wide.setdefault(row["person_id"], {"PUBID_1997": row["person_id"]})
            year = row["year"]
            values[f"{OCCUPATION}{year}"] = str(int(row["census_code"] or -1))
            values[f"YEMP_UID.01_{year}"] = row["job_id"]
            values[f"CV_HRLY_PAY.01_{year}"] = str(round(float(row["hourly_wage"] or -0.04) * 100))
            values[f"CV_HRS_PER_WEEK.01_{year}"] = {"full": "40", "part": "20", "": "-3"}[row["full_time"]]
            for column, name in MONTHS.items():
                values[f"CVC_{name}_XRND"] = str((int(row[column]) - 1980) * 12 + 6) if row[column] else "-4"
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, sorted({c for values in wide.values() for c in values}), restval="-4")
        writer.writeheader()
        writer.writerows(wide.values())


def test_an_extract_of_the_real_people_tells_the_careers_of_the_table(folder, tmp_path):
    titles = onet.taxonomy(folder / "onet")
    path = tmp_path / "extract.csv"
    as_extract(folder / "nlsy97" / "nlsy97_dev.csv.gz", path, people=400)
    found = {c.person.id: c for c in in_data_dir(folder, titles, str(path)).careers}
    careers = in_data_dir(folder, titles).careers[: len(found)]
    assert [c.person.id for c in careers] == list(found) and len(found) > 300
    for career in careers:
        same = found[career.person.id]
        assert same.education == career.education
        for one, other in zip(same.jobs, career.jobs, strict=True):
            assert (one.occupation, one.start, one.end) == (other.occupation, other.start, other.end)
            assert one.may_be_target == other.may_be_target
            for fact in ("wage", "full_time", "pay", "tenure_years"):
                assert getattr(one.facts, fact) == getattr(other.facts, fact)


@pytest.mark.slow
def test_the_real_table_with_titles_of_the_census(folder):
    taxonomy = census2002.taxonomy(folder / "nlsy97" / "census2002_to_onet2019.csv")
    found = in_data_dir(folder, taxonomy)
    titled = in_data_dir(folder, onet.taxonomy(folder / "onet"))
    # codes that share an O*NET title may be titles of their own
    assert len(found.careers) >= len(titled.careers)
    # 576 codes of occupations, of which 26 repeat the title of another
    assert len(taxonomy) == 576 - 26 > len(found.taxonomy) > len(titled.taxonomy) - 26
    assert taxonomy.title("0010") == "Chief executives"
    assert found.skipped[reader.NO_TITLE] == titled.skipped[reader.NO_TITLE] == 1860
