import importlib
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning_occ.errors import UserError
from reasoning_occ.models.tree_attention import kernels
from reasoning_occ.models.tree_attention.interface import WAYS, tree_attention
from reasoning_occ.models.tree_attention.kernels import flex, varlen
from reasoning_occ.models.tree_attention.layout import Branch, Layout
from reasoning_occ.models.tree_attention.products import products
from reasoning_occ.models.tree_attention.reference import reference


@st.composite
def layouts(draw) -> Layout:
    """A few trees in one row; every branch leaves a random token of an earlier one of its tree, or begins a tree."""
    branches: list[Branch] = []
    paths: list[list[int]] = []
    size = 0
    for _ in range(draw(st.integers(1, 7))):
        other = draw(st.integers(-1, len(paths) - 1))
        path = paths[other] if other >= 0 else []
        shared = path[: draw(st.integers(1, len(path)))] if path else []
        length = draw(st.integers(1, 9))
        stretches: list[tuple[int, int]] = []
        for token in shared:
            if stretches and stretches[-1][1] == token:
                stretches[-1] = (stretches[-1][0], token + 1)
            else:
                stretches.append((token, token + 1))
        branches.append(Branch(size, size + length, tuple(stretches)))
        paths.append([*shared, *range(size, size + length)])
        size += length
    return Layout(tuple(branches))


def states(layout: Layout, heads: int, groups: int, seed: int) -> list[torch.Tensor]:
    """Query, key and value that want gradients."""
    generator = torch.Generator().manual_seed(seed)
    size = layout.branches[-1].stop
    return [torch.randn(n, size, 16, generator=generator).requires_grad_() for n in (heads, groups, groups)]


@settings(max_examples=40, deadline=None)
@given(layout=layouts(), heads=st.sampled_from([(4, 4), (4, 2), (6, 1)]), seed=st.integers(0, 99))
@pytest.mark.parametrize("way", [products, varlen])
def test_outputs_and_gradients_equal_the_reference(way, layout, heads, seed):
    """Of varlen what is tested on a CPU is the copying; attention_check.py runs its kernel on a GPU."""
    inputs = states(layout, *heads, seed)
    slow, fast = reference(*inputs, layout, 0.3), way(*inputs, layout, 0.3)
    torch.testing.assert_close(fast, slow, rtol=1e-5, atol=1e-6)
    pull = torch.randn(slow.shape, generator=torch.Generator().manual_seed(seed + 1))
    wanted = torch.autograd.grad(slow, inputs, pull)
    for got, expected in zip(torch.autograd.grad(fast, inputs, pull), wanted, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


def test_flex_equals_the_reference():
    """On a CPU FlexAttention gives no gradients; experiments/bench/attention_check.py compares them on a GPU."""
    layout = Layout(
        (Branch(0, 40, ()), Branch(40, 60, ((0, 30),)), Branch(60, 70, ((0, 30), (40, 45))), Branch(70, 90, ()))
    )
    inputs = [tensor.detach() for tensor in states(layout, 4, 2, 0)]
    torch.testing.assert_close(flex(*inputs, layout, 0.3), reference(*inputs, layout, 0.3), rtol=1e-5, atol=1e-6)


def test_a_torch_without_the_kernel_of_varlen_can_do_the_rest(monkeypatch):
    name = kernels.__name__
    monkeypatch.setitem(sys.modules, "torch.nn.attention.varlen", None)
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys.modules[name.rpartition(".")[0]], "kernels", kernels)  # an import sets it: put back after
    older = importlib.import_module(name)
    assert older is not kernels
    layout = Layout((Branch(0, 4, ()), Branch(4, 6, ((0, 3),))))
    inputs = states(layout, 4, 2, 0)
    torch.testing.assert_close(older.varlen(*inputs, layout, 0.3), reference(*inputs, layout, 0.3))
    with pytest.raises(UserError, match=r"trainer\.attention=varlen: .*newer torch"):
        older._varlen_kernel()


def test_an_older_kernel_of_varlen_is_refused(monkeypatch):
    kernels._varlen_kernel.cache_clear()
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", lambda query, key, value, window_size: query)
    with pytest.raises(UserError, match=r"trainer\.attention=varlen"):
        kernels._varlen_kernel()


@given(layout=layouts())
def test_depth_first_numbers_tell_who_sees_whom(layout):
    number, after = layout.numbers
    by_numbers = (number[None] <= number[:, None]) & (number[:, None] < after[None])
    assert torch.equal(by_numbers, layout.sees())


def test_bf16_products_are_as_near_to_fp32_as_the_reference():
    layout = Layout((Branch(0, 60, ()), Branch(60, 90, ((0, 40),)), Branch(90, 120, ((0, 20),))))
    inputs = [tensor.detach() for tensor in states(layout, 4, 2, 0)]
    narrow = [tensor.bfloat16() for tensor in inputs]
    exact = reference(*inputs, layout, 0.25)
    ours, plain = (way(*narrow, layout, 0.25).float() - exact for way in (products, reference))
    assert ours.norm() < 1.2 * plain.norm() < 0.05 * exact.norm()


def test_a_model_attends_otherwise_within_only():
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    model = LlamaForCausalLM(LlamaConfig(**shape, vocab_size=16))
    before = model.config._attn_implementation
    for way in WAYS:
        with tree_attention(model, way):
            assert model.config._attn_implementation == f"tree_{way}"
        assert model.config._attn_implementation == before
    model.config.layer_types = ["sliding_attention"]
    with pytest.raises(UserError, match="full attention"), tree_attention(model, "cpu"):
        pass
