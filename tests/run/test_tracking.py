"""metrics.csv goes on after a resume: what lay beyond the checkpoint is replaced."""

import csv

from reasoning_occ.tracking import CsvLog


def test_rows_beyond_the_checkpoint_are_replaced(tmp_path):
    path = tmp_path / "metrics.csv"
    first = CsvLog(path)
    for step in range(5):
        first.log_metrics({"loss": float(step), "epoch": 0}, step)
    first.log_metrics({"valid_loss": 7.0}, 3)  # after step 2, at the checkpoint that training goes on from
    second = CsvLog(path)
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
