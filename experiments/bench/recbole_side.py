"""One training of a RecBole model on careers that sequence_check.py wrote; needs RecBole, and nothing of this project.

    python recbole_side.py FOLDER

FOLDER/task.json: {"model", "seed", "settings", "occupations": how many, "train", "valid", "test": rows of "person",
"jobs" and "next"}, jobs as places in the taxonomy. FOLDER/scores.npy: a score for every occupation, one row a row of
"test". FOLDER/told.json: epochs trained.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from recbole.config import Config
from recbole.data import create_dataset, data_preparation
from recbole.trainer import Trainer
from recbole.utils import get_model, init_seed

PARTS = ("train", "valid", "test")


class ByLogLoss(Trainer):
    """RecBole's trainer, but that training ends by the log-loss of validation rows over allowed occupations, as ours
    does, and not by a metric of rankings."""

    epochs_done = 0

    def _valid_epoch(self, valid_data, show_progress=False):
        self.model.eval()
        self.epochs_done += 1
        total, n = 0.0, 0
        with torch.no_grad():
            for interaction, *_ in valid_data:
                scores_bv = self.model.full_sort_predict(interaction)
                length_b1 = interaction["item_length"][:, None]
                scores_bv.scatter_(1, interaction["item_id_list"].gather(1, length_b1 - 1), -torch.inf)
                scores_bv[:, 0] = -torch.inf  # RecBole's padding
                total += torch.nn.functional.cross_entropy(scores_bv, interaction["item_id"], reduction="sum").item()
                n += len(scores_bv)
        return -total / n, {}  # the trainer takes more for better


def rows(task, part):
    """Rows as RecBole's model wants them: what it reads, and what comes next."""
    found = task[part]
    if task["model"] != "BERT4Rec":
        return [(row["jobs"], row["next"]) for row in found]
    if part == "train":
        # it learns from the jobs that it reads alone: whole careers, one a person
        longest = {row["person"]: row for row in sorted(found, key=lambda row: len(row["jobs"]))}
        return [([*row["jobs"], row["next"]], row["next"]) for row in longest.values()]
    # it makes room for the mask by taking off the first job, however much room there is: give it one to take
    return [([row["jobs"][0], *row["jobs"]], row["next"]) for row in found]


def write(task, folder):
    """The three parts and the list of all occupations, in RecBole's atomic files."""
    folder.mkdir()
    for part in PARTS:
        lines = ["user_id:token\titem_id_list:token_seq\titem_id:token"]
        for number, (jobs, following) in enumerate(rows(task, part)):
            lines.append(f"{part}{number}\t{' '.join(map(str, jobs))}\t{following}")
        (folder / f"careers.{part}.inter").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = "\n".join(str(i) for i in range(task["occupations"]))
    (folder / "careers.item").write_text(f"item_id:token\n{names}\n", encoding="utf-8")


def configuration(task, folder):
    """RecBole's configuration: the settings of both sides, and how files are read."""
    return Config(
        model=task["model"],
        dataset="careers",
        config_dict={
            **task["settings"],
            "seed": task["seed"],
            "data_path": str(folder),
            "checkpoint_dir": str(folder / "saved"),
            "benchmark_filename": list(PARTS),
            "load_col": {"inter": ["user_id", "item_id_list", "item_id"], "item": ["item_id"]},
            "alias_of_item_id": ["item_id_list"],
            "train_neg_sample_args": None,
            "eval_args": {"order": "TO", "mode": "full", "split": {"LS": "valid_and_test"}, "group_by": "user"},
            "learner": "adamw",
            "loss_type": "CE",
            "use_gpu": False,
            "show_progress": False,
            "state": "ERROR",
        },
    )


def main(folder):
    """Train, then score every occupation for test rows with the weights of the best epoch."""
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    write(task, folder / "careers")
    sys.argv = sys.argv[:1]  # RecBole reads options from there
    config = configuration(task, folder)
    init_seed(config["seed"], config["reproducibility"])
    dataset = create_dataset(config)
    train, valid, test = data_preparation(config, dataset)
    model = get_model(config["model"])(config, train._dataset)
    trainer = ByLogLoss(config, model)
    trainer.fit(train, valid, verbose=False, saved=True, show_progress=False)
    # a file that this process wrote; it holds the configuration, which torch doesn't read by itself
    model.load_state_dict(torch.load(trainer.saved_model_file, weights_only=False)["state_dict"])
    model.eval()
    with torch.no_grad():
        scores = torch.cat([model.full_sort_predict(interaction) for interaction, *_ in test])
    places = dataset.token2id("item_id", [str(i) for i in range(task["occupations"])])
    np.save(folder / "scores.npy", scores.numpy()[:, places])
    (folder / "told.json").write_text(json.dumps({"epochs": trainer.epochs_done}), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
