"""What a joint model reads of test people, caught in a whole job: the true next title is told nowhere."""

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir

from reasoning_occ.careers.types import Transition
from reasoning_occ.config import CONF
from reasoning_occ.experiment import rank
from reasoning_occ.files import read_jsonl
from reasoning_occ.language.render import events
from reasoning_occ.making import make
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.task import load

SMALL = [
    "debug=tiny",
    "method=joint",
    "data.people=30",
    "trainer.max_steps=2",
    "inference.max_reason_tokens=12",
    "evaluation.targets=all",
    "evaluation.resamples=10",
]


@pytest.fixture
def read(monkeypatch, tmp_path):
    """All token ids that the model is asked to go on from, a row each, whichever room asks it."""
    from reasoning_occ.inference import beginning, generate

    monkeypatch.setenv("REASONING_OCC_CACHE", str(tmp_path / "cache"))
    torch.set_num_threads(1)
    rows = []
    monkeypatch.setattr(beginning, "_WORTH", 2.0)  # whole contexts, nothing shared
    for room in (generate, beginning):

        def spy(sequences, parts, real=room.pad_right):
            rows.extend(sequence.tolist() for sequence in sequences)
            return real(sequences, parts)

        monkeypatch.setattr(room, "pad_right", spy)
    return rows


def told(rest: str, t: Transition, taxonomy: Taxonomy) -> bool:
    """Whether a prompt tells what came next elsewhere than in the history's own lines, which it must hold."""
    title = taxonomy.title(t.target).lower()
    for line in events(t.history, taxonomy):
        assert line in rest
        assert title not in line.lower() or any(
            title in taxonomy.title(job.occupation).lower() for job in t.history.jobs
        )
        rest = rest.replace(line, "")
    return title in rest.lower() or t.target in rest


def test_no_prompt_of_a_test_person_tells_what_came_next(nls, tmp_path, read):
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        cfg = compose("config", [*SMALL, f"stages={tmp_path / 'stages'}"])
    task = load(cfg)
    model = make(cfg, task, tmp_path)
    model.fit(task.train, task.valid, tmp_path)
    read.clear()  # what is read while it learns knows the truth
    rank(model, task, tmp_path / "predictions.jsonl")
    _, language = model.ready()
    reasons = {(row["person"], row["transition"]): row["reason"] for row in read_jsonl(tmp_path / "generated.jsonl")}
    texts = {tuple(row): language.decode(np.array(row)) for row in read}
    seen, fresh = set(), 0
    for t in task.test:
        start = tuple(language.reason_prefix_ids(t.history).tolist())
        mine = [row for row in texts if row[: len(start)] == start]
        after = tuple(language.answer_prefix_ids(t.history, reasons[t.key] or None).tolist())
        assert start in mine and after in mine  # the reason is asked for, then the answer
        asked = len(texts[start])
        for row in mine:
            # the model's own words, written after a prompt that is looked at too, may name any title
            text = texts[row][:asked] + texts[row][asked:].replace(reasons[t.key] or "\0", "", 1)
            assert not told(text, t, task.taxonomy)
            assert told(f"{text} {task.taxonomy.title(t.target)}", t, task.taxonomy)
        seen |= set(mine)
        fresh += t.target not in [job.occupation for job in t.history.jobs]
    assert seen == set(texts) and fresh > 5
