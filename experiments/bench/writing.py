"""Writing reasons against HF generate, greedily at several batch sizes, and several samples after one prompt."""

from collections.abc import Iterator
from functools import partial

import torch
from torch import nn

from experiments.bench import work
from experiments.bench.measure import Comparison, in_turn, timed
from reasoning_occ.inference.generate import generate_reasons, sample_reasons
from reasoning_occ.inference.model import inference

SAMPLES = 8
NEVER = -1
"""No token: every row is written to its full length, so that both sides do the same work."""


def _prompts(count: int) -> list[list[int]]:
    speaks = work.language()
    return [speaks.prompt_ids(list(career.transitions())[-1].history).tolist() for career in work.careers(count)]


def _theirs(model: nn.Module, prompts: list[list[int]], new: int, samples: int) -> str:
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    with inference(model):
        out = model.generate(  # type: ignore[operator]
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=new,
            min_new_tokens=new,
            do_sample=samples > 1,
            num_return_sequences=samples,
            pad_token_id=0,
            top_k=0,
            top_p=1.0,
        )
    return f"begins {out[0, width : width + 3].tolist()}"


def _ours(model: nn.Module, prompts: list[list[int]], new: int, samples: int) -> str:
    given = {"stop": [NEVER], "eos": (), "max_new_tokens": new, "batch_size": len(prompts) * samples, "label": None}
    if samples == 1:
        first = generate_reasons(model, prompts, **given)[0]
    else:
        first = sample_reasons(model, prompts, samples=samples, temperature=1.0, seeds=[0], **given)[0][0]
    return f"begins {first.ids[:3]}"


def compare(quick: bool) -> Iterator[Comparison]:
    """Batches of one to many, then samples."""
    model = work.model("bf16", young=False).eval()
    theirs = work.merged(model)
    new = 8 if quick else 40
    for batch in (8,) if quick else (1, 8, 32):
        yield _pair(theirs, model, _prompts(batch), new, 1, 1 if quick else 2, 2.0 if batch == 32 else None)
    yield _pair(theirs, model, _prompts(1), new, SAMPLES, 1 if quick else 2, None)


def _pair(
    theirs: nn.Module,
    model: nn.Module,
    prompts: list[list[int]],
    new: int,
    samples: int,
    rounds: int,
    goal: float | None,
) -> Comparison:
    what = f"{len(prompts)} prompts, greedily" if samples == 1 else f"one prompt, {samples} samples"
    return in_turn(
        f"writing {new} tokens, bf16; {what}",
        "token",
        {
            "HF generate": timed(partial(_theirs, theirs, prompts, new, samples)),
            "ours": timed(partial(_ours, model, prompts, new, samples)),
        },
        units=dict.fromkeys(("HF generate", "ours"), float(len(prompts) * samples * new)),
        rounds=rounds,
        goal=goal,
    )
