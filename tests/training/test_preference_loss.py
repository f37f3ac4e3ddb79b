"""The loss over pairs, in rows of trees, against its formula on separate sequences and against trl."""

import numpy as np
import pytest
import torch
from preferences import choices, plain_loss, reference_of, tiny_pairs

from reasoning_occ.language.example import Segment
from reasoning_occ.models.tree_attention.interface import tree_attention
from reasoning_occ.training.batches import plan
from reasoning_occ.training.preference_loss import compare, row_loss, step_figures, text_tokens
from reasoning_occ.training.preference_module import PreferenceModule
from reasoning_occ.training.preference_pairs import compared_part, pair_trees
from reasoning_occ.training.tree import pack


def moved(model, seed=7, by=0.05):
    """What is learnt, moved from where SFT left it."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(by * torch.randn_like(parameter))
    return model


def gradient(model, loss):
    wanted = [p for p in model.parameters() if p.requires_grad]
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, wanted)])


def our_loss(model, reference, pairs, settings, trainer, micro_tokens):
    """As a step computes it, in rows of trees: (loss, figures). Pairs must come person by person."""
    trees = pair_trees(pairs, settings.over, micro_tokens)
    ends = np.cumsum([tree.examples // 2 for tree in trees])
    references = np.split(np.array(reference, dtype=np.float32), ends[:-1])
    (rows,) = plan(trees, seed=0, epochs=1, max_steps=None, batch=999, micro_tokens=micro_tokens)
    module = PreferenceModule(model, settings, trainer, 1)
    packed = [pack([trees[n] for n in row]) for row in rows]
    tokens = [text_tokens(row.example_m, row.examples) for row in packed]
    total, chosen = len(pairs), sum(int(t[:, 0].sum()) for t in tokens)
    loss, every = 0, []
    with tree_attention(model, "cpu"):
        for row, counted, held in zip(packed, tokens, rows, strict=True):
            given = torch.from_numpy(np.concatenate([references[n] for n in held]))
            compared = compare(module.log_probabilities(row), given, counted, settings)
            loss = loss + row_loss(compared, total, chosen, settings)
            every.append(compared.sums())
    return loss, step_figures(every, total, chosen, settings)


VARIANTS = [
    {},
    {"over": "all"},
    {"rpo_alpha": 0.7},
    {"length_normalised": True, "beta": 2.0},
    {"over": "all", "rpo_alpha": 0.3, "length_normalised": True, "beta": 1.5},
]


@pytest.mark.parametrize("changed", VARIANTS, ids=str)
@pytest.mark.parametrize("micro_tokens", [32, 4096])
def test_loss_gradient_and_figures_are_those_of_the_formula_on_separate_sequences(
    make_model, settings, changed, micro_tokens
):
    chosen, pairs, model = choices(**changed), tiny_pairs(8), make_model()
    reference = reference_of(model, pairs, chosen.over)
    moved(model)
    wanted, told = plain_loss(model, reference, pairs, chosen)
    slope = gradient(model, wanted)
    loss, figures = our_loss(model, reference, pairs, chosen, settings(), micro_tokens)
    assert figures["loss"] == pytest.approx(float(loss.detach()), rel=1e-5)
    torch.testing.assert_close(loss, wanted, rtol=1e-5, atol=1e-6)
    ours = gradient(model, loss)
    assert slope.norm() > 1e-3 and (ours - slope).norm() <= 1e-5 * slope.norm()
    assert told["reward_accuracy"] not in (0, 1) and told["kl"] > 1e-3
    for name, value in told.items():
        assert figures[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


@pytest.mark.parametrize(
    ("changed", "theirs"),
    [
        ({}, {"loss_type": ["sigmoid"]}),
        ({"over": "all", "beta": 0.3}, {"loss_type": ["sigmoid"]}),
        ({"rpo_alpha": 0.7}, {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 0.7]}),
        ({"length_normalised": True, "beta": 2.0}, {"loss_type": ["sigmoid_norm"]}),
    ],
    ids=str,
)
def test_loss_gradient_and_rewards_are_those_of_trl(make_model, settings, tmp_path, changed, theirs):
    pytest.importorskip("trl", reason="needs trl and datasets: pip install 'reasoning-occ[dev]'")
    pytest.importorskip("datasets", reason="needs trl and datasets: pip install 'reasoning-occ[dev]'")
    chosen, pairs, model = choices(**changed), tiny_pairs(8), make_model()
    trainer, batch = trl_trainer(make_model(), pairs, chosen, theirs, tmp_path)
    reference = reference_of(model, pairs, chosen.over)
    moved(model)
    with torch.no_grad():  # trl keeps a second adapter as its reference; the first one is moved as ours was
        mine = dict(model.named_parameters())
        for name, parameter in trainer.model.named_parameters():
            if ".default." in name:
                parameter.copy_(mine[name])
    wanted = trainer.compute_loss(trainer.model, batch)
    logged = {name: values[-1] for name, values in trainer._metrics["train"].items()}
    learnt = [p for name, p in trainer.model.named_parameters() if ".default." in name]
    slope = torch.cat([g.flatten() for g in torch.autograd.grad(wanted, learnt)])
    loss, figures = our_loss(model, reference, pairs, chosen, settings(), 4096)
    torch.testing.assert_close(loss, wanted, rtol=1e-5, atol=1e-6)
    ours = gradient(model, loss)
    assert slope.norm() > 1e-3 and (ours - slope).norm() <= 1e-5 * slope.norm()
    names = {"logps/chosen": "logp_chosen", "logps/rejected": "logp_rejected"}
    if not chosen.length_normalised:  # trl logs rewards of whole texts, also where its loss divides by their lengths
        names |= {"rewards/chosen": "reward_chosen", "rewards/rejected": "reward_rejected"}
        names |= {"rewards/margins": "reward_margin", "rewards/accuracies": "reward_accuracy"}
    for name, our_name in names.items():
        assert figures[our_name] == pytest.approx(logged[name], rel=1e-5, abs=1e-5), name


def trl_trainer(model, pairs, chosen, theirs, folder):
    """trl's trainer around a model, and our pairs as the batch that it would have made of them."""
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast
    from trl import DPOConfig, DPOTrainer
    from trl.trainer.dpo_trainer import DataCollatorForPreference

    words = Tokenizer(models.WordLevel({"a": 0, "b": 1, "end": 2}, unk_token="a"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="end", pad_token="end", unk_token="a")
    config = DPOConfig(
        output_dir=str(folder), beta=chosen.beta, use_cpu=True, bf16=False, gradient_checkpointing=False,
        max_length=None, report_to=[], save_strategy="no", disable_tqdm=True, remove_unused_columns=False, **theirs,
    )  # fmt: skip
    unused = Dataset.from_list([{"prompt": "a ", "chosen": "b", "rejected": "a"}])
    trainer = DPOTrainer(model=model, args=config, train_dataset=unused, processing_class=tokenizer)
    rows = []
    for pair in pairs:
        parts = [compared_part(example, chosen.over) for example in (pair.chosen, pair.rejected)]
        prompt = int((parts[0].segments == Segment.PROMPT).sum())
        ids = [part.ids.tolist() for part in parts]
        rows.append({"prompt_ids": ids[0][:prompt], "chosen_ids": ids[0][prompt:], "rejected_ids": ids[1][prompt:]})
    return trainer, DataCollatorForPreference(pad_token_id=2)(rows)
