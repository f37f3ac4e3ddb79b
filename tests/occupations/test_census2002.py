import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.occupations import census2002

HEADER = "census_code,census_title,onet_soc,onet_title,quality,note\n"


def written(tmp_path, text: str):
    path = tmp_path / "crosswalk.csv"
    path.write_text(HEADER + text, encoding="utf-8")
    return path


def test_occupations_are_titles_in_order_of_their_first_code(tmp_path):
    path = written(
        tmp_path,
        "4020,Cooks,35-2014.00,,representative,\n0010,Chief executives,11-1011.00,,exact,\n"
        "4025,Cooks,35-2014.00,,exact,recoded\n9990,Not reported,,,none,\n",
    )
    taxonomy = census2002.taxonomy(path)
    assert [(o.code, o.title, o.group) for o in taxonomy] == [
        ("0010", "Chief executives", "Management"),
        ("4020", "Cooks", "Food Preparation and Serving Related"),
    ]
    assert taxonomy.related("0010") == ()
    assert census2002.crosswalk(path)["4025"].first == "4020"
    assert census2002.crosswalk(path)["9990"].quality == "none"


@pytest.mark.parametrize(
    "row",
    [
        "10,Chief executives,11-1011.00,,exact,",
        "0010,,11-1011.00,,exact,",
        "0010,Chief executives,11-1011.00,,sure,",
        "0010,Chief executives,,,exact,",
        "0010,Chief executives,11-1011.00,,none,",
        "0020,Managers,11-1011.00,,exact,",
    ],
)
def test_a_malformed_row_is_told_with_its_line(tmp_path, row):
    with pytest.raises(UserError, match=r"crosswalk\.csv, line 3: expected a new code of four digits"):
        census2002.crosswalk(written(tmp_path, f"0020,Managers,11-1021.00,,exact,\n{row}\n"))


def test_a_missing_file_or_column_is_told(tmp_path):
    with pytest.raises(UserError, match=r"no file .*none\.csv\. Set data_dir .*or data\.crosswalk"):
        census2002.taxonomy(tmp_path / "none.csv")
    path = tmp_path / "other.csv"
    path.write_text("code,title\n")
    with pytest.raises(UserError, match="no column census_code, census_title, onet_soc, quality"):
        census2002.taxonomy(path)
