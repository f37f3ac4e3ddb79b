import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from reasoning_occ.training import head_loss
from reasoning_occ.training.head_loss import head_losses


@pytest.mark.parametrize("learns", [True, False])
@pytest.mark.parametrize("held", [1, 7 * 50, 2**22])
def test_losses_and_gradients_equal_cross_entropy_over_all_logits(monkeypatch, learns, held):
    monkeypatch.setattr(head_loss, "_LOGITS", held)
    torch.manual_seed(0)
    head = nn.Linear(16, 50, bias=False).requires_grad_(learns)
    hidden, labels = torch.randn(23, 16, requires_grad=True), torch.randint(0, 50, (23,))
    wanted = [hidden, *head.parameters()] if learns else [hidden]
    pull = torch.randn(23)
    slow = F.cross_entropy(head(hidden), labels, reduction="none")
    fast = head_losses(head, hidden, labels)
    torch.testing.assert_close(fast, slow)
    expected = torch.autograd.grad(slow, wanted, pull)
    for got, one in zip(torch.autograd.grad(fast, wanted, pull), expected, strict=True):
        torch.testing.assert_close(got, one, rtol=1e-5, atol=1e-6)


def test_in_bf16_losses_are_in_fp32_and_as_near_as_the_plain_way():
    torch.manual_seed(0)
    head, hidden, labels = nn.Linear(64, 500, bias=False), torch.randn(40, 64), torch.randint(0, 500, (40,))
    exact = F.cross_entropy(head(hidden), labels, reduction="none")
    head, hidden = head.bfloat16(), hidden.bfloat16().requires_grad_()
    fast, plain = head_losses(head, hidden, labels), F.cross_entropy(head(hidden).float(), labels, reduction="none")
    assert fast.dtype == torch.float32
    torch.testing.assert_close(fast, plain)
    assert (fast - exact).norm() < 0.02 * exact.norm()
    ours, theirs = (torch.autograd.grad(way.sum(), hidden)[0].float() for way in (fast, plain))
    assert (ours - theirs).norm() < 0.01 * theirs.norm()


def test_a_head_with_a_bias_goes_the_plain_way():
    torch.manual_seed(0)
    head, hidden, labels = nn.Linear(8, 20), torch.randn(5, 8), torch.randint(0, 20, (5,))
    torch.testing.assert_close(
        head_losses(head, hidden, labels), F.cross_entropy(head(hidden), labels, reduction="none")
    )
