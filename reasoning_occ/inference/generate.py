"""Writing reasons: many prompts at once, greedily, or several samples after each."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from reasoning_occ.inference.cache import keep_rows, roomy_cache
from reasoning_occ.inference.model import Parts, inference, one_product, pad_right, parts
from reasoning_occ.progress import track

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote after one prompt, without what ended it.

    ended: "stop" by the stop sequence, "eos" by an end-of-text token, "cut" by the limit on new tokens.
    """

    ids: list[int]
    ended: Literal["stop", "eos", "cut"]


def generate_reasons(
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    *,
    stop: Sequence[int],
    eos: Collection[int],
    max_new_tokens: int,
    batch_size: int,
    label: str | None,
) -> list[Written]:
    """Write after each prompt, greedily, until the model closes its reason.

    The same tokens as one prompt at a time without a cache, but for ties and rounding: in fp32 tests find no
    difference, in bf16 a near-tie may fall the other way with other neighbours in the batch.

    Args:
        model: a transformers causal language model, or a peft model around one.
        prompts: token ids, what opens the reason included.
        stop: ids that close a reason; a row is done when its new tokens end with them.
        eos: ids that end any text.
        max_new_tokens: most tokens written after a prompt, those of `stop` included.
        batch_size: prompts that go through the model together.
        label: what a progress bar says; `None` for no bar.

    Returns:
        One a prompt, in the order given. How many were cut is logged.

    Raises:
        UserError: a prompt and `max_new_tokens` don't fit the model's window.
        ValueError: an empty prompt, an empty `stop`, or a limit below one.
    """
    written = _written(model, prompts, 1, _greedy, stop, eos, max_new_tokens, batch_size, label)
    return [one for (one,) in written]


def sample_reasons(
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    *,
    samples: int,
    temperature: float,
    seeds: Sequence[int],
    stop: Sequence[int],
    eos: Collection[int],
    max_new_tokens: int,
    batch_size: int,
    label: str | None,
) -> list[list[Written]]:
    """Write several texts after each prompt, drawn from the model; a prompt is encoded once for all of them.

    Args:
        samples: texts a prompt.
        temperature: logits are divided by it: 1 draws from the model as it is, less draws likelier tokens more often.
        seeds: of each prompt; with a sample's number it fixes what is drawn, whatever the batch.
        model, prompts, stop, eos, max_new_tokens, label: as in `generate_reasons`.
        batch_size: texts that are written together; all samples of a prompt always are.

    Returns:
        The samples of each prompt, in the order given.

    Raises:
        UserError, ValueError: as `generate_reasons`; also ValueError for fewer than one sample, a temperature
            of 0 or less, or not one seed a prompt.
    """
    if samples < 1 or temperature <= 0:
        raise ValueError(f"expected samples of 1 or more and a temperature above 0, got {samples} and {temperature}")
    if len(seeds) != len(prompts):
        raise ValueError(f"expected a seed for each of {len(prompts)} prompts, got {len(seeds)}")
    draw = _Drawing(temperature, seeds, samples)
    return _written(model, prompts, samples, draw, stop, eos, max_new_tokens, batch_size, label)


Choose = Callable[[Float[Tensor, "b v"], Sequence[int]], list[int]]
"""From logits, and the numbers of the texts that they belong to, the next token of each."""


def _greedy(logits_bv: Float[Tensor, "b v"], texts: Sequence[int]) -> list[int]:
    return logits_bv.argmax(dim=-1).tolist()


class _Drawing:
    """Draws tokens by their probabilities, every text from a stream of random numbers of its own."""

    def __init__(self, temperature: float, seeds: Sequence[int], samples: int) -> None:
        self._temperature = temperature
        self._seeds = seeds
        self._samples = samples
        self._streams: dict[int, np.random.Generator] = {}

    def __call__(self, logits_bv: Float[Tensor, "b v"], texts: Sequence[int]) -> list[int]:
        for text in texts:
            if text not in self._streams:
                prompt, sample = divmod(text, self._samples)
                self._streams[text] = np.random.default_rng([self._seeds[prompt], sample])
        upto_bv = (logits_bv.double() / self._temperature).softmax(-1).cumsum(-1)
        drawn_b = torch.tensor([self._streams[text].random() for text in texts], dtype=torch.float64)
        # the sum of all may fall short of 1 by rounding
        drawn_b1 = drawn_b.to(upto_bv.device)[:, None] * upto_bv[:, -1:]
        return torch.searchsorted(upto_bv, drawn_b1, right=True).squeeze(1).clamp_(max=logits_bv.shape[1] - 1).tolist()


