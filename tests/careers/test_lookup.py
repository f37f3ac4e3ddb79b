"""Occupations of ESCO in tables, carried over to O*NET; the rest of lookups is in test_table."""

import pytest
from hydra import compose, initialize_config_dir

from reasoning_occ.careers.lookup import BROADER, BY_TITLE, GONE, UNLISTED
from reasoning_occ.careers.rows import NO_OCCUPATION
from reasoning_occ.config import CONF, source
from reasoning_occ.errors import UserError
from reasoning_occ.files import read_jsonl
from reasoning_occ.identity import run_name

URI = "http://data.europa.eu/esco/occupation/"
CROSSWALK = "\n".join((
    "concept_uri,esco_occupation,onet_code,onet_occupation",
    f"{URI}a,baker,51-3011.00,bakers",
    f"{URI}b,head chef,35-1011.00,chefs and head cooks",
    f"{URI}c,cook,35-2014.99,\"cooks, restaurant\"",
    f"{URI}d,accountant,13-2011.01,accountants",
))  # fmt: skip
ESCO = "\n".join((
    "conceptUri,iscoGroup,preferredLabel,altLabels,code",
    f"{URI}a,7512,baker,bread maker,7512.1",
    f"{URI}b,3434,head chef,,3434.1",
    f"{URI}x,3434,head pastry chef,,3434.1.4",
))  # fmt: skip
ONET = {
    "Occupation Data.txt": ["O*NET-SOC Code\tTitle", "51-3011.00\tBakers", "35-1011.00\tChefs and Head Cooks",
                            "35-2014.00\tCooks, Restaurant"],
    "Alternate Titles.txt": ["O*NET-SOC Code\tAlternate Title\tShort Title", "51-3011.00\tBread Maker\tn/a"],
    "Related Occupations.txt": ["O*NET-SOC Code\tRelated O*NET-SOC Code\tIndex", "51-3011.00\t35-1011.00\t1"],
}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    for name in ("onet", "esco"):
        (tmp_path / name).mkdir()
    for name, lines in ONET.items():
        (tmp_path / "onet" / name).write_text("\n".join(lines))
    (tmp_path / "esco" / "crosswalk.csv").write_text(CROSSWALK)
    return tmp_path


def composed(folder, *overrides: str, data="table"):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        words = [f"data={data}", f"data.path={folder / 'jobs.csv'}", f"data_dir={folder}", "data.taxonomy=onet"]
        return compose("config", [*words, "data.crosswalk=esco/crosswalk.csv", *overrides])


def jobs(folder, *names: str):
    rows = [f"ann,{name},{1990 + n}" for n, name in enumerate(names)]
    (folder / "jobs.csv").write_text("\n".join(("person,occupation,start", *rows)))


def test_what_is_not_carried_over_is_a_gap_counted_and_named(folder):
    jobs(folder, "baker", f"{URI}d", "accountant", "baker", "astronaut", "cook", "astronaut", "unknown", "head chef")
    loaded = source(composed(folder, f"data.matches={folder / 'matches.jsonl'}")).load()
    # the baker before and after is one job, as where a survey has no title for a year
    assert [job.occupation for job in loaded.careers[0].jobs] == ["51-3011.00", "35-2014.00", "35-1011.00"]
    assert loaded.skipped[f"{GONE} (accountants (13-2011.01): 2)"] == 2 and GONE not in loaded.skipped
    assert loaded.skipped[f"{UNLISTED} (astronaut: 2)"] == 2
    assert (loaded.skipped[BY_TITLE], loaded.skipped[BROADER], loaded.skipped[NO_OCCUPATION]) == (1, 0, 1)
    told = {row["occupation"]: row for row in read_jsonl(folder / "matches.jsonl")}
    assert told["cook"] == {
        "occupation": "cook",
        "how": "title",
        "crosswalk": "cooks, restaurant (35-2014.99)",
        "taken_for": "Cooks, Restaurant",
        "times": 1,
    }
    assert told["accountant"]["taken_for"] is None and told["astronaut"]["how"] == "unlisted"


def test_of_many_that_are_lost_the_most_frequent_are_named(folder):
    jobs(folder, "baker", "head chef", "job 12", *(f"job {n}" for n in range(1, 13)))
    loaded = source(composed(folder)).load()
    (what,) = [what for what in loaded.skipped if what.startswith(UNLISTED)]
    assert loaded.skipped[what] == 13 and "(job 12: 2, job 1: 1," in what and what.endswith(", 2 others)")


