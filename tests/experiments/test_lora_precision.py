import pytest

from experiments.lora_precision import losses_of
from reasoning_occ.tracking import CsvLog


def test_losses_of_a_training_that_was_stopped_and_gone_on_with(tmp_path):
    log = tmp_path / "metrics.csv"
    for begins, ends in ((0, 5), (3, 6)):  # stopped after step 5, gone on with from a checkpoint after step 3
        start = CsvLog(log)
        for step in range(begins, ends):
            start.log_metrics({"loss": begins + step / 10}, step)
        start.log_metrics({"valid_loss": 9.0}, ends)
    assert losses_of(log, 6) == [0.0, 0.1, 0.2, 3.3, 3.4, 3.5]
    with pytest.raises(ValueError, match=r"metrics\.csv: expected a loss for each of 7 steps, it has 6"):
        losses_of(log, 7)
