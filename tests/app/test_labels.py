"""Scores of people, in the file that the audit reads."""

import csv
from concurrent.futures import ThreadPoolExecutor

import pytest

from reasoning_occ.app import labels
from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.humans import key, read_labels
from reasoning_occ.evaluation.audit.sample import Asked
from reasoning_occ.reasons.types import CRITERIA, Candidate, Score, Verdict


@pytest.fixture
def sample():
    verdict = Verdict({criterion: Score(3, "Why.") for criterion in CRITERIA})

    def asked(n):
        history = Career(Person(str(n)), (), (Job("c", Date(2000 + n)),))
        return Asked(
            Transition(history, "b", Date(2015)), 0, Candidate(f'=1+{n} "quoted"\nand two lines'), verdict, True
        )

    return [asked(n) for n in range(6)]


def scores(*values):
    return dict(zip(CRITERIA, values, strict=True))


def test_what_is_saved_is_what_the_audit_reads(sample, tiny_taxonomy, tmp_path):
    path = labels.file_of(tmp_path, " anna ")
    assert path == tmp_path / "labels" / "anna.csv" and labels.read(path) == {}
    assert labels.save(path, sample, tiny_taxonomy, sample[1], scores(4, 5, None)) == 1
    assert labels.save(path, sample, tiny_taxonomy, sample[2], scores(1, None, 2)) == 2
    assert labels.save(path, sample, tiny_taxonomy, sample[1], scores(3, 5, 5)) == 2, "the last word counts"
    found = read_labels(path, {key(one): one for one in sample})
    assert {k: [score.value for score in v.values()] for k, v in found.items()} == {
        key(sample[1]): [3, 5, 5],
        key(sample[2]): [1, None, 2],
    }
    assert labels.read(path)[key(sample[1])] == scores(3, 5, 5)


def test_a_file_filled_in_elsewhere_keeps_all_it_has(sample, tiny_taxonomy, tmp_path):
    path = labels.file_of(tmp_path, "anna")
    labels.save(path, sample[:2], tiny_taxonomy, sample[0], scores(1, 1, 1))
    rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(keepends=True)))
    with open(path, "w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, [*rows[0], "remark"])
        out.writeheader()
        out.writerows({**row, "remark": "mine"} for row in rows)
    labels.save(path, sample, tiny_taxonomy, sample[5], scores(2, 2, 2))
    with open(path, encoding="utf-8-sig", newline="") as file:
        after = list(csv.DictReader(file))
    assert [row["remark"] for row in after] == ["mine", "mine", ""] and after[0]["reason"] == rows[0]["reason"]
    assert labels.read(path)[key(sample[0])] == scores(1, 1, 1)


@pytest.mark.parametrize("content", ["key,history\nk1,x\n", 'key"\n\x00', "\ud800"], ids=["columns", "NUL", "bytes"])
def test_a_file_that_cannot_be_read_is_left_alone(content, sample, tiny_taxonomy, tmp_path):
    path = labels.file_of(tmp_path, "anna")
    path.parent.mkdir()
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    before = path.read_bytes()
    with pytest.raises(UserError, match=r"anna\.csv"):
        labels.save(path, sample, tiny_taxonomy, sample[0], scores(1, 2, 3))
    assert path.read_bytes() == before


def test_a_score_that_is_none_stops_before_anything_is_lost(sample, tiny_taxonomy, tmp_path):
    path = labels.file_of(tmp_path, "anna")
    labels.save(path, sample, tiny_taxonomy, sample[0], scores(1, 2, 3))
    path.write_text(path.read_text(encoding="utf-8").replace(",1,2,3", ",1,2,good"), encoding="utf-8")
    with pytest.raises(UserError, match=r"utility of k.* is 'good'"):
        labels.save(path, sample, tiny_taxonomy, sample[1], scores(1, 2, 3))
    with pytest.raises(UserError, match="at least one score"):
        labels.save(path, sample, tiny_taxonomy, sample[1], scores(None, None, None))


def test_saves_at_once_lose_nothing(sample, tiny_taxonomy, tmp_path):
    path = labels.file_of(tmp_path, "anna")
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(labels.save, path, sample, tiny_taxonomy, one, scores(1, 2, 3)) for one in sample]:
            done.result()
    assert labels.read(path) == {key(one): scores(1, 2, 3) for one in sample}


@pytest.mark.parametrize("name", [None, "", "../anna", "a/b", "a.csv", "-a", "a" * 41, "a\0", "ä b", "CON\n"])
def test_a_name_is_a_plain_one(name, tmp_path):
    if name == "CON\n":  # spaces around a name are nobody's mistake
        assert labels.file_of(tmp_path, name).name == "CON.csv"
        return
    with pytest.raises(UserError, match="Your name"):
        labels.file_of(tmp_path, name)