def test_escos_codes_are_known_by_its_own_file(folder):
    jobs(folder, "7512.1", "3434.1.4", "bread maker")
    with pytest.raises(
        UserError, match=r"nobody with two jobs .*7512\.1: 1, .*codes .* need occupations_en\.csv in esco"
    ):
        source(composed(folder)).load()
    (folder / "esco" / "occupations_en.csv").write_text(ESCO)
    loaded = source(composed(folder)).load()
    assert [job.occupation for job in loaded.careers[0].jobs] == ["51-3011.00", "35-1011.00", "51-3011.00"]
    assert loaded.skipped[BROADER] == 1


def test_the_taxonomy_can_be_esco_itself(folder):
    jobs(folder, "7512.1", "HEAD PASTRY  CHEF", f"{URI}b", "pilot")
    (folder / "esco" / "occupations_en.csv").write_text(ESCO)
    loaded = source(composed(folder, "data.taxonomy=esco", "data.crosswalk=null")).load()
    assert [job.occupation for job in loaded.careers[0].jobs] == ["7512.1", "3434.1.4", "3434.1"]
    with pytest.raises(UserError, match=r"leads from ESCO to O\*NET; choose data\.taxonomy=onet, or take it out"):
        source(composed(folder, "data.taxonomy=esco"))


def test_wide_rows_are_carried_over_too(folder):
    each = ("ESCO_uri", "ESCO_title", "start", "end")
    header = ",".join(["identifier", *(f"{what}_{n}" for n in (0, 1) for what in each)])
    row = f"7,{URI}a,baker,06/2010,08/2012,{URI}b,head chef,09/2012,current"
    (folder / "jobs.csv").write_text(f"{header}\n{row}\n")
    loaded = source(composed(folder, data="decorte")).load()
    assert [job.occupation for job in loaded.careers[0].jobs] == ["51-3011.00", "35-1011.00"]


def test_a_run_is_named_by_the_crosswalks_content_and_not_by_its_place(folder):
    def name(*words: str) -> str:
        return run_name(composed(folder, "baseline=markov", *words))

    jobs(folder, "baker", "cook")
    first = name()
    (folder / "moved.csv").write_text(CROSSWALK)
    assert name("data.crosswalk=moved.csv") == first != name("data.crosswalk=null")
    (folder / "moved.csv").write_text(CROSSWALK.replace("51-3011.00", "35-2014.00"))
    assert name("data.crosswalk=moved.csv") != first
    (folder / "esco" / "occupations_en.csv").write_text(ESCO)
    assert name() != first


def test_jobhops_codes_with_the_real_crosswalk(data_dir, tmp_path):
    real = {name: data_dir / name for name in ("jobhop/jobhop_v2_sample.csv", "esco/esco_onet_crosswalk_Nov2020.csv")}
    if missing := [str(path) for path in (*real.values(), data_dir / "onet") if not path.exists()]:
        pytest.skip(f"needs data that the project does not contain: {', '.join(missing)}")
    # ESCO's own file is not there: a few of its rows, in its layout, with occupations that the crosswalk lists
    rows = {
        "3344.1": "medical administrative assistant",
        "3343.1": "executive assistant",
        "9313.1": "building construction worker",
    }
    listed = uris(real["esco/esco_onet_crosswalk_Nov2020.csv"])
    (tmp_path / "esco").mkdir()
    (tmp_path / "onet").symlink_to(data_dir / "onet")
    lines = [f"{listed[title]},{code[:4]},{title},,{code}" for code, title in rows.items()]
    text = "\n".join((ESCO.partition("\n")[0], *lines))
    (tmp_path / "esco" / "occupations_en.csv").write_text(text)
    words = (
        f"data.path={real['jobhop/jobhop_v2_sample.csv']}",
        f"data.crosswalk={real['esco/esco_onet_crosswalk_Nov2020.csv']}",
    )
    loaded = source(composed(tmp_path, *words, data="jobhop")).load()
    assert {career.person.id for career in loaded.careers} == {"5"}
    assert all(job.occupation in loaded.taxonomy for job in loaded.careers[0].jobs)
    (what,) = [what for what in loaded.skipped if what.startswith(UNLISTED)]
    # 36 rows but for one of no occupation, one without a start and those of the three codes
    assert loaded.skipped[what] == 36 - 2 - 7 and "3341.2: 1" in what


def uris(path):
    from csv import DictReader

    with open(path, newline="") as file:
        return {row["esco_occupation"]: row["concept_uri"] for row in DictReader(file)}
