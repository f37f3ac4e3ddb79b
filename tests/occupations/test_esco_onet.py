from csv import DictReader, writer

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.occupations import esco_onet, onet
from reasoning_occ.occupations.esco_onet import Carried
from reasoning_occ.occupations.taxonomy import Occupation, Taxonomy

URI = "http://data.europa.eu/esco/occupation/"
# Nesta's columns
COLUMNS = (
    "id", "esco_occupation", "isco_code", "onet_code", "onet_occupation", "matching_job_titles", "semantic_similarity",
    "confidence", "concept_uri",
)  # fmt: skip
ROWS = [
    ("baker", "51-3011.00", "bakers", "a"),
    ("head chef", "35-1011.00", "chefs and head cooks", "b"),
    ("web developer", "15-1134.00", "web developers", "c"),
    ("accountant", "13-2011.01", "accountants", "d"),
]
ONET = Taxonomy(
    "onet",
    [
        Occupation("13-2011.00", "Accountants and Auditors", ("Accountants",)),
        Occupation("15-1254.00", "Web Developers"),
        Occupation("35-1011.00", "Chefs and Head Cooks"),
        Occupation("51-3011.00", "Bakers"),
    ],
    {},
)


def written(folder, rows, columns=COLUMNS):
    folder.mkdir(exist_ok=True)
    with open(folder / "crosswalk.csv", "w", newline="") as file:
        out = writer(file)
        out.writerow(columns)
        for label, code, title, uri in rows:
            values = {
                "esco_occupation": label,
                "onet_code": code,
                "onet_occupation": title,
                "concept_uri": uri and URI + uri,
            }
            out.writerow([values.get(column, "1") for column in columns])
    return "esco/crosswalk.csv"


def classified(folder, *rows):
    """ESCO's own file with only what is needed of it."""
    with open(folder / "occupations_en.csv", "w", newline="") as file:
        out = writer(file)
        out.writerow(["conceptUri", "iscoGroup", "preferredLabel", "altLabels", "code"])
        out.writerows((URI + uri, code[:4], label, names, code) for uri, label, names, code in rows)


@pytest.fixture
def carry(tmp_path):
    def read(*rows):
        name = written(tmp_path / "esco", ROWS)
        if rows:
            classified(tmp_path / "esco", *rows)
        crosswalk = esco_onet.read(esco_onet.files(name, str(tmp_path), ONET))
        return lambda occupation: crosswalk.carry(occupation, ONET)

    return read


def test_by_uri_and_label(carry):
    for name in (URI + "a", "Baker", " baker "):
        assert carry()(name) == Carried("code", "51-3011.00", False, "bakers (51-3011.00)")


def test_a_code_of_another_release_is_found_by_the_very_title_or_not_at_all(carry):
    assert carry()("web developer") == Carried("title", "15-1254.00", False, "web developers (15-1134.00)")
    # an alias of a wider occupation is not it
    assert carry()("accountant") == Carried("gone", None, False, "accountants (13-2011.01)")
    assert carry()("astronaut") == Carried("unlisted", None, False, "astronaut")


def test_codes_and_what_is_broader_are_known_by_escos_own_file(carry):
    known = carry(
        ("a", "baker", "bread maker", "7512.2"),
        ("b", "head chef", "", "3434.1"),
        ("x", "head pastry chef", "chef patissier", "3434.1.4"),
        ("y", "wedding cake chef", "", "3434.1.4.1"),
        ("z", "private chef", "", "3434.2"),
        ("d", "accountant", "", "2411.1"),
        ("w", "tax accountant", "", "2411.1.2"),
    )
    for name in ("7512.2", "bread maker", URI + "a"):
        assert known(name) == Carried("code", "51-3011.00", False, "bakers (51-3011.00)")
    for name in ("3434.1.4", "chef patissier", URI + "x", "3434.1.4.1"):
        assert known(name) == Carried("code", "35-1011.00", True, "chefs and head cooks (35-1011.00)")
    assert known("2411.1.2") == Carried("gone", None, True, "accountants (13-2011.01)")
    assert known("3434.2") == Carried("unlisted", None, False, "3434.2")
    assert carry()("bread maker").how == "code"  # the file is still there


