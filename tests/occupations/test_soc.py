"""The chain of codes, of small files in the official layout."""

import pytest
from official_files import CENSUS, CENSUS_HEAD, ONET, ONET_HEAD, SOC, SOC_HEAD, official, save
from omegaconf import OmegaConf

from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.occupations.soc import Listed, read

COLUMNS = OmegaConf.to_container(OmegaConf.load(CONF / "crosswalk.yaml"))


@pytest.fixture
def load(tmp_path):
    official(tmp_path)

    def loaded(**lines):
        for name, these in lines.items():
            save(tmp_path / f"{name}.csv", these)
        return read(tmp_path / "census.csv", tmp_path / "soc.csv", tmp_path / "2010_to_2019_Crosswalk.csv", COLUMNS)

    return loaded


def test_lines_of_groups_and_of_notes_are_no_codes(load):
    found = load()
    assert len(found.census) == len(CENSUS) - 1 and found.census["0010"] == Listed("Chief executives", ("11-1011",))
    assert found.census["9830"] == Listed("Military, rank not specified", ())
    assert len(found.soc) == len({row[0] for row in SOC}) and found.soc["29-1111"] == ("29-1141", "29-1171")
    # a mark of a footnote is no part of a code
    assert found.soc["11-9011"] == ("11-9013",)
    assert set(found.titles) == {row[2] for row in ONET}


@pytest.mark.parametrize(
    ("reference", "members"),
    [
        ("11-1011", ["11-1011"]),
        ("11-2020", ["11-2021", "11-2022"]),
        # what is left of 15-10 beside 15-1030
        ("15-10XX", ["15-1011", "15-1051"]),
        # the zero before an X is a digit of its own: not 15-1051
        ("15-105X", ["15-1051"]),
        # both have codes of their own
        ("11-9000", []),
        ("99-9990", []),
    ],
)
def test_what_a_reference_covers(load, reference, members):
    assert load().members(reference) == members


def test_where_an_occupation_leads(load):
    found = load()
    # its own code and not those that O*NET made beside it
    assert found.targets("11-1011") == {"11-1011.00"}
    assert found.targets("15-1031") == {"15-1252.00", "15-1253.00"}
    # without a code of its own: all that O*NET made of it
    assert found.targets("43-5081") == {"53-7065.00"}


def test_several_rows_and_several_references_of_one_code(load):
    lines = [CENSUS_HEAD, ("", "Cooks", "4020", "35-2011, 35-2012"), ("", "Cooks", "4020", "35-2019")]
    assert load(census=lines).census["4020"].references == ("35-2011", "35-2012", "35-2019")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ({"census": [CENSUS_HEAD, ("", "Cooks", "402", "35-2010")]}, r"line 2: the code '402' has not four digits"),
        ({"census": [CENSUS_HEAD, ("", "Cooks", "4020", "see 35")]}, r"line 2: expected SOC codes .*got 'see 35'"),
        ({"census": [CENSUS_HEAD, ("", "", "4020", "35-2010")]}, "line 2: code 4020 has no title"),
        ({"census": [CENSUS_HEAD, ("", "A", "4020", "none"), ("", "B", "4020", "none")]}, "line 3: .* or two"),
        ({"census": [CENSUS_HEAD]}, r"census\.csv: there is no row with codes"),
        ({"soc": [SOC_HEAD, ("11-1011", "", "11/10/2011", "")]}, r"soc\.csv, line 2: .*got '11/10/2011'"),
        ({"2010_to_2019_Crosswalk": [ONET_HEAD, ("11-1011", "", "11-1011.00", "")]}, "got '11-1011'"),
    ],
)
def test_what_is_not_of_its_kind_is_told(load, lines, told):
    with pytest.raises(UserError, match=told):
        load(**lines)
