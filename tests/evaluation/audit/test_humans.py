import csv

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.humans import COLUMNS, key, read_labels, write_template
from reasoning_occ.reasons.types import CRITERIA, Candidate


@pytest.fixture
def found(asked):
    first, *others = asked(5, 0)
    hostile = first._replace(candidate=Candidate('=HYPERLINK("x"),\n"quoted", Zürich ⟦1⟧'))
    return [hostile, *others]


@pytest.fixture
def known(found):
    return {key(one): one for one in found}


def fill(path, changed):
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    for row, values in zip(rows, changed, strict=False):
        row.update(values)
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return rows


def test_labels_come_back_as_they_were_given(tmp_path, found, known, tiny_taxonomy):
    path = tmp_path / "labels.csv"
    write_template(path, found, tiny_taxonomy)
    given = [dict(zip(CRITERIA, ("5", " 1 ", ""), strict=True)), {}, dict.fromkeys(CRITERIA, "3")]
    rows = fill(path, given)
    assert [set(row) for row in rows] == [set(COLUMNS)] * 5
    labels = read_labels(path, known)
    assert {name: [s[c].value for c in CRITERIA] for name, s in labels.items()} == {
        key(found[0]): [5, 1, None],
        key(found[2]): [3, 3, 3],
    }


def test_a_template_shows_the_reason_and_nothing_of_the_judge_or_the_person(tmp_path, found, tiny_taxonomy):
    path = tmp_path / "labels.csv"
    write_template(path, found, tiny_taxonomy)
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["reason"] == f"'{found[0].candidate.text}"  # no formula for a spreadsheet
    for row, one in zip(rows[1:], found[1:], strict=True):
        assert row["reason"] == one.candidate.text and row["next_occupation"] == "Bus drivers"
        assert "Cooks" in row["history"] and [row[c] for c in CRITERIA] == [""] * 3
        assert "because" not in str(row) and one.person not in str(row)
    with pytest.raises(UserError, match="there already"):
        write_template(path, found, tiny_taxonomy)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        # the first reason takes two lines
        ([{}, {"utility": "6"}], r"labels.csv, line 4: utility is '6'"),
        ([{"factuality": "4.5"}], r"line 2: factuality is '4.5'"),
        ([{"factuality": "good"}], r"expected a whole number from 1 to 5"),
        ([{"factuality": "\u0664"}], r"line 2"),
        ([{"key": "k0"}], r"line 2: this run has no reason with the key 'k0'"),
        ([], r"holds no label"),
    ],
)
def test_a_label_that_can_not_be_read_is_named(tmp_path, found, known, tiny_taxonomy, changed, message):
    path = tmp_path / "labels.csv"
    write_template(path, found, tiny_taxonomy)
    fill(path, changed)
    with pytest.raises(UserError, match=message):
        read_labels(path, known)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "line 1: expected the columns key"),
        ("key,factuality,coherence\n", "no utility"),
        ("key;factuality;coherence;utility\n", "by commas; no key"),
        (b"key,factuality,coherence,utility\n\xff", "Could not read"),
        ("TWICE", "line 3: the key 'k.*' was on line 2 already"),
    ],
)
def test_a_file_that_is_no_table_of_labels_is_told(tmp_path, found, known, content, message):
    path = tmp_path / "labels.csv"
    if content == "TWICE":
        content = f"key,factuality,coherence,utility\n{key(found[0])},1,2,3\n{key(found[0])},1,2,3\n"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=message):
        read_labels(path, known)
    with pytest.raises(UserError, match="Could not read"):
        read_labels(tmp_path / "none.csv", known)
