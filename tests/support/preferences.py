"""Pairs for tiny models, settings, and the loss over pairs written as its formula: slow and plain."""

import numpy as np
import torch

from reasoning_occ.language.example import Example, Segment
from reasoning_occ.training.preference_pairs import PreferencePair
from reasoning_occ.training.preference_settings import PreferenceSettings

VOCABULARY = 32


def tiny_pairs(count: int, seed: int = 0, transitions: int = 3) -> list[PreferencePair]:
    """Reasons of unequal lengths after prompts that grow; the chosen ones begin with token 5, the rejected ones with 6,
    after a first token that they share. Every second person has two pairs for a transition."""
    generator = np.random.default_rng(seed)
    pairs: list[PreferencePair] = []
    prompt = np.zeros(0, dtype=np.int64)
    for number in range(count):
        person, past = divmod(number, transitions)
        more = generator.integers(7, VOCABULARY, size=generator.integers(3, 8))
        prompt = np.concatenate([prompt, more]) if past else more
        for _ in range(1 + person % 2):
            texts = [
                np.concatenate([[4], [first], generator.integers(7, VOCABULARY, size=generator.integers(1, 7)), [3]])
                for first in (5, 6)
            ]
            pairs.append(PreferencePair(*(_example((f"person-{person}", past), prompt, text) for text in texts)))
    return pairs


def _example(key, prompt, reason):
    answer = [prompt[-1], 2]
    segments = [Segment.PROMPT] * len(prompt) + [Segment.REASON] * len(reason) + [Segment.ANSWER] * len(answer)
    return Example(key, np.concatenate([prompt, reason, answer]).astype(np.int64), np.array(segments, dtype=np.int8))


def choices(**changed) -> PreferenceSettings:
    """Settings, with any of them changed."""
    values = {
        "loss": "sigmoid",
        "beta": 0.1,
        "over": "reason",
        "rpo_alpha": 0.0,
        "length_normalised": False,
        "epochs": 2,
        "max_steps": None,
        "lr": 1e-2,
        "warmup": 0.1,
        "batch": 4,
    }
    return PreferenceSettings(**{**values, **changed})


def plain_logps(model, examples, over):
    """Of each example as a sequence of its own, by the model's own forward: (log-probability, tokens)."""
    kinds = [Segment.REASON] if over == "reason" else [Segment.REASON, Segment.ANSWER]
    out = []
    for example in examples:
        logits = model(torch.from_numpy(example.ids)[None]).logits[0, :-1].float()
        log_probs = logits.log_softmax(-1)[torch.arange(len(example) - 1), torch.from_numpy(example.ids[1:])]
        counted = torch.from_numpy(np.isin(example.segments[1:], kinds))
        out.append((log_probs[counted].sum(), int(counted.sum())))
    return out


def plain_loss(model, reference, pairs, settings):
    """The formula, a pair at a time."""
    losses, nll, tokens, rewards, gains = [], [], 0, [], []
    for pair, (ref_chosen, ref_rejected) in zip(pairs, reference, strict=True):
        (chosen, n), (rejected, m) = plain_logps(model, [pair.chosen, pair.rejected], settings.over)
        better, worse = chosen - ref_chosen, rejected - ref_rejected
        gains.append((better**2 + worse**2) / 4)
        if settings.length_normalised:
            better, worse = better / n, worse / m
        losses.append(-torch.log(1 / (1 + torch.exp(-settings.beta * (better - worse)))))
        nll.append(-chosen)
        tokens += n
        rewards.append((settings.beta * better, settings.beta * worse))
    sft = sum(nll) / tokens
    figures = {
        "loss_preference": float(sum(losses).detach()) / len(pairs),
        "loss_sft": float(sft.detach()),
        "reward_chosen": float(sum(r for r, _ in rewards).detach()) / len(pairs),
        "reward_rejected": float(sum(r for _, r in rewards).detach()) / len(pairs),
        "reward_margin": float(sum(a - b for a, b in rewards).detach()) / len(pairs),
        "reward_accuracy": sum(float(a > b) for a, b in rewards) / len(pairs),
        "kl": float(sum(gains).detach()) / len(pairs),
    }
    return sum(losses) / len(pairs) + settings.rpo_alpha * sft, figures


def reference_of(model, pairs, over):
    with torch.no_grad():
        return [[float(p) for p, _ in plain_logps(model, [pair.chosen, pair.rejected], over)] for pair in pairs]
