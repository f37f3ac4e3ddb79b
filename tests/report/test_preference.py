"""What the page and the tables say of preference training."""

import json
import re

import pytest

from reasoning_occ.errors import UserError
from reasoning_occ.report.content import METRICS
from reasoning_occ.report.page import write_report
from reasoning_occ.report.preference import warning
from reasoning_occ.report.table import compose
from reasoning_occ.tracking import PREFERENCE_COLUMNS


def part(pairs, before, after):
    """Of some pairs: (chosen, rejected) log-probabilities at the start, and at the end."""

    def means(logps):
        return {"logp_chosen": logps[0], "logp_rejected": logps[1], "chosen_likelier": 0.75}

    return {"pairs": pairs, "start": means(before), "end": {**means(after), "reward_accuracy": 0.875}}


def told(train, valid=None):
    return {"train": train, "valid": valid}


@pytest.fixture
def run(tmp_path, run_folder):
    return run_folder(tmp_path / "run", "joint", 1.0, 0.2)


def words_of(page):
    return " ".join(re.sub(r"<[^>]*>", " ", page.read_text()).split())


def test_start_and_end_have_a_table_and_steps_a_picture(run):
    found = told(part(40, (-50.0, -52.0), (-48.5, -60.0)), part(6, (-51.0, -53.0), (-50.0, -58.0)))
    (run / "preference.json").write_text(json.dumps(found))
    without = words_of(write_report(run))
    assert "training pairs 40 -50.00 -48.50 -52.00 -60.00 0.75 0.75 0.88" in without
    assert "validation pairs 6 -51.00 -50.00 -53.00 -58.00" in without and "Rewards by step" not in without
    pictures = (run / "report.html").read_text().count("<svg")
    lines = [",".join("0.5" for _ in PREFERENCE_COLUMNS[1:])] * 3
    log = "\n".join([",".join(PREFERENCE_COLUMNS), *(f"{step},{line}" for step, line in enumerate(lines))])
    (run / "preference.csv").write_text(log + "\n")
    assert "Rewards by step" in words_of(write_report(run))
    assert (run / "report.html").read_text().count("<svg") == pictures + 1
    assert compose(run, METRICS).notes[-1] == (
        "Preference training: the better reason gained more in 88% of 40 training pairs; its log-probability went from "
        "-50.0 to -48.5 nats a text."
    )


def test_chosen_texts_that_fell_are_told_in_a_sentence(run):
    fallen = told(part(40, (-50.0, -52.0), (-58.5, -90.0)), part(6, (-51.0, -53.0), (-50.0, -58.0)))
    (run / "preference.json").write_text(json.dumps(fallen))
    (told_,) = [note for note in compose(run, METRICS).notes if "less likely" in note]
    assert told_.startswith(
        "joint: preference training made the chosen reasons themselves less likely (from -50.0 to -58.5 nats a text on "
        "40 training pairs); preference.rpo_alpha above 0"
    )
    assert "themselves less likely" in words_of(write_report(run))
    both = told(part(40, (-50.0, -52.0), (-58.5, -90.0)), part(6, (-51.0, -53.0), (-52.0, -58.0)))
    assert "40 training pairs and from -51.0 to -52.0 nats a text on 6 validation pairs" in warning("joint", both)


def test_chosen_texts_that_did_not_fall_are_no_warning(run):
    (run / "preference.json").write_text(json.dumps(told(part(40, (-50.0, -52.0), (-50.0, -60.0)))))
    assert not any("less likely" in note for note in compose(run, METRICS).notes)


def test_a_run_without_preference_training_says_nothing_of_it(run):
    assert "Preference training" not in words_of(write_report(run))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("preference.json", "[]", "expected a JSON object"),
        ("preference.csv", "step,reward_chosen\n0,1.0\n", "Could not read the training log"),
        ("preference.csv", ",".join(PREFERENCE_COLUMNS) + "\n0,1.0\n", "Could not read the training log"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run, file, content, message):
    (run / "preference.json").write_text(json.dumps(told(part(40, (-50.0, -52.0), (-50.0, -60.0)))))
    (run / file).write_text(content)
    with pytest.raises(UserError, match=message):
        write_report(run)
