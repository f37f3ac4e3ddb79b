"""metrics.csv goes on after a resume: what lay beyond the checkpoint is replaced."""

import csv

from omegaconf import OmegaConf

from reasoning_occ.tracking import COLUMNS, PREFER, PREFERENCE_COLUMNS, CsvLog, tracker


def test_rows_beyond_the_checkpoint_are_replaced(tmp_path):
    path = tmp_path / "metrics.csv"
    first = CsvLog(path, COLUMNS)
    for step in range(5):
        first.log_metrics({"loss": float(step), "epoch": 0}, step)
    first.log_metrics({"valid_loss": 7.0}, 3)  # after step 2, at the checkpoint that training goes on from
    second = CsvLog(path, COLUMNS)
    for step in range(3, 6):
        second.log_metrics({"loss": 10.0 + step}, step)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["valid_loss"]) for row in rows if row["valid_loss"]] == [("3", "7.0")]
    assert [(int(row["step"]), float(row["loss"])) for row in rows if row["loss"]] == [
        (0, 0),
        (1, 1),
        (2, 2),
        (3, 13),
        (4, 14),
        (5, 15),
    ]
    assert "epoch" not in rows[0]


def test_preference_training_has_a_log_of_its_own(tmp_path):
    cfg = OmegaConf.create({"logger": {"kind": "csv"}})
    with tracker(cfg, tmp_path, "fit") as log:
        log.log_metrics({"loss": 3.0}, 0)
    for resumed_at in (0, 1):  # its steps count from 0 again, and the rows of SFT stay
        with tracker(cfg, tmp_path, PREFER) as log:
            for step in range(resumed_at, 3):
                log.log_metrics({"loss": 0.6, "reward_margin": float(resumed_at), "valid_loss": 1.0}, step)
    assert (tmp_path / "metrics.csv").read_text().splitlines()[1].startswith("0,3.0")
    with open(tmp_path / "preference.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == PREFERENCE_COLUMNS
    assert [(row["step"], row["reward_margin"]) for row in rows] == [("0", "0.0"), ("1", "1.0"), ("2", "1.0")]
