from pathlib import Path

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.occupations import onet


@pytest.fixture(scope="module")
def real(data_dir) -> Path:
    folder = data_dir / "onet"
    if not folder.is_dir():
        pytest.skip(f"needs the O*NET text files: no folder {folder}")
    return folder


@pytest.fixture
def plain(tmp_path) -> Path:
    """Three occupations in the layout without title columns; related rows out of order."""

    def write(name: str, *lines: tuple[str, ...]) -> None:
        (tmp_path / name).write_text("".join("\t".join(line) + "\r\n" for line in lines), encoding="utf-8")

    code = "O*NET-SOC Code"
    write(
        "Occupation Data.txt",
        (code, "Title", "Description"),
        ("35-2014.00", "Cooks, Restaurant", 'Prepare "dishes".'),
        ("51-3011.00", "Bakers", "Bake."),
        ("35-1011.00", "Chefs and Head Cooks", "Direct."),
    )
    write(
        "Alternate Titles.txt",
        (code, "Alternate Title", "Short Title", "Source(s)"),
        ("51-3011.00", 'Baker "Artisan"', "n/a", "08"),
        ("35-1011.00", "Chief Cook (CC)", "CC", "08"),
    )
    write(
        "Related Occupations.txt",
        (code, f"Related {code}", "Relatedness Tier", "Index"),
        ("35-2014.00", "51-3011.00", "Primary-Short", "10"),
        ("35-2014.00", "35-1011.00", "Primary-Short", "2"),
    )
    return tmp_path


def test_layout_without_title_columns(plain):
    taxonomy = onet.taxonomy(plain)
    assert taxonomy.codes == ("35-1011.00", "35-2014.00", "51-3011.00")
    assert taxonomy.related("35-2014.00") == ("35-1011.00", "51-3011.00")
    assert taxonomy.related("51-3011.00") == ()
    assert taxonomy.find('baker "artisan"') == "51-3011.00"
    assert taxonomy.find("CC") == "35-1011.00"
    assert taxonomy["51-3011.00"].group == "Production"
    assert "n/a" not in taxonomy["51-3011.00"].aliases
    assert onet.job_zones(plain) == {}


def test_the_real_files(real):
    taxonomy = onet.taxonomy(real)
    assert len(taxonomy) == 1016
    assert sum(not taxonomy.related(code) for code in taxonomy.codes) == 93
    assert {len(taxonomy.related(code)) for code in taxonomy.codes} == {0, 20}
    assert taxonomy.find("chief executives") == "11-1011.00"
    assert taxonomy.related("11-1011.00")[:2] == ("11-1021.00", "11-2032.00")
    assert all(o.group for o in taxonomy)
    zones = onet.job_zones(real)
    assert zones["11-1011.00"] == 5
    assert set(zones.values()) == {1, 2, 3, 4, 5}


def test_a_missing_file_is_named_with_its_source(plain):
    (plain / "Alternate Titles.txt").unlink()
    with pytest.raises(UserError, match=r"Alternate Titles\.txt.*onetcenter\.org.*data_dir.*REASONING_OCC_DATA"):
        onet.taxonomy(plain)


def test_a_missing_column_is_named(plain):
    (plain / "Related Occupations.txt").write_text("Code\tOther\n1\t2\n")
    with pytest.raises(UserError, match=r"no column 'O\*NET-SOC Code'; it has: Code, Other"):
        onet.taxonomy(plain)


def test_a_rank_that_is_no_number_is_named(plain):
    path = plain / "Related Occupations.txt"
    path.write_text(path.read_text().replace("\t10", "\tten"))
    with pytest.raises(UserError, match="got 'ten'"):
        onet.taxonomy(plain)
