"""Attention over rows in which sequences share what they begin with: one interface, several ways to compute it.

A row is cut into branches. A token sees the branch's history (stretches of the row, oldest first) and its own branch
up to itself; nothing else, so trees of different people may stand in one row. The ways are registered with
transformers, whose model code stays as it is:

    with tree_attention(model, way="cpu"):
        model.get_decoder()(input_ids=ids_1t, position_ids=position_1t, use_cache=False, layout=layout)
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.attention.flex_attention import BlockMask, create_block_mask, flex_attention
from torch.nn.attention.varlen import varlen_attn
from transformers import AttentionInterface

from reasoning_occ.errors import UserError
from reasoning_occ.models.causal import causal


class Branch(NamedTuple):
    """The tokens `start` to `stop` (not included) of a row, and the stretches of the row that are their history."""

    start: int
    stop: int
    before: tuple[tuple[int, int], ...]

    def moved(self, by: int) -> "Branch":
        """The same branch in a row in which it stands `by` tokens later."""
        return Branch(self.start + by, self.stop + by, tuple((start + by, stop + by) for start, stop in self.before))


@dataclass(frozen=True)
class Layout:
    """How the tokens of a row see each other. The branches follow one another and cover the row."""

    branches: tuple[Branch, ...]

    def sees(self) -> Bool[Tensor, "t t"]:
        """Row i marks the tokens that token i sees: the definition, which every way of computing must follow."""
        size = self.branches[-1].stop
        sees_tt = torch.zeros(size, size, dtype=torch.bool)
        for start, stop, before in self.branches:
            for first, end in before:
                sees_tt[start:stop, first:end] = True
            sees_tt[start:stop, start:stop] = torch.ones(stop - start, stop - start, dtype=torch.bool).tril()
        return sees_tt

    @cached_property
    def numbers(self) -> tuple[Int[Tensor, " t"], Int[Tensor, " t"]]:
        """Each token's number when the trees are walked depth first, and the number after its last descendant.

        Token i sees token j if and only if number[j] <= number[i] < after[j].
        """
        sees_from: dict[int, list[int]] = {}  # last token of a branch's history -> branches that begin there
        for place, branch in enumerate(self.branches):
            sees_from.setdefault(branch.before[-1][1] - 1 if branch.before else -1, []).append(place)
        number = torch.zeros(self.branches[-1].stop, dtype=torch.long)
        after = torch.zeros_like(number)
        count = 0
        # a stack, not recursion: a branch is entered, its tokens are numbered with all that hangs on them, it is left
        stack: list[tuple[int, int]] = [(place, self.branches[place].start) for place in reversed(sees_from[-1])]
        while stack:
            place, token = stack.pop()
            start, stop, _ = self.branches[place]
            if token == stop:
                after[start:stop] = count
                continue
            number[token] = count
            count += 1
            stack.append((place, token + 1))
            stack += [(child, self.branches[child].start) for child in reversed(sees_from.get(token, []))]
        return number, after

    def block_mask(self, device: torch.device) -> BlockMask:
        """The same for FlexAttention; made once for all layers."""
        if device not in self._block_masks:
            number_t, after_t = (numbers.to(device) for numbers in self.numbers)

            def sees(_batch: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
                return (number_t[key] <= number_t[query]) & (number_t[query] < after_t[key])

            size = len(number_t)
            self._block_masks[device] = create_block_mask(sees, None, None, size, size, device=str(device))
        return self._block_masks[device]

    def sequences(self, device: torch.device) -> "Sequences":
        """The same as sequences of queries and of keys, for kernels of uneven lengths; made once for all layers."""
        if device not in self._sequences:
            seen = [[*before, (start, stop)] for start, stop, before in self.branches]
            length = [stop - start for start, stop, _ in self.branches]
            history = [sum(end - first for first, end in stretches) for stretches in seen]
            place_s = torch.cat([torch.arange(first, end) for stretches in seen for first, end in stretches])
            begins_q, begins_s = (torch.tensor([0, *sizes]).cumsum(0).int().to(device) for sizes in (length, history))
            self._sequences[device] = Sequences(place_s.to(device), begins_q, begins_s, max(length), max(history))
        return self._sequences[device]

    @cached_property
    def _sequences(self) -> dict[torch.device, "Sequences"]:
        return {}

    @cached_property
    def _block_masks(self) -> dict[torch.device, BlockMask]:
        return {}


class Sequences(NamedTuple):
    """Branches, each with a copy of the keys that it sees. n: branches, s: keys, copies counted.

    place_s: where in the row a key stands.
    begins_q, begins_s: where each branch's queries and keys begin, and where the last ones end.
    most_q, most_s: queries and keys of the longest.
    """

    place_s: Int[Tensor, " s"]
    begins_q: Int[Tensor, " n_and_1"]
    begins_s: Int[Tensor, " n_and_1"]
    most_q: int
    most_s: int


def reference(
    query_htd: Float[Tensor, "h t d"],
    key_gtd: Float[Tensor, "g t d"],
    value_gtd: Float[Tensor, "g t d"],
    layout: Layout,
    scaling: float,
) -> Float[Tensor, "t h d"]:
    """All scores, then those that may not be seen struck out: slow and obvious; the others are tested against it."""
    repeat = len(query_htd) // len(key_gtd)
    key_htd, value_htd = key_gtd.repeat_interleave(repeat, 0), value_gtd.repeat_interleave(repeat, 0)
    scores_htt = (query_htd @ key_htd.transpose(1, 2)) * scaling
    scores_htt = scores_htt.masked_fill(~layout.sees().to(scores_htt.device), float("-inf"))
    return (scores_htt.softmax(-1, dtype=torch.float32).to(value_htd.dtype) @ value_htd).transpose(0, 1)


class _Products(torch.autograd.Function):
    """Branch by branch, matrix products over just what the branch sees; the gradient by hand.

    Left to autograd, every slice of keys and values would get a gradient of the row's full size.
    g: groups of heads that share keys, r: heads a group, l: tokens of the branch, s: tokens it sees.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        query_htd, key_gtd, value_gtd, branches, scaling = inputs
        groups = len(key_gtd)
        out_thd = query_htd.new_empty(query_htd.shape[1], len(query_htd), query_htd.shape[2])
        probabilities = []
        for branch in branches:
            length = branch.stop - branch.start
            key_gsd, value_gsd = _seen(key_gtd, branch), _seen(value_gtd, branch)
            query_gnd = query_htd[:, branch.start : branch.stop].reshape(groups, -1, query_htd.shape[2])
            hidden_1ns = _hidden(length, key_gsd.shape[1], query_gnd.shape[1] // length, query_htd)
            scores_gns = torch.baddbmm(hidden_1ns, query_gnd, key_gsd.transpose(1, 2), alpha=scaling)
            p_gns = scores_gns.softmax(-1, dtype=torch.float32).to(query_htd.dtype)
            out_hld = torch.bmm(p_gns, value_gsd).view(len(query_htd), length, -1)
            out_thd[branch.start : branch.stop] = out_hld.transpose(0, 1)
            probabilities.append(p_gns)
        ctx.save_for_backward(query_htd, key_gtd, value_gtd, *probabilities)
        ctx.branches, ctx.scaling = branches, scaling
        return out_thd

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        query_htd, key_gtd, value_gtd, *probabilities = ctx.saved_tensors
        (grad_thd,) = grad_outputs
        groups, heads, width = len(key_gtd), len(query_htd), query_htd.shape[2]
        query_grad = torch.empty_like(query_htd)
        # many branches add to the same history: in fp32, rounded once
        key_grad = torch.zeros_like(key_gtd, dtype=torch.float32, memory_format=torch.contiguous_format)
        value_grad = torch.zeros_like(key_grad)
        for branch, p_gns in zip(ctx.branches, probabilities, strict=True):
            own = slice(branch.start, branch.stop)
            key_gsd, value_gsd = _seen(key_gtd, branch), _seen(value_gtd, branch)
            query_gnd = query_htd[:, own].reshape(groups, -1, width)
            grad_gnd = grad_thd[own].transpose(0, 1).reshape(groups, -1, width)
            p_grad_gns = torch.bmm(grad_gnd, value_gsd.transpose(1, 2))
            scores_grad_gns = torch.ops.aten._softmax_backward_data(p_grad_gns, p_gns, -1, p_gns.dtype)
            query_grad[:, own] = (torch.bmm(scores_grad_gns, key_gsd) * ctx.scaling).view(heads, -1, width)
            _add(key_grad, branch, torch.bmm(scores_grad_gns.transpose(1, 2), query_gnd).float() * ctx.scaling)
            _add(value_grad, branch, torch.bmm(p_gns.transpose(1, 2), grad_gnd).float())
        return query_grad, key_grad.to(key_gtd.dtype), value_grad.to(value_gtd.dtype), None, None


def _seen(states_gtd: Tensor, branch: Branch) -> Float[Tensor, "g s d"]:
    """Keys or values of a branch's history and of itself, in order."""
    stretches = [*branch.before, (branch.start, branch.stop)]
    return torch.cat([states_gtd[:, start:stop] for start, stop in stretches], dim=1)


def _add(total_gtd: Tensor, branch: Branch, seen_gsd: Tensor) -> None:
    """Add what `_seen` gave back to where it was taken from."""
    done = 0
    for start, stop in (*branch.before, (branch.start, branch.stop)):
        total_gtd[:, start:stop] += seen_gsd[:, done : done + stop - start]
        done += stop - start


def _hidden(length: int, seen: int, repeat: int, like: Tensor) -> Float[Tensor, "1 n s"]:
    """What is added to the scores of a branch of `length` tokens: -inf where a token would see what follows it."""
    future_ll = torch.full((length, length), float("-inf"), dtype=like.dtype, device=like.device).triu_(1)
    return nn.functional.pad(future_ll, (seen - length, 0)).repeat(repeat, 1)[None]


def products(
    query_htd: Float[Tensor, "h t d"],
    key_gtd: Float[Tensor, "g t d"],
    value_gtd: Float[Tensor, "g t d"],
    layout: Layout,
    scaling: float,
) -> Float[Tensor, "t h d"]:
    """Matrix products over just what each branch sees: the fastest way on a CPU."""
    return _Products.apply(query_htd, key_gtd, value_gtd, layout.branches, scaling)  # type: ignore[return-value]


def flex(
    query_htd: Float[Tensor, "h t d"],
    key_gtd: Float[Tensor, "g t d"],
    value_gtd: Float[Tensor, "g t d"],
    layout: Layout,
    scaling: float,
) -> Float[Tensor, "t h d"]:
    """FlexAttention, compiled on a GPU: blocks of the row in which nobody sees anybody are skipped."""
    attend = _flex(query_htd.device.type)
    mask = layout.block_mask(query_htd.device)
    out_1htd = attend(query_htd[None], key_gtd[None], value_gtd[None], block_mask=mask, scale=scaling, enable_gqa=True)
    return out_1htd[0].transpose(0, 1)


@cache
def _flex(device_type: str) -> Callable[..., Tensor]:
    return torch.compile(flex_attention) if device_type == "cuda" else flex_attention


def varlen(
    query_htd: Float[Tensor, "h t d"],
    key_gtd: Float[Tensor, "g t d"],
    value_gtd: Float[Tensor, "g t d"],
    layout: Layout,
    scaling: float,
) -> Float[Tensor, "t h d"]:
    """Flash attention over sequences of uneven lengths (a GPU, bf16 or fp16): what branches share is copied to each.

    The copies cost memory in proportion to the tokens that trees save; the products of the layers are saved all the
    same. On a CPU the kernel is a loop, so that the copying can be tested.
    """
    seen = layout.sequences(query_htd.device)
    query_thd, key_sgd, value_sgd = (
        states.transpose(0, 1) for states in (query_htd, key_gtd[:, seen.place_s], value_gtd[:, seen.place_s])
    )
    attend: Any = varlen_attn if query_thd.is_cuda else _varlen_loop
    # window (-1, 0): each query sees all keys of its sequence but those that follow it, the last query all
    return attend(
        query_thd.contiguous(),
        key_sgd.contiguous(),
        value_sgd.contiguous(),
        seen.begins_q,
        seen.begins_s,
        seen.most_q,
        seen.most_s,
        scale=scaling,
        window_size=(-1, 0),
        enable_gqa=len(query_htd) != len(key_gtd),
    )


def _varlen_loop(
    query_thd: Tensor,
    key_sgd: Tensor,
    value_sgd: Tensor,
    begins_q: Tensor,
    begins_s: Tensor,
    *_: int,
    scale: float,
    window_size: tuple[int, int],
    enable_gqa: bool,
) -> Tensor:
    """What `varlen_attn` computes, one sequence after the other."""
    out = []
    for (q, q_end), (s, s_end) in zip(pairwise(begins_q.tolist()), pairwise(begins_s.tolist()), strict=True):
        query_hqd, key_gsd, value_gsd = (
            states.transpose(0, 1) for states in (query_thd[q:q_end], key_sgd[s:s_end], value_sgd[s:s_end])
        )
        length, seen = q_end - q, s_end - s
        sees_qs = torch.ones(length, seen, dtype=torch.bool, device=query_thd.device).tril(seen - length)
        out_hqd = nn.functional.scaled_dot_product_attention(
            query_hqd, key_gsd, value_gsd, attn_mask=sees_qs, scale=scale, enable_gqa=enable_gqa
        )
        out.append(out_hqd.transpose(0, 1))
    return torch.cat(out)


# no name has "flash" in it: transformers would look for a kernel of its own by that name
WAYS: dict[str, Callable[[Tensor, Tensor, Tensor, Layout, float], Tensor]] = {
    "reference": reference,
    "cpu": products,
    "flex": flex,
    "varlen": varlen,
}
"""By name: how attention over a row can be computed."""


def _interface(way: str) -> Any:
    compute = WAYS[way]

    def attend(
        module: nn.Module,
        query_1htd: Tensor,
        key_1gtd: Tensor,
        value_1gtd: Tensor,
        attention_mask: None,
        *,
        scaling: float,
        layout: Layout,
        **_: Any,
    ) -> tuple[Float[Tensor, "1 t h d"], None]:
        # under autocast, norms and rotations of weights that learn leave queries and keys in fp32
        query_htd, key_gtd, value_gtd = (s[0].to(value_1gtd.dtype) for s in (query_1htd, key_1gtd, value_1gtd))
        return compute(query_htd, key_gtd, value_gtd, layout, scaling)[None], None

    return torch.compiler.disable(attend)  # other shapes in every row: compiled layers call it from outside


for _way in WAYS:
    # no mask function is registered beside it: transformers then makes no mask, and guesses none from positions
    AttentionInterface.register(f"tree_{_way}", _interface(_way))


def fastest(device: torch.device) -> str:
    """The way that trains fastest on a device."""
    return "flex" if device.type == "cuda" else "cpu"


@contextmanager
def tree_attention(model: nn.Module, way: str) -> Iterator[None]:
    """Within it, `model` attends by a layout, computed in one of `WAYS`; afterwards as before.

    Raises:
        UserError: the model has layers without full attention.
    """
    inner = causal(model)
    kinds: Sequence[str] = getattr(inner.config, "layer_types", None) or ()
    if any(kind != "full_attention" for kind in kinds):
        raise UserError(
            f"The model ({inner.config.model_type}) has layers without full attention, which training over career "
            "trees does not support. Choose another model, or turn its sliding window off."
        )
    before = inner.config._attn_implementation
    inner.set_attn_implementation(f"tree_{way}")
    try:
        yield
    finally:
        inner.set_attn_implementation(before)