def test_a_release_without_codes_knows_alternative_labels_and_takes_none_for_an_occupation_of_its_own(tmp_path):
    name = written(tmp_path / "esco", ROWS)
    lines = (
        "conceptUri,iscoGroup,preferredLabel,altLabels",
        f"{URI}a,7512,baker,bread maker",
        f"{URI}x,3434,patissier,head chef",
    )
    (tmp_path / "esco" / "occupations_en.csv").write_text("\n".join(lines))
    crosswalk = esco_onet.read(esco_onet.files(name, str(tmp_path), ONET))
    assert crosswalk.carry("bread maker", ONET).code == "51-3011.00"
    # another occupation is called so too
    assert crosswalk.carry(f"{URI}x", ONET).how == crosswalk.carry("patissier", ONET).how == "unlisted"


def test_without_escos_own_file_codes_are_not_known(carry):
    assert carry()("7512.2").how == "unlisted"


def test_what_is_carried_over_is_chosen_by_the_taxonomy(tmp_path):
    assert esco_onet.files(None, None, None) is None
    assert esco_onet.files("any.csv", None, Taxonomy("census2002", [], {})) is None
    for taxonomy in (None, Taxonomy("esco", [], {})):
        with pytest.raises(
            UserError, match=r"data\.crosswalk=any\.csv: it leads from ESCO to O\*NET; choose data\.tax"
        ):
            esco_onet.files("any.csv", None, taxonomy)
    with pytest.raises(UserError, match=r"data\.crosswalk: no file .*any\.csv\. Set data_dir"):
        esco_onet.files("any.csv", str(tmp_path), ONET)


@pytest.mark.parametrize(
    "row",
    [
        ("chef", "", "chefs and head cooks", "e"),
        ("", "35-1011.00", "chefs and head cooks", "e"),
        ("chef", "35-1011.00", "chefs and head cooks", ""),
        ("chef", "35-1011.00", "chefs and head cooks", "a"),
        ("baker", "35-1011.00", "chefs and head cooks", "e"),
    ],
)
def test_a_malformed_row_is_told(tmp_path, row):
    name = written(tmp_path / "esco", [*ROWS, row])
    with pytest.raises(
        UserError, match=r"crosswalk\.csv, line 6: expected a new concept_uri and esco_occ.*Mend the row"
    ):
        esco_onet.read(esco_onet.files(name, str(tmp_path), ONET))


def test_a_missing_column_or_no_text_is_told(tmp_path):
    name = written(tmp_path / "esco", ROWS, COLUMNS[:-1])
    with pytest.raises(
        UserError, match=r"crosswalk\.csv has no column 'concept_uri'; expected concept_uri, esco_occup"
    ):
        esco_onet.read(esco_onet.files(name, str(tmp_path), ONET))
    (tmp_path / "esco" / "crosswalk.csv").write_bytes(b"\xff")
    with pytest.raises(UserError, match=r"data\.crosswalk: could not read .*crosswalk\.csv"):
        esco_onet.read(esco_onet.files(name, str(tmp_path), ONET))


def test_the_real_crosswalk_and_onet(data_dir):
    path = data_dir / "esco" / "esco_onet_crosswalk_Nov2020.csv"
    if not (path.is_file() and (data_dir / "onet").is_dir()):
        pytest.skip(f"needs the crosswalk and O*NET: no file {path}, or no folder {data_dir / 'onet'}")
    taxonomy = onet.taxonomy(data_dir / "onet")
    crosswalk = esco_onet.read([path])
    with open(path, newline="") as file:
        rows = list(DictReader(file))
    found = [crosswalk.carry(row["concept_uri"], taxonomy) for row in rows]
    # counted apart, by the published columns alone
    there = {row["onet_code"] for row in rows if row["onet_code"] in taxonomy}
    assert len(there) == 525
    titles = {o.title.lower() for o in taxonomy}
    gone = [row for row in rows if row["onet_code"] not in there and row["onet_occupation"] not in titles]
    assert sum(one.how == "code" for one in found) == sum(row["onet_code"] in there for row in rows) == 1355
    assert sum(one.how == "gone" for one in found) == len(gone) == 195
    assert sum(one.how == "title" for one in found) == 130
    assert all(
        taxonomy.title(one.code).lower() == row["onet_occupation"]
        for one, row in zip(found, rows, strict=True)
        if one.how == "title"
    )
