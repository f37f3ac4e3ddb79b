import pytest
from esco_file import COLUMNS, URI, written
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.occupations import esco
from reasoning_occ.occupations.taxonomy import Occupation

ROWS = [
    ("a", "2654", "technical director", "head of technical\ntechnical supervisor", "2654.1.7"),
    ("b", "2654", "stage director", "theatre director", "2654.1"),
    ("c", "2654", "film director", "", "2654.10"),
    ("d", "2651", "sculptor", "", "2651.1"),
    ("e", "8121", "metal drawing machine operator", "wire drawer", "8121.4"),
    ("f", "0110", "air force officer", "", "0110.1"),
]


def test_occupations_are_found_by_code_uri_label_and_other_names(tmp_path):
    taxonomy = esco.taxonomy(written(tmp_path, ROWS))
    assert taxonomy.codes == ("0110.1", "2651.1", "2654.1", "2654.1.7", "2654.10", "8121.4")
    assert taxonomy["2654.1.7"] == Occupation(
        "2654.1.7", "technical director", (URI + "a", "head of technical", "technical supervisor"), "Professionals"
    )
    for name in ("2654.1.7", URI + "a", "Technical  Director", "head of technical"):
        assert taxonomy.find(name) == "2654.1.7"
    assert (taxonomy.name, taxonomy["0110.1"].group) == ("esco", "Armed forces")


def test_related_are_those_nearest_in_the_tree(tmp_path):
    taxonomy = esco.taxonomy(written(tmp_path, ROWS))
    assert taxonomy.related("2654.1.7") == ("2654.1", "2654.10", "2651.1")
    assert taxonomy.related("2654.1") == ("2654.1.7", "2654.10", "2651.1")
    assert taxonomy.related("2651.1") == ("2654.1", "2654.1.7", "2654.10")
    assert taxonomy.related("8121.4") == ()


PLACES = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(lambda below: ".".join(map(str, (2654, *below))))


@given(codes=st.sets(PLACES, min_size=2, max_size=30))
def test_no_one_left_out_is_nearer(codes):
    """By the definition: the length of the common beginning, one pair at a time."""

    def common(one: str, other: str) -> int:
        a, b = one.split("."), other.split(".")
        return max(n for n in range(len(a) + 1) if a[:n] == b[:n])

    entries = [esco.Entry(code, URI + code, "2654", code, ()) for code in sorted(codes)]
    for code, near in esco._related(sorted(entries, key=lambda e: e.place)).items():
        assert len(near) == min(len(codes) - 1, esco.MOST_RELATED) == len({*near} - {code})
        assert [common(code, other) for other in near] == sorted((common(code, o) for o in near), reverse=True)
        left_out = codes - {*near, code}
        assert not left_out or max(common(code, o) for o in left_out) <= min(common(code, o) for o in near)


def test_a_release_without_codes_calls_occupations_by_their_uri(tmp_path):
    taxonomy = esco.taxonomy(written(tmp_path, ROWS, COLUMNS[:-1]))
    assert URI + "a" in taxonomy and taxonomy.find("head of technical") == URI + "a"
    assert taxonomy.related(URI + "d") == (URI + "c", URI + "b", URI + "a")


def test_labels_alike_have_their_code_behind_them_and_a_row_may_come_twice(tmp_path):
    twice = [*ROWS, ("g", "2655", "Film director", "", "2655.1"), ("d", "2651", "sculptor", "stone carver", "2651.1")]
    taxonomy = esco.taxonomy(written(tmp_path, twice))
    assert len(taxonomy) == 7
    assert [taxonomy.title(c) for c in ("2654.10", "2655.1")] == ["film director (2654.10)", "Film director (2655.1)"]
    assert taxonomy.find("stone carver") == "2651.1"


@pytest.mark.parametrize(
    "row",
    [
        ("", "2651", "painter", "", "2651.2"),
        ("x", "265", "painter", "", "2651.2"),
        ("x", "2651", " ", "", "2651.2"),
        ("x", "2651", "painter", "", "2652.2"),
        ("x", "2651", "painter", "", "2651.b"),
    ],
)
def test_a_malformed_row_is_told(tmp_path, row):
    with pytest.raises(UserError, match=r"occupations_en\.csv, line 16: expected a conceptUri, .*got '"):
        esco.taxonomy(written(tmp_path, [*ROWS, row]))


@pytest.mark.parametrize(
    "row", [("x", "2654", "conductor", "", "2654.1"), ("b", "2654", "stage director", "", "2654.3")]
)
def test_codes_that_stand_for_two_occupations_are_told(tmp_path, row):
    with pytest.raises(
        UserError, match=r"line 16: '.*' has the code or conceptUri of 'stage director'.*take codes for"
    ):
        esco.taxonomy(written(tmp_path, [*ROWS, row]))


def test_a_missing_file_or_column_is_told(tmp_path):
    with pytest.raises(UserError, match=r"ESCO needs the file .*occupations_en\.csv, which is missing\. Get the class"):
        esco.taxonomy(tmp_path)
    with pytest.raises(UserError, match=r"has no column 'iscoGroup'; it has: conceptType, conceptUri"):
        esco.taxonomy(written(tmp_path, ROWS, [c for c in COLUMNS if c != "iscoGroup"]))
    (tmp_path / "occupations_en.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match=r"could not read .*occupations_en\.csv"):
        esco.taxonomy(tmp_path)
