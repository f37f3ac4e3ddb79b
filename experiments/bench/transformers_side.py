"""One training of BERT4Rec by Hugging Face's BERT on careers that sequence_check.py wrote; needs torch and
transformers, and nothing of this project.

    python transformers_side.py FOLDER

The model is `BertForMaskedLM` with occupations for words, as in Petrov and Macdonald's replication of BERT4Rec
(arXiv 2207.07483). In every career a share of the jobs is masked, and so is the one after the last; loss is the mean
of the log-losses of what the masks hide, as the model's own. FOLDER/task.json and FOLDER/scores.npy: as of
recbole_side.py; its settings also say whether the softmax of training leaves out the occupation before a mask
(`present_left_out`), which never comes next.
"""

import copy
import json
import sys
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertForMaskedLM

UNASKED = -100
"""Of the labels: BERT's loss leaves such places out."""


def model_of(task, settings):
    """BERT with a word for each occupation, then one for padding and one for masks."""
    n = task["occupations"]
    config = BertConfig(
        vocab_size=n + 2,
        pad_token_id=n,
        hidden_size=settings["hidden_size"],
        num_hidden_layers=settings["n_layers"],
        num_attention_heads=settings["n_heads"],
        intermediate_size=settings["inner_size"],
        hidden_dropout_prob=settings["hidden_dropout_prob"],
        attention_probs_dropout_prob=settings["attn_dropout_prob"],
        max_position_embeddings=settings["MAX_ITEM_LIST_LENGTH"] + 1,
    )
    return BertForMaskedLM(config)


def padded(rows, filler):
    """Rows of unequal length as one array, and which of its places are real."""
    width = max(map(len, rows))
    words_bs = torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows])
    real_bs = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return words_bs, real_bs


def masked(careers, task, settings, drawn):
    """What BERT reads of some careers in learning, where, and what each mask hides."""
    n = task["occupations"]
    words_bs, real_bs = padded(careers, n)
    last_bs = torch.arange(words_bs.shape[1]) == real_bs.sum(1, keepdim=True) - 1
    hidden_bs = (torch.rand(words_bs.shape, generator=drawn) < settings["mask_ratio"]) & real_bs.bool() | last_bs
    return torch.where(hidden_bs, n + 1, words_bs), real_bs, torch.where(hidden_bs, words_bs, UNASKED)


def loss(model, words_bs, real_bs, labels_bs, careers_bs, left_out):
    """Mean log-loss over masks. careers_bs: the words without masks; left_out: see above."""
    if not left_out:
        return model(input_ids=words_bs, attention_mask=real_bs, labels=labels_bs).loss
    logits_bsv = model(input_ids=words_bs, attention_mask=real_bs).logits
    before = torch.nn.functional.one_hot(careers_bs[:, :-1], logits_bsv.shape[-1]).bool()
    logits_bsv[:, 1:] = logits_bsv[:, 1:].masked_fill(before, -torch.inf)
    return torch.nn.functional.cross_entropy(logits_bsv.flatten(0, 1), labels_bs.flatten(), ignore_index=UNASKED)


def scores(model, rows, task):
    """Of each row a score for every occupation at a mask after its jobs; -inf for the present one."""
    n = task["occupations"]
    out = []
    model.eval()
    with torch.no_grad():
        for start in range(0, len(rows), 512):
            part = rows[start : start + 512]
            words_bs, real_bs = padded([[*row["jobs"], n + 1] for row in part], n)
            logits_bsv = model(input_ids=words_bs, attention_mask=real_bs).logits
            found_bv = logits_bsv[torch.arange(len(part)), real_bs.sum(1) - 1, :n]
            found_bv[torch.arange(len(part)), torch.tensor([row["jobs"][-1] for row in part])] = -torch.inf
            out.append(found_bv)
    return torch.cat(out)


def main(folder):
    """Train until validation people's log-loss gets no better, then score test rows with the weights of the best
    epoch."""
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    settings = task["settings"]
    torch.manual_seed(task["seed"])
    drawn = torch.Generator().manual_seed(task["seed"])
    most = settings["MAX_ITEM_LIST_LENGTH"]
    rows = {part: [row | {"jobs": row["jobs"][-most:]} for row in task[part]] for part in ("train", "valid", "test")}
    longest = {row["person"]: row for row in sorted(rows["train"], key=lambda row: len(row["jobs"]))}
    careers = [[*row["jobs"], row["next"]] for row in longest.values()]
    model = model_of(task, settings)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings["learning_rate"], weight_decay=settings["weight_decay"]
    )
    valid_next = torch.tensor([row["next"] for row in rows["valid"]])
    best, kept, since = float("inf"), model.state_dict(), 0
    for _ in range(settings["epochs"]):
        model.train()
        for places in torch.randperm(len(careers), generator=drawn).split(settings["train_batch_size"]):
            some = [careers[i] for i in places]
            read = masked(some, task, settings, drawn)
            loss(model, *read, padded(some, task["occupations"])[0], settings["present_left_out"]).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), **settings["clip_grad_norm"])
            optimizer.step()
            optimizer.zero_grad()
        found = torch.nn.functional.cross_entropy(scores(model, rows["valid"], task), valid_next).item()
        if found < best:
            best, kept, since = found, copy.deepcopy(model.state_dict()), 0
        else:
            since += 1
        if since > settings["stopping_step"]:
            break
    model.load_state_dict(kept)
    np.save(folder / "scores.npy", scores(model, rows["test"], task).numpy())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
