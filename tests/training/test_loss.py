import pytest
import torch

from reasoning_occ.language.example import Segment
from reasoning_occ.training.batches import collate
from reasoning_occ.training.loss import SegmentWeights, segment_counts, segment_losses, share_of_each


def slow_losses(model, batch):
    """The same by the definition: each row alone and unpadded, all logits, one token after another."""
    sums = {Segment.REASON: torch.zeros(()), Segment.ANSWER: torch.zeros(())}
    for row in range(len(batch.ids_bs)):
        length = int(batch.mask_bs[row].sum())
        ids = batch.ids_bs[row : row + 1, :length]
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0]
        for place in range(1, length):
            segment = Segment(int(batch.segments_bs[row, place]))
            if segment != Segment.PROMPT:
                probabilities = logits[place - 1].double().softmax(-1)
                sums[segment] = sums[segment] - probabilities[ids[0, place]].log()
    return torch.stack([sums[Segment.REASON], sums[Segment.ANSWER]])


def gradients(model, loss):
    wanted = [p for p in model.parameters() if p.requires_grad]
    # as one vector, in the order of the parameters
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, wanted)])


@pytest.mark.parametrize("family", ["llama", "qwen3"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("adapter", [True, False])
def test_losses_and_gradients_equal_the_slow_reference(make_model, make_examples, family, tied, adapter):
    model = make_model(family=family, tied=tied, adapter=adapter)
    batch = collate(make_examples(7))
    fast, slow = segment_losses(model, batch), slow_losses(model, batch)
    torch.testing.assert_close(fast, slow.float(), rtol=1e-5, atol=0)
    scale = torch.tensor([0.3, 0.7])
    fast_gradient, slow_gradient = gradients(model, (fast * scale).sum()), gradients(model, (slow * scale).sum())
    assert (fast_gradient - slow_gradient).norm() <= 1e-5 * slow_gradient.norm()
    assert slow_gradient.norm() > 0


def test_how_a_step_is_cut_does_not_matter(make_model, make_examples):
    model, examples = make_model(), make_examples(9)

    def of(cut):
        batches = [collate(part) for part in cut]
        share = share_of_each(segment_counts(batches), SegmentWeights(0.5, 2.0))
        loss = sum((segment_losses(model, batch) * share).sum() for batch in batches)
        return loss, gradients(model, loss)

    whole, whole_gradient = of([examples])
    for cut in ([examples[:2], examples[2:]], [[e] for e in examples]):
        loss, gradient = of(cut)
        torch.testing.assert_close(loss, whole, rtol=1e-5, atol=0)
        assert (gradient - whole_gradient).norm() <= 1e-5 * whole_gradient.norm()


def test_counts_are_those_of_the_examples(make_examples):
    examples = make_examples(9)
    counts = segment_counts([collate(examples[:4]), collate(examples[4:])]).tolist()
    assert counts == [sum(int((e.segments == s).sum()) for e in examples) for s in (Segment.REASON, Segment.ANSWER)]
    assert counts == [18, 18]


def test_a_segment_without_tokens_adds_nothing(make_model, make_examples):
    without_reason = [collate([make_examples(1)[0]])]
    counts = segment_counts(without_reason)
    assert counts.tolist() == [0, 2]
    share = share_of_each(counts, SegmentWeights(1.0, 1.0))
    assert share.tolist() == [0.0, 0.5]
    assert torch.isfinite((segment_losses(make_model(), without_reason[0]) * share).sum())
