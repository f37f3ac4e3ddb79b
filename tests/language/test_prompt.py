import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning_occ.careers.types import Career
from reasoning_occ.errors import UnknownOccupation, UserError
from reasoning_occ.language.example import Segment
from reasoning_occ.language.prompt import Language

REASON = "Each move so far was to another kitchen, with better pay."
GOLDEN = json.loads((Path(__file__).parent / "golden_ids.json").read_text())

EVENTS = """\
1968: 12 years of school
1971, age 20: Cooks; 44 hours, pay up, outside the South, 1 year with employer
1973, age 22: Nurses
"""
TASK = (
    "You read a person's career, oldest event first: schooling, and each new occupation as it began. "
    "Predict the next occupation; it differs from the present one."
)
ASK = "Give a short reason, then the next occupation."
IM = (
    f"<|im_start|>system\n{TASK}<|im_end|>\n<|im_start|>user\n{EVENTS}{ASK}<|im_end|>\n<|im_start|>assistant\n"
    f"<think> {REASON}</think><answer> Bakers</answer><|im_end|>"
)
LLAMA = (
    "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nCutting Knowledge Date: December 2023\n"
    f"Today Date: 26 Jul 2024\n\n{TASK}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{EVENTS}{ASK}<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n"
    f"<think> {REASON}</think><answer> Bakers</answer><|eot_id|>"
)


@pytest.fixture
def transition(career: Career):
    return list(career.transitions())[1]


@pytest.mark.parametrize(("family", "text"), [("smollm2", IM), ("qwen3", IM), ("llama3", LLAMA)])
def test_the_text_of_an_example(tokenizers, tiny_taxonomy, transition, family, text):
    language = Language(tokenizers[family], tiny_taxonomy, 1024, "reason")
    assert language.decode(language.example(transition, REASON).ids) == text


def test_the_text_and_ids_of_the_embedded_model(smollm2, tiny_taxonomy, transition):
    language = Language(smollm2, tiny_taxonomy, 1024, "reason")
    ids = language.example(transition, REASON).ids
    assert language.decode(ids) == IM
    assert ids.tolist() == GOLDEN["smollm2"]


@pytest.mark.parametrize("family", ["qwen3", "llama3"])
def test_the_ids_of_a_small_tokenizer(tokenizers, tiny_taxonomy, transition, family):
    language = Language(tokenizers[family], tiny_taxonomy, 1024, "reason")
    assert language.example(transition, REASON).ids.tolist() == GOLDEN[f"tiny-{family}"]


def test_segments_part_prompt_reason_and_answer(language, transition):
    example = language.example(transition, REASON)
    parts = {s: language.decode(example.ids[example.segments == s]) for s in Segment}
    assert parts[Segment.PROMPT] == IM[: IM.index("<think>")]
    assert parts[Segment.REASON] == f"<think> {REASON}</think>"
    assert parts[Segment.ANSWER] == "<answer> Bakers</answer><|im_end|>"
    assert sorted(example.segments) == example.segments.tolist()
    assert example.key == ("7", 1)


def test_without_a_reason_the_answer_alone_carries_loss(language, transition):
    example = language.example(transition, None)
    learned = example.ids[example.segments != Segment.PROMPT]
    assert language.decode(learned) == "<answer> Bakers</answer><|im_end|>"
    assert language.decode(example.ids[: -len(learned)]).endswith("assistant\n<think></think>")


def test_asking_for_the_title_gives_no_think_block(tokenizers, tiny_taxonomy, transition):
    language = Language(tokenizers["qwen3"], tiny_taxonomy, 1024, "title")
    text = language.decode(language.example(transition, None).ids)
    assert text.endswith(
        "Give the next occupation.<|im_end|>\n<|im_start|>assistant\n<answer> Bakers</answer><|im_end|>"
    )
    with pytest.raises(UserError, match="asks='reason'"):
        language.example(transition, REASON)


