"""`python -m reasoning_occ.crosswalk`, and the whole way from official files to careers."""

import csv
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from official_files import CENSUS, ONET, official, save

from reasoning_occ.config import CONF, source
from reasoning_occ.crosswalk import main

HAND = [
    ("census_code", "census_title", "onet_soc", "quality", "note"),
    ("0050", "", "11-2022.00", "representative", "about two thirds"),
    ("0136", "Human resources managers", "11-1011.00", "renumbered", ""),
]
OCCUPATION = "YEMP_OCCODE-2002.01_"


@pytest.fixture
def words(tmp_path) -> list[str]:
    return [*official(tmp_path), "--output", str(tmp_path / "crosswalk.csv")]


def written(tmp_path: Path) -> dict[str, dict[str, str]]:
    with open(tmp_path / "crosswalk.csv", newline="") as file:
        return {row["census_code"]: row for row in csv.DictReader(file)}


def test_every_code_gets_a_row_and_what_was_decided_is_counted(words, tmp_path, capsys):
    hand = save(tmp_path / "hand.csv", HAND)
    assert main([*words, "--overrides", str(hand)]) == 0
    told = capsys.readouterr().out
    rows = written(tmp_path)
    assert set(rows) == {row[2] for row in CENSUS[1:]} | {"0136"} and all(row["note"] for row in rows.values())
    assert "16 codes, 2 by hand: 7 renumbered, 4 representative, 3 none, 2 exact." in told
    assert "  none: 9950 Somebody forgotten (SOC 2000 99-9990: no successor in the files)" in told
    assert rows["0050"]["onet_title"] == "Sales Managers" and rows["0050"]["note"] == "by hand: about two thirds"


def test_where_it_differs_from_another_crosswalk_is_told(words, tmp_path, capsys):
    other = save(tmp_path / "other.csv", [*HAND, ("0010", "Chief executives", "11-1011.00", "representative", "")])
    assert main([*words, "--compare", str(other)]) == 0
    told = capsys.readouterr().out
    assert "Compared: 2 codes in both, 13 here alone, 1 there alone; the same occupation 1, the same quality 1." in told
    assert "0050 Marketing and sales managers: 11-2021.00 (representative), there 11-2022.00 (representative)" in told


def test_other_headings(words, tmp_path, capsys):
    census = Path(words[1])
    census.write_text(census.read_text().replace("2002 Census Code", "Occ Code"))
    assert main(words) == 1
    assert "none of its first 40 lines has the headings '2002 Census Code'" in capsys.readouterr().err
    own = tmp_path / "own.yaml"
    own.write_text("census: {code: Occ Code, title: Occupation 2002 Description}\n")
    assert main([*words, "--columns", str(own)]) == 0 and len(written(tmp_path)) == 15


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[1, 2]\n", "'' is not of the form"),
        ("sensus: {code: x}\n", "'sensus' is not of the form"),
        ("census: {kode: x}\n", "'census' is not of the form"),
        ("census: {code: [\n", "can't be read"),
    ],
)
def test_wrong_headings_are_told(words, tmp_path, capsys, content, told):
    own = tmp_path / "own.yaml"
    own.write_text(content)
    assert main([*words, "--columns", str(own)]) == 1
    assert f"--columns: {own}" in (said := capsys.readouterr().err) and told in said and "Traceback" not in said


def test_a_release_that_lacks_a_title_is_told(words, tmp_path, capsys):
    titles = tmp_path / "Occupation Data.txt"
    titles.write_text("O*NET-SOC Code\tTitle\n11-1011.00\tChief Executives\n")
    assert main([*words, "--titles", str(titles)]) == 1
    assert "leads to 11-2021.00, which the list of titles lacks" in capsys.readouterr().err
    assert not (tmp_path / "crosswalk.csv").exists()


def tables(folder: Path) -> None:
    """O*NET's tables of the occupations of the small files."""
    folder.mkdir()
    code = "O*NET-SOC Code"
    titles = "".join(f"{new}\t{title}\n" for new, title in dict(row[2:] for row in ONET).items())
    (folder / "Occupation Data.txt").write_text(f"{code}\tTitle\n{titles}")
    (folder / "Alternate Titles.txt").write_text(f"{code}\tAlternate Title\tShort Title\n")
    (folder / "Related Occupations.txt").write_text(
        f"{code}\tRelated {code}\tIndex\n11-2022.00\t11-2021.00\t1\n29-1141.00\t41-2011.00\t1\n"
    )


def test_from_official_files_to_careers(words, tmp_path):
    tables(tmp_path / "onet")
    hand = save(tmp_path / "hand.csv", HAND)
    titles = str(tmp_path / "onet" / "Occupation Data.txt")
    assert main([*words, "--overrides", str(hand), "--titles", titles]) == 0
    years = (1999, 2000, 2001, 2002, 2003)
    people = [
        # a cashier, then fast food twice under one code, without a job, then a nurse
        ("1", "4720", "4050", "4050", "-4", "3130"),
        # farm work under two codes that are one occupation, an unknown code, a rank unknown, then sales
        ("2", "200", "210", "1234", "9830", "50"),
    ]
    save(tmp_path / "extract.csv", [("PUBID_1997", *(f"{OCCUPATION}{year}" for year in years)), *people])
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(
            "config",
            [
                *("data=nlsy97", "data.people=all", "data.labels=all", "baseline=markov", f"data_dir={tmp_path}"),
                *("data.path=extract.csv", "data.crosswalk=crosswalk.csv"),
            ],
        )
    loaded = source(cfg).load()
    assert [[(job.occupation, job.start.year) for job in career.jobs] for career in loaded.careers] == [
        [("41-2011.00", 1999), ("35-3023.00", 2000), ("29-1141.00", 2003)],
        [("11-9013.00", 1999), ("11-2022.00", 2003)],
    ]
    assert loaded.taxonomy.title("11-2022.00") == "Sales Managers"
    assert loaded.taxonomy.related("29-1141.00") == ("41-2011.00",)


# codes of which the rules alone decide as people did; elsewhere only people know how large an occupation is
SAME = ("0010", "0060", "0200", "0210", "3130", "4050", "4720", "5620", "9830", "9920", "1240", "1000")


def test_the_rules_decide_as_people_did_where_the_small_files_are_true(words, tmp_path, data_dir, capsys):
    ready = data_dir / "nlsy97" / "census2002_to_onet2019.csv"
    if not ready.is_file():
        pytest.skip(f"needs data that the project does not contain: no {ready}")
    assert main([*words, "--compare", str(ready)]) == 0
    assert "Compared: 14 codes in both, 1 here alone, 569 there alone;" in capsys.readouterr().out
    with open(ready, newline="") as file:
        theirs = {row["census_code"]: row for row in csv.DictReader(file)}
    ours = written(tmp_path)
    for code in SAME:
        for column in ("onet_soc", "quality"):
            assert ours[code][column] == theirs[code][column], code
    # sales managers are two thirds
    differing = {code for code in ours if code in theirs and ours[code]["onet_soc"] != theirs[code]["onet_soc"]}
    assert differing == {"0050"}
