"""A teacher and a judge whose model runs in this process: what they ask, and what they make of the answers."""

from collections.abc import Sequence

import numpy as np
import pytest

from reasoning_occ.careers.types import Career, Date, Facts, Job, Person, Transition
from reasoning_occ.errors import UserError
from reasoning_occ.inference.local import Chat
from reasoning_occ.models.tiny import tiny
from reasoning_occ.reasons.judges.local import LocalJudge
from reasoning_occ.reasons.teachers.local import LocalTeacher
from reasoning_occ.reasons.types import CRITERIA, Case

HISTORY = Career(
    Person("jane@example.org", 1950), (), (Job("d", Date(1969), Date(1971), Facts(hours=40)), Job("p", Date(1971)))
)
MOVE = Transition(HISTORY, "c", Date(1975))
TEACHES = {"model": None, "candidates": 3, "words": 40, "max_tokens": 30, "temperature": 1.0, "batch": 6, "seed": 0}


class Asked:
    """A chat that keeps what it is asked, and says what it is told to say."""

    def __init__(self, texts=(), shares=(0.0, 0.0, 0.1, 0.3, 0.6), held=0.9):
        self.texts, self.given, self.held = list(texts), shares, held
        self.prompts: list[tuple[str, str]] = []
        self.seeds: list[int] = []

    def write(self, prompts: Sequence[tuple[str, str]], *, samples, seeds, **_):
        self.prompts += prompts
        self.seeds += seeds
        return [self.texts[:samples] for _ in prompts]

    def shares(self, prompts, opening, answers, *, batch, told=None):
        self.prompts += prompts
        if told is not None:
            told(len(prompts))
        return np.array([self.given] * len(prompts)), np.full(len(prompts), self.held)


def judge(taxonomy, chat, least=0.1):
    return LocalJudge(taxonomy, lambda name: chat, model=None, batch=4, least=least)


def test_a_score_is_the_expected_digit_and_keeps_its_shares(tiny_taxonomy):
    heard = []
    found = judge(tiny_taxonomy, Asked()).judge_all([Case(HISTORY, "They drove.", "c")], heard.append)
    score = found[0].scores["factuality"]
    assert (score.value, score.expected, score.shares) == (4, pytest.approx(4.5), (0.0, 0.0, 0.1, 0.3, 0.6))
    assert "likeliest 5" in score.justification and any("utility" in words for words in heard)


def test_a_model_that_would_say_something_else_scores_nothing(tiny_taxonomy):
    found = judge(tiny_taxonomy, Asked(held=0.05)).judge_all([Case(HISTORY, "They drove.", "c")])
    assert all(score.value is None and "only 5.0%" in score.justification for score in found[0].scores.values())
    assert judge(tiny_taxonomy, Asked()).judge_all([]) == []


def test_each_criterion_sees_what_it_may(tiny_taxonomy):
    chat = Asked()
    judge(tiny_taxonomy, chat).judge_all([Case(HISTORY, "They drove.", "c")])
    by_criterion = dict(zip(CRITERIA, chat.prompts, strict=True))
    for criterion, (system, user) in by_criterion.items():
        assert "Answer with the score alone" in system and "JSON" not in system and "They drove." in user
        assert ("<history>" in user, "Cooks" in user) == (criterion == "factuality", criterion == "utility")
    assert "jane" not in str(chat.prompts)


def test_texts_become_candidates_once_and_whole(tiny_taxonomy):
    texts = [("They drove.\n\nThen they flew.", True), ("They drove. Then they fl", False), ("They drove.", True)]
    chat = Asked(texts)
    (found,) = LocalTeacher(tiny_taxonomy, lambda name: chat, **TEACHES).write_all([MOVE])
    assert [candidate.text for candidate in found] == ["They drove. Then they flew.", "They drove."]
    nothing = Asked([("no sentence at all", False)] * 3)
    (found,) = LocalTeacher(tiny_taxonomy, lambda name: nothing, **TEACHES).write_all([MOVE])
    assert [candidate.failure for candidate in found] == ["cut off"] * 3


def test_each_transition_and_round_has_its_own_seed(tiny_taxonomy):
    chat = Asked([("They drove.", True)] * 3)
    teacher = LocalTeacher(tiny_taxonomy, lambda name: chat, **TEACHES)
    other = Transition(Career(Person("joe", 1950), (), HISTORY.jobs), "c", Date(1975))
    teacher.write_all([MOVE, other])
    teacher.write_all([other])
    teacher.write_all([MOVE], [["It names what the person did next."]])
    first, second, again, told = chat.seeds
    assert second == again and len({first, second, told}) == 3
    assert "It names what" in chat.prompts[-1][1] and "It names what" not in chat.prompts[0][1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"candidates": 0}, "teacher.candidates"),
        ({"batch": True}, "teacher.batch"),
        ({"temperature": 0}, "teacher.temperature"),
        ({"model": "/no/where"}, "teacher.model: there is no /no/where"),
    ],
)
def test_what_makes_no_sense_is_told(tiny_taxonomy, wrong, message):
    with pytest.raises(UserError, match=message):
        LocalTeacher(tiny_taxonomy, lambda name: Asked(), **{**TEACHES, **wrong})


def test_a_judge_s_settings_are_checked(tiny_taxonomy):
    with pytest.raises(UserError, match=r"judge\.least"):
        judge(tiny_taxonomy, Asked(), least=1.5)
    with pytest.raises(UserError, match=r"judge\.batch"):
        LocalJudge(tiny_taxonomy, lambda name: Asked(), model=None, batch=0, least=0.1)


def test_a_real_model_writes_and_judges(tiny_taxonomy):
    made = tiny("smollm2", ["Score: 1 2 3 4 5"], seed=0, dtype="fp32")
    chat = Chat(made.model, made.tokenizer)
    verdicts = judge(tiny_taxonomy, chat, least=0.0).judge_all([Case(HISTORY, "They drove.", "c")] * 2)
    shares = verdicts[0].scores["coherence"].shares
    assert sum(shares) == pytest.approx(1, abs=1e-5) and min(shares) > 0
    assert verdicts[0] == verdicts[1]
    written = LocalTeacher(tiny_taxonomy, lambda name: chat, **TEACHES).write_all([MOVE, MOVE])
    assert written[0] == written[1]