ASKED = {
    "reason_only": (
        "",
        "Give a short reason for what comes next.<|im_end|>\n<|im_start|>assistant\n",
        f"<think> {REASON}</think><|im_end|>",
    ),
    "title_given_reason": (
        f"Reason: {REASON}\n",
        "Give the next occupation.<|im_end|>\n<|im_start|>assistant\n",
        "<answer> Bakers</answer><|im_end|>",
    ),
    "title_reason": (
        "",
        "Give the next occupation, then a short reason.<|im_end|>\n<|im_start|>assistant\n",
        f"<answer> Bakers</answer><think> {REASON}</think><|im_end|>",
    ),
}


@pytest.mark.parametrize("asks", ASKED)
def test_other_prompts_share_the_history_and_learn_what_they_ask_for(smollm2, tiny_taxonomy, transition, asks):
    language = Language(smollm2, tiny_taxonomy, 1024, asks)
    said, ask, learnt = ASKED[asks]
    example = language.example(transition, REASON)
    assert language.decode(example.ids) == IM[: IM.index(ASK)] + said + ask + learnt
    carries_loss = {s: language.decode(example.ids[example.segments == s]) for s in Segment}
    assert carries_loss[Segment.PROMPT] == IM[: IM.index(ASK)] + said + ask
    reason = "" if asks == "title_given_reason" else learnt.replace("<answer> Bakers</answer>", "")
    assert carries_loss[Segment.REASON] == reason
    trunk = Language(smollm2, tiny_taxonomy, 1024, "reason").trunk_ids(transition.history)
    assert example.ids[: len(trunk)].tolist() == trunk.tolist()


def test_without_a_reason_other_prompts_learn_the_answer_alone_or_refuse(smollm2, tiny_taxonomy, transition):
    asked = {asks: Language(smollm2, tiny_taxonomy, 1024, asks) for asks in ASKED}
    for asks, end in (
        ("title_given_reason", "assistant\n<answer> Bakers</answer><|im_end|>"),
        ("title_reason", "assistant\n<answer> Bakers</answer>"),
    ):
        example = asked[asks].example(transition, None)
        assert asked[asks].decode(example.ids).endswith(end) and REASON not in asked[asks].decode(example.ids)
        assert set(example.segments.tolist()) == {Segment.PROMPT, Segment.ANSWER}
    with pytest.raises(UserError, match="given none; leave such transitions out"):
        asked["reason_only"].example(transition, None)


def test_each_part_is_written_or_ranked_after_the_ids_it_was_learnt_after(smollm2, tiny_taxonomy, transition):
    history, code = transition.history, transition.target
    asked = {asks: Language(smollm2, tiny_taxonomy, 1024, asks) for asks in ASKED}
    writer, reader, last = (asked[asks] for asks in ("reason_only", "title_given_reason", "title_reason"))
    rest = [*writer.reason_ids(REASON), *writer.reason_close_ids, writer.end_of_turn]
    assert [*writer.reason_prefix_ids(history), *rest] == writer.example(transition, REASON).ids.tolist()
    title = [*reader.title_ids(code), *reader.closing_ids]
    assert [*reader.answer_prefix_ids(history, REASON), *title] == reader.example(transition, REASON).ids.tolist()
    whole = last.example(transition, REASON).ids.tolist()
    answered = [*last.answer_prefix_ids(history, None), *title[:-1]]
    assert answered == whole[: len(answered)]
    assert [*last.reason_prefix_ids(history, code), *rest] == whole
    with pytest.raises(UserError, match="none before the title"):
        last.answer_prefix_ids(history, REASON)


def test_a_prior_is_asked_for_by_the_same_prompt_without_a_career(smollm2, tiny_taxonomy):
    for asks, end in (("reason", "<think></think><answer>"), ("title", "<answer>"), ("title_given_reason", "<answer>")):
        language = Language(smollm2, tiny_taxonomy, 1024, asks)
        text = language.decode(language.prior_prefix_ids())
        assert text.startswith(IM[: IM.index("1968")]) and text.endswith(f"assistant\n{end}")


@pytest.mark.parametrize("asks", ["reason", "title_given_reason"])
def test_a_reason_longer_than_the_window_is_cut_so_that_the_answer_just_fits(smollm2, tiny_taxonomy, career, asks):
    language = Language(smollm2, tiny_taxonomy, 400, asks)
    kept = language.fitting(career.until(2), "A reason without end. " * 200)
    used = len(language.answer_prefix_ids(career.until(2), kept)) + language.longest_answer
    assert 397 <= used <= 400


