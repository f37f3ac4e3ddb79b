"""Which occupation stands for a Census code, by which rule."""

import csv

import pytest
from official_files import official, save

from reasoning_occ.errors import UserError
from reasoning_occ.occupations import census2002
from reasoning_occ.occupations.bridging import COLUMNS, ByHand, Decision, bridge, read_hand, write
from reasoning_occ.occupations.soc import Official, read


@pytest.fixture
def files(tmp_path) -> Official:
    from omegaconf import OmegaConf

    from reasoning_occ.config import CONF

    official(tmp_path)
    columns = OmegaConf.to_container(OmegaConf.load(CONF / "crosswalk.yaml"))
    names = ("census.csv", "soc.csv", "2010_to_2019_Crosswalk.csv")
    return read(*(tmp_path / name for name in names), columns)


def decided(files: Official, **hand: ByHand) -> dict[str, Decision]:
    by_code = {code.removeprefix("c"): one for code, one in hand.items()}
    return {one.code: one for one in bridge(files, files.titles, by_code)}


@pytest.mark.parametrize(
    ("code", "onet", "quality", "note"),
    [
        ("0010", "11-1011.00", "exact", "SOC 2000 11-1011: the same number"),
        ("4720", "41-2011.00", "exact", "SOC 2000 41-2011, 41-2012: the same title, of 2 (41-2011.00, 41-2012.00)"),
        ("0200", "11-9013.00", "renumbered", "SOC 2000 11-9011: leads to this one alone"),
        ("4050", "35-3023.00", "renumbered", "SOC 2000 35-3021: leads to this one alone"),
        ("5620", "53-7065.00", "renumbered", "SOC 2000 43-5081: leads to this one alone"),
        ("0060", "11-2032.00", "renumbered", "SOC 2000 11-2031: the same title, of 2 (11-2032.00, 11-2033.00)"),
        ("3130", "29-1141.00", "renumbered", "SOC 2000 29-1111: the same title, of 2 (29-1141.00, 29-1171.00)"),
        ("1240", "15-2099.00", "representative", "15-2099: the residual one of 2 (15-2099.00, 15-2099.01)"),
        ("1020", "15-1252.00", "representative", "15-1032: most lead to it, of 2 (15-1252.00, 15-1253.00)"),
        ("1000", "15-1211.00", "representative", "15-1051: nearest in words of 2 (15-1211.00, 15-1221.00)"),
        ("0050", "11-2021.00", "representative", "11-2022: the lowest number of 2 (11-2021.00, 11-2022.00)"),
        ("9830", "", "none", "no SOC code"),
        ("9950", "", "none", "SOC 2000 99-9990: no successor in the files"),
    ],
)
def test_each_rule(files, code, onet, quality, note):
    one = decided(files)[code]
    assert (one.onet, one.onet_title, one.quality) == (onet, files.titles.get(onet, ""), quality)
    assert one.note.endswith(note)


def test_what_leads_nowhere_is_told_beside_what_does(files):
    part = {"0010": files.census["0010"]._replace(references=("11-1011", "99-9990"))}
    (one,) = bridge(files._replace(census=part), files.titles, {})
    assert one.onet == "11-1011.00" and one.note.endswith("no successor in the files: 99-9990")


def test_hand_decisions_hold_and_may_add_codes(files):
    found = decided(
        files,
        c0050=ByHand("", "11-2022.00", "representative", "about two thirds"),
        c0010=ByHand("", "", "none", ""),
        c0136=ByHand("Human resources managers", "11-1011.00", "renumbered", ""),
    )
    title = "Marketing and sales managers"
    note = "by hand: about two thirds"
    assert found["0050"] == Decision("0050", title, "11-2022.00", "Sales Managers", "representative", note)
    assert found["0010"][2:] == ("", "", "none", "by hand")
    assert list(found) == sorted(found) and found["0136"].onet_title == "Chief Executives"
    with pytest.raises(UserError, match=r"no code 0136; give its census_title"):
        decided(files, c0136=ByHand("", "11-1011.00", "exact", ""))
    with pytest.raises(UserError, match=r"code 0050 is given '99-1111\.00', which is no O\*NET code"):
        decided(files, c0050=ByHand("", "99-1111.00", "exact", ""))


def test_titles_of_another_release_are_told(files):
    with pytest.raises(UserError, match=r"code 0010 leads to 11-1011\.00, which the list of titles lacks"):
        bridge(files, {}, {})


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([("census_code", "quality")], "no column onet_soc"),
        ([("census_code", "onet_soc", "quality"), ("50", "11-2022.00", "exact")], "line 2: .*got '50'"),
        ([("census_code", "onet_soc", "quality"), ("0050", "11-2022.00", "none")], "line 2: .*'none'"),
        ([("census_code", "onet_soc", "quality"), *[("0050", "", "none")] * 2], "line 3: expected a new code"),
    ],
)
def test_a_wrong_line_of_hand_decisions_is_told(tmp_path, lines, told):
    with pytest.raises(UserError, match=f"--overrides: .*{told}"):
        read_hand(save(tmp_path / "hand.csv", lines), "--overrides")


def test_what_is_written_is_read_as_crosswalk_and_as_hand_decisions(files, tmp_path):
    path = tmp_path / "crosswalk.csv"
    every = bridge(files, files.titles, {})
    write(every, path)
    with open(path, newline="") as file:
        assert tuple(next(csv.reader(file))) == COLUMNS
    entries = census2002.crosswalk(path)
    assert {code: (e.title, e.onet, e.quality) for code, e in entries.items()} == {
        one.code: (one.title, one.onet, one.quality) for one in every
    }
    again = bridge(files, files.titles, read_hand(path, "--overrides"))
    assert [one[:5] for one in again] == [one[:5] for one in every]