def _written(
    model: nn.Module,
    prompts: Sequence[Sequence[int]],
    samples: int,
    choose: Choose,
    stop: Sequence[int],
    eos: Collection[int],
    max_new_tokens: int,
    batch_size: int,
    label: str | None,
) -> list[list[Written]]:
    if not all(len(prompt) for prompt in prompts) or not len(stop) or max_new_tokens < 1:
        raise ValueError("expected prompts and a stop sequence that are not empty, and at least one new token")
    if not prompts:
        return []
    inside = parts(model)
    inside.check_room(max(len(prompt) for prompt in prompts) + max_new_tokens)
    ends = _Ends(tuple(stop), frozenset(eos), max_new_tokens)
    done = _all_written(inside, prompts, samples, choose, ends, batch_size)
    texts = len(prompts) * samples
    with inference(model), one_product(model):
        bar = track(done, label, total=texts) if label is not None else done
        written = dict(bar)
    cut = sum(one.ended == "cut" for one in written.values())
    if cut:
        log.warning("%d of %d reasons were cut off at %d tokens.", cut, texts, max_new_tokens)
    return [[written[number * samples + sample] for sample in range(samples)] for number in range(len(prompts))]


class _Ends(NamedTuple):
    """What ends a row."""

    stop: tuple[int, ...]
    eos: frozenset[int]
    limit: int

    def of(self, new: list[int]) -> Written | None:
        """What a row has written if its last token ended it."""
        if tuple(new[-len(self.stop) :]) == self.stop:
            return Written(new[: -len(self.stop)], "stop")
        if new[-1] in self.eos:
            return Written(new[:-1], "eos")
        return Written(list(new), "cut") if len(new) == self.limit else None


def _all_written(
    inside: Parts, prompts: Sequence[Sequence[int]], samples: int, choose: Choose, ends: _Ends, size: int
) -> Iterator[tuple[int, Written]]:
    # like lengths together, so that little is padding; longest first, so that memory runs out at once or never
    order = sorted(range(len(prompts)), key=lambda number: -len(prompts[number]))
    together = max(1, size // samples)
    for start in range(0, len(order), together):
        numbers = order[start : start + together]
        rows = _Rows(inside, [prompts[number] for number in numbers], samples, ends.limit)
        texts = [number * samples + sample for number in numbers for sample in range(samples)]
        new: dict[int, list[int]] = {text: [] for text in texts}
        while texts:
            going = []
            for place, (text, token) in enumerate(zip(texts, choose(rows.logits_bv, texts), strict=True)):
                new[text].append(token)
                if (end := ends.of(new[text])) is None:
                    going.append(place)
                else:
                    yield text, end
            if len(going) < len(texts):
                rows.keep(going)
                texts = [texts[place] for place in going]
            if texts:
                rows.step([new[text][-1] for text in texts])


class _Rows:
    """Rows that are being written together: their cache, and the logits of what comes next.

    Every prompt is encoded once, then stands in as many rows as samples are written after it.
    """

    def __init__(self, inside: Parts, prompts: Sequence[Sequence[int]], samples: int, limit: int) -> None:
        self._inside = inside
        ids_bs, self._length_b = pad_right([torch.tensor(prompt, dtype=torch.long) for prompt in prompts], inside)
        width = ids_bs.shape[1]
        self._cache = roomy_cache(inside.config.num_hidden_layers, width + limit)
        hidden_bsd = inside.hidden(ids_bs, past_key_values=self._cache, use_cache=True)
        self.logits_bv = inside.head(hidden_bsd[torch.arange(len(prompts)), self._length_b - 1])
        self._mask_b11k = self._hide_padding(width, limit)
        self._written = 0
        if samples > 1:
            self.keep([row for row in range(len(prompts)) for _ in range(samples)])

    def _hide_padding(self, width: int, limit: int) -> Float[Tensor, "b 1 1 k"]:
        # new tokens stand behind the padding in the cache; their position ids go on from the prompt's end
        place = torch.arange(width + limit, device=self._inside.device)
        padding_bk = (place >= self._length_b[:, None]) & (place < width)
        mask_bk = torch.zeros(padding_bk.shape, dtype=self._inside.dtype, device=self._inside.device)
        return mask_bk.masked_fill_(padding_bk, torch.finfo(mask_bk.dtype).min)[:, None, None, :]

    def keep(self, places: list[int]) -> None:
        """Let the rows at these places stay, as often as they are named, and all others go."""
        if not places:
            return
        rows: Int[Tensor, " b"] = torch.tensor(places, device=self._inside.device)
        keep_rows(self._cache, rows)
        self._length_b, self._mask_b11k = self._length_b[rows], self._mask_b11k[rows]
        self.logits_bv = self.logits_bv[rows]

    def step(self, tokens: list[int]) -> None:
        """Append one token to each row and find what comes next."""
        filled = self._cache.get_seq_length() + 1
        hidden_b1d = self._inside.hidden(
            torch.tensor(tokens, device=self._inside.device)[:, None],
            past_key_values=self._cache,
            use_cache=True,
            attention_mask=self._mask_b11k[..., :filled],
            position_ids=(self._length_b + self._written)[:, None],
        )
        self._written += 1
        self.logits_bv = self._inside.head(hidden_b1d[:, 0])