@given(reason=st.text(st.characters(codec="utf-8"), max_size=80).filter(str.strip), code=st.sampled_from("cbmpdn"))
def test_ranking_and_training_use_the_same_ids(language, career, reason, code):
    """Generate the reason's ids, read the reason out of them, put it before each title: the ids of training."""
    transition = next(career.transitions())
    trained, _ = language.target(reason, code)
    prompt = language.prompt_ids(transition.history)
    opened = language.reason_prefix_ids(transition.history)
    generated = trained[len(opened) - len(prompt) :]
    read = language.parse(language.decode(generated))
    ranked = np.concatenate(
        [language.answer_prefix_ids(transition.history, read), language.title_ids(code), language.closing_ids]
    )
    assert ranked.tolist() == [*prompt.tolist(), *trained.tolist()]


@pytest.mark.parametrize(
    ("generated", "reason"),
    [
        (" Pay rose.</think><answer> Cooks</answer><|im_end|>", "Pay rose."),
        ("<think> Pay\n rose.</think>", "Pay rose."),
        (" Pay rose, and so", "Pay rose, and so"),
        (" Pay rose.<answer> Cooks", "Pay rose."),
        (" Pay rose.<|im_end|><|endoftext|>", "Pay rose."),
        ("</think><answer> Cooks", None),
        ("   ", None),
        ("", None),
    ],
)
def test_a_reason_is_read_out_of_whatever_was_generated(language, generated, reason):
    assert language.parse(generated) == reason


def test_ids_of_a_history_up_to_the_ask_begin_those_of_a_later_one(language, career):
    trunks = [language.trunk_ids(career.until(t)).tolist() for t in range(len(career.jobs))]
    for now, later in pairwise(trunks):
        assert later[: len(now)] == now and len(later) > len(now)
    assert language.prompt_ids(career.until(2)).tolist() == trunks[2] + language.tail_ids.tolist()


def test_the_end_of_the_present_job_and_later_schooling_are_nowhere(language, career):
    assert "1999" not in language.decode(language.prompt_ids(career.until(2)))
    assert "14 years" not in language.decode(language.prompt_ids(career.until(1)))


def test_a_target_is_never_cut(tokenizers, tiny_taxonomy, transition):
    language = Language(tokenizers["qwen3"], tiny_taxonomy, 200, "reason")
    with pytest.raises(UserError, match=r"Person 7, transition 2.*max_tokens=200.*never cut"):
        language.example(transition, "x y z " * 100)


def test_a_reason_that_leaves_no_room_for_an_answer_is_an_error(tokenizers, tiny_taxonomy, transition):
    language = Language(tokenizers["qwen3"], tiny_taxonomy, 200, "reason")
    with pytest.raises(UserError, match="no room for an answer"):
        language.answer_prefix_ids(transition.history, "x y z " * 100)


def test_a_window_without_room_is_refused_at_once(tokenizers, tiny_taxonomy):
    with pytest.raises(UserError, match="max_tokens=64"):
        Language(tokenizers["qwen3"], tiny_taxonomy, 64, "reason")


def test_titles_are_told_apart_and_unknown_codes_refused(language, tiny_taxonomy):
    titles = {tuple(language.title_ids(code)) for code in tiny_taxonomy.codes}
    assert len(titles) == len(tiny_taxonomy)
    with pytest.raises(UnknownOccupation):
        language.title_ids("zz")


def test_lines_are_tokenised_once_for_all_languages_of_a_tokenizer(tokenizers, tiny_taxonomy, career, monkeypatch):
    from reasoning_occ.language import prompt

    monkeypatch.setattr(prompt, "_LINES", {})
    qwen = tokenizers["qwen3"]
    first = Language(qwen, tiny_taxonomy, 400)
    before = first.line_ids(career)
    monkeypatch.setattr(Language, "_encode", lambda self, text: np.array([7], dtype=np.int32))
    again, other = Language(qwen, tiny_taxonomy, 300, "title"), Language(tokenizers["llama3"], tiny_taxonomy, 400)
    assert [ids.tolist() for ids in again.line_ids(career)] == [ids.tolist() for ids in before]
    assert {tuple(ids) for ids in other.line_ids(career)} == {(7,)}
