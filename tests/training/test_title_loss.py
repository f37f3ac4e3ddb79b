"""Titles learnt by a ranking head: the loss over trees against plain sequences."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from reasoning_occ.errors import UserError
from reasoning_occ.language.example import Segment
from reasoning_occ.models.causal import decoder, head
from reasoning_occ.models.title_head import TitleHead
from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.batches import check_examples, trees_of
from reasoning_occ.training.fit import fit
from reasoning_occ.training.loss import segment_counts, segment_losses
from reasoning_occ.training.tree import pack

TITLES = [(3, 4), (5,), (6, 7, 8), (9, 10), (11, 3)]


def named(examples):
    """The answers' tokens go; titles are named by number. The title is what the second token of a prompt says."""
    made = []
    for example in examples:
        kept = example.segments != Segment.ANSWER
        title = int(example.ids[1]) % len(TITLES)
        given = {"ids": example.ids[kept], "segments": example.segments[kept]}
        barred = (title + 1 + example.key[1]) % len(TITLES)
        places = np.array([barred, title, -1]) if len(made) % 2 else np.array([barred, -1, -1])
        made.append(replace(example, **given, title=title, barred=barred, held=places))
    return made


def plainly(model, titles, examples):
    """Each example alone: cross-entropy of the reason's tokens, and of the title among all but the barred one."""
    reason, answer = [], []
    for example in examples:
        ids = torch.from_numpy(example.ids)[None]
        hidden_sh = decoder(model)(input_ids=ids, use_cache=False).last_hidden_state[0]
        log_prob_sv = head(model)(hidden_sh).log_softmax(-1)
        for place in np.flatnonzero(example.segments == Segment.REASON):
            reason.append(-log_prob_sv[place - 1, ids[0, place]])
        logits = hidden_sh[-1] @ titles.weight.T
        for place, title in enumerate(example.held if titles.places else ()):
            if title >= 0:
                logits = logits + 10 * titles.bonus[place] * (torch.arange(len(TITLES)) == title)
        may = [title for title in range(len(TITLES)) if title != example.barred]
        answer.append(logits[may].logsumexp(0) - logits[example.title])
    return torch.stack([torch.stack(reason).sum(), torch.stack(answer).sum()])


@pytest.mark.parametrize("family", ["llama", "qwen3"])
@pytest.mark.parametrize("transitions", [1, 3])
@pytest.mark.parametrize("bonus", [None, torch.tensor([0.1, 0.2, -0.1])])
def test_losses_and_gradients_are_those_of_plain_sequences(make_model, make_examples, family, transitions, bonus):
    model, examples = make_model(family=family), named(make_examples(9, transitions=transitions))
    titles = TitleHead(TitleHead.of_titles(head(model), TITLES).weight, bonus)
    row = pack(trees_of(examples, 1024))
    assert segment_counts([row]).tolist() == [18, 9]
    learnt = [*(p for p in model.parameters() if p.requires_grad), *titles.parameters()]
    wanted = plainly(model, titles, examples)
    wanted_gradients = torch.autograd.grad(wanted.sum(), learnt)
    with tree_attention(model, "cpu"):
        got = segment_losses(model, row, titles)
    got_gradients = torch.autograd.grad(got.sum(), learnt)
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=0)
    for one, other in zip(got_gradients, wanted_gradients, strict=True):
        assert (one - other).norm() <= 1e-5 * other.norm() + 1e-7


def test_a_copying_head_learns_that_people_go_back(make_model, make_examples, settings, tmp_path):
    # the title is the one before the present one, whatever the prompt says
    dice = np.random.default_rng(0)
    examples = []
    for example in named(make_examples(60)):
        present, before, older = dice.permutation(len(TITLES))[:3]
        places = np.array([present, before, older])
        examples.append(replace(example, title=int(before), barred=int(present), held=places))
    titles = TitleHead.of_titles(head(model := make_model()), TITLES, places=3)
    assert titles.bonus.tolist() == [0, 0, 0]
    fit(model, examples, examples, tmp_path, settings=settings(epochs=6, lr=1e-2), logger=None, titles=titles)
    assert titles.bonus[1] > 0.1 > titles.bonus[2]
    assert titles.bonus[0] == 0  # barred: it says nothing


def test_titles_begin_as_the_mean_of_their_tokens(make_model):
    model = make_model(tied=False)
    titles = TitleHead.of_titles(head(model), TITLES)
    torch.testing.assert_close(titles.weight[2], head(model).weight[[6, 7, 8]].mean(0))
    before = head(model).weight.clone()
    with torch.no_grad():
        titles.weight.add_(1)
    assert torch.equal(head(model).weight, before)


def test_a_prompt_alone_can_teach_a_title_and_nothing_else(make_examples):
    (example,) = named(make_examples(1))
    assert (example.segments == Segment.PROMPT).all()
    check_examples([example])
    with pytest.raises(UserError, match="nothing of it would be learnt"):
        check_examples([replace(example, title=-1)])


def test_the_head_learns_with_the_model_and_resumes_to_the_bit(make_model, make_examples, settings, tmp_path):
    examples = named(make_examples(16, transitions=2))
    shown = {}

    def run(folder, **changed):
        model = make_model()
        titles = TitleHead.of_titles(head(model), TITLES)
        begun = titles.weight.detach().clone()
        chosen = settings(epochs=4, lr=1e-2, checkpoint_minutes=1e-6)
        result = fit(
            model, examples, examples, tmp_path / folder, settings=chosen, logger=None, titles=titles, **changed
        )
        assert not torch.equal(titles.weight, begun)
        return result, titles.weight.detach().clone()

    shown["whole"], weight = run("whole")
    assert shown["whole"].valid[-1]["valid_loss_answer"] < shown["whole"].valid[0]["valid_loss_answer"]

    class Stop(RuntimeError):
        pass

    from lightning.pytorch import Callback

    class Fall(Callback):
        def on_train_batch_end(self, trainer, *_):
            if trainer.global_step == 4:
                raise Stop

    with pytest.raises(Stop):
        run("cut", callbacks=[Fall()])
    again, resumed = run("cut")
    assert again.resumed_at == 3
    assert again.valid == shown["whole"].valid
    assert torch.equal(resumed, weight)
