import torch

from reasoning_occ.language.example import Segment
from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.batches import trees_of
from reasoning_occ.training.loss import SegmentWeights, log_probabilities, segment_counts, segment_losses, share_of_each
from reasoning_occ.training.tree import pack


def gradients(model, loss):
    wanted = [p for p in model.parameters() if p.requires_grad]
    # as one vector, in the order of the parameters
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, wanted)])


def test_how_a_step_is_cut_does_not_matter(make_model, make_examples):
    model, trees = make_model(), trees_of(make_examples(9), 1024)

    def of(cut):
        rows = [pack(part) for part in cut]
        share = share_of_each(segment_counts(rows), SegmentWeights(0.5, 2.0))
        with tree_attention(model, "cpu"):
            loss = sum((segment_losses(model, row) * share).sum() for row in rows)
            return loss, gradients(model, loss)

    whole, whole_gradient = of([trees])
    assert whole_gradient.norm() > 0
    for cut in ([trees[:2], trees[2:]], [[tree] for tree in trees]):
        loss, gradient = of(cut)
        torch.testing.assert_close(loss, whole, rtol=1e-5, atol=0)
        assert (gradient - whole_gradient).norm() <= 1e-5 * whole_gradient.norm()


def test_counts_are_those_of_the_examples(make_examples):
    examples = make_examples(9)
    trees = trees_of(examples, 1024)
    counts = segment_counts([pack(trees[:4]), pack(trees[4:])]).tolist()
    assert counts == [sum(int((e.segments == s).sum()) for e in examples) for s in (Segment.REASON, Segment.ANSWER)]
    assert counts == [18, 18]


def test_log_probabilities_of_the_segments_add_up_to_the_losses(make_model, make_examples):
    model, row = make_model(), pack(trees_of(make_examples(6), 1024))
    with tree_attention(model, "cpu"), torch.no_grad():
        reason, answer = segment_losses(model, row)
        by_reason = log_probabilities(model, row, [Segment.REASON])
        both = log_probabilities(model, row, [Segment.REASON, Segment.ANSWER])
    torch.testing.assert_close(-by_reason.sum(), reason)
    torch.testing.assert_close(-both.sum(), reason + answer)
    assert by_reason[0] == 0 and (both < 0).all()  # the first has no reason


def test_a_segment_without_tokens_adds_nothing(make_model, make_examples):
    without_reason, model = [pack(trees_of(make_examples(1), 1024))], make_model()
    counts = segment_counts(without_reason)
    assert counts.tolist() == [0, 2]
    share = share_of_each(counts, SegmentWeights(1.0, 1.0))
    assert share.tolist() == [0.0, 0.5]
    with tree_attention(model, "cpu"):
        assert torch.isfinite((segment_losses(model, without_reason[0]) * share).sum())
