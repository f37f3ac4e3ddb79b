import json

import pytest

from reasoning_occ.careers.types import Career, Date, Job, Person, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Segment
from reasoning_occ.language.prompt import Language
from reasoning_occ.models.tiny import tiny_tokenizer
from reasoning_occ.recommenders.preferences import preference_pairs


@pytest.fixture(scope="module")
def language(tiny_taxonomy):
    tokenizer = tiny_tokenizer("smollm2", [o.title for o in tiny_taxonomy])
    return Language(tokenizer, tiny_taxonomy, max_tokens=1024)


@pytest.fixture
def transitions():
    jobs = tuple(Job(code, Date(1970 + 3 * n)) for n, code in enumerate("cbp"))
    return list(Career(Person("anna"), (), jobs).transitions())


def write(path, *pairs):
    rows = [
        {"person": person, "t": t, "chosen": chosen, "rejected": rejected, "margin": 3, "chosen_scores": {},
         "rejected_scores": {}}
        for person, t, chosen, rejected in pairs
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_pair_is_two_examples_of_its_transition(language, transitions, tmp_path):
    path = write(tmp_path / "pairs.jsonl", ("anna", 1, "Kneads well.", "Flies."), ("anna", 0, "Cooks.", "Sings."))
    pairs = preference_pairs(path, transitions, language.example)
    assert [pair.chosen.key for pair in pairs] == [pair.rejected.key for pair in pairs] == [("anna", 1), ("anna", 0)]
    told = [[_reason(language, e) for e in (pair.chosen, pair.rejected)] for pair in pairs]
    assert told == [["Kneads well.", "Flies."], ["Cooks.", "Sings."]]
    assert "Pilots" in language.decode(pairs[0].chosen.ids)  # the title that came next


def _reason(language, example):
    return language.parse(language.decode(example.ids[example.segments == Segment.REASON]).removeprefix("<think>"))


def test_no_pair_is_told_before_anything_is_trained(language, transitions, tmp_path):
    with pytest.raises(UserError, match=r"pairs\.jsonl holds no pair .* lower oracle\.pairs\.margin"):
        preference_pairs(write(tmp_path / "pairs.jsonl"), transitions, language.example)


def test_pairs_of_others_or_of_no_such_form_are_refused(language, transitions: list[Transition], tmp_path):
    with pytest.raises(UserError, match="person bert, transition 1 is not among those learnt from"):
        preference_pairs(write(tmp_path / "a.jsonl", ("bert", 0, "a", "b")), transitions, language.example)
    (tmp_path / "b.jsonl").write_text('{"person": "anna", "t": 0}\n')
    with pytest.raises(UserError, match=r"b\.jsonl, pair 1: expected the fields of a pair"):
        preference_pairs(tmp_path / "b.jsonl", transitions, language.example)
    with pytest.raises(UserError, match="Could not read"):
        preference_pairs(tmp_path / "none.jsonl", transitions, language.example)
