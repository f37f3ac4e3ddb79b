"""Run folders with real careers and computed predictions: transition counts, learnt from every other person."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reasoning_occ.careers.source import Loaded
from reasoning_occ.careers.types import Career
from reasoning_occ.evaluation import scored
from reasoning_occ.evaluation.evaluate import evaluate
from reasoning_occ.evaluation.prediction_file import write
from reasoning_occ.evaluation.predictions import Prediction, predict
from reasoning_occ.recommenders.base import Recommendation, allowed

PEOPLE = 240


class Counts:
    """Next occupations counted after the present one (weight `present`), before it, and overall."""

    def __init__(self, nls: Loaded, present: float, returns: float) -> None:
        self.taxonomy, self.present, self.returns = nls.taxonomy, present, returns
        self.after = np.zeros((len(nls.taxonomy),) * 2)
        for career in nls.careers[::2]:
            for t in career.transitions():
                here = nls.taxonomy.index(t.history.jobs[-1].occupation)
                self.after[here, nls.taxonomy.index(t.target)] += 1

    def __call__(self, history: Career) -> Recommendation:
        present = self.taxonomy.index(history.jobs[-1].occupation)
        weights = self.after.sum(0) + 0.5
        weights = weights / weights.sum() + self.present * self.after[present] / (self.after[present].sum() + 1)
        for job in history.jobs[:-1]:
            weights[self.taxonomy.index(job.occupation)] += self.returns
        weights[~allowed(history, self.taxonomy)] = 0
        with np.errstate(divide="ignore"):
            log_probs = np.log(weights / weights.sum())
        return Recommendation(log_probs, self._reason(present, int(np.argmax(log_probs))))

    def _reason(self, present: int, likely: int) -> str:
        title = self.taxonomy.occupations[present].title
        return f"Of {self.after[present].sum():.0f} moves out of {title}, {self.after[present, likely]:.0f} led here."


@pytest.fixture(scope="session")
def predicted(nls: Loaded) -> Callable[..., list[Prediction]]:
    """Predictions of the last transition of people that the counts have not seen."""

    @cache
    def make(name: str, present: float, returns: float) -> list[Prediction]:
        recommend = Counts(nls, present, returns)
        out = []
        for career in nls.careers[1 : 2 * PEOPLE : 2]:
            t = list(career.transitions())[-1]
            lines = [f"{job.start}: {nls.taxonomy.title(job.occupation)}" for job in t.history.jobs]
            out.append(predict(t, recommend(t.history), nls.taxonomy, name, lines))
        return out

    return make


@pytest.fixture(scope="session")
def run_folder(nls: Loaded, predicted: Callable[..., list[Prediction]]) -> Callable[..., Path]:
    """Write the folder of a finished run, as a job does."""

    @cache
    def metrics(name: str, present: float, returns: float) -> dict[str, Any]:
        return evaluate(predicted(name, present, returns), nls.taxonomy, 100, 0)

    def make(folder: Path, name: str, present: float, returns: float, seed: int = 0) -> Path:
        write(folder / "predictions.jsonl", predicted(name, present, returns))
        scored.write(folder / "scores.jsonl", scored.score(predicted(name, present, returns), nls.taxonomy))
        files = {
            "metrics.json": metrics(name, present, returns),
            "floors.json": {"popularity": metrics("popularity", 0.0, 0.0), "markov": metrics("markov", 1.0, 0.0)},
            "status.json": {"stage": "report", "done": True, "resumable": False},
        }
        for file, value in files.items():
            (folder / file).write_text(json.dumps(value))
        hydra = folder / ".hydra"
        hydra.mkdir()
        (hydra / "config.yaml").write_text(f"seed: {seed}\nevaluation: {{people_shown: 12}}\nmethod: {name}\n")
        (hydra / "overrides.yaml").write_text(f"- method={name}\n- seed={seed}\n")
        return folder

    return make


@pytest.fixture
def sweep(tmp_path: Path, run_folder: Callable[..., Path]) -> Path:
    """Two finished jobs and one cut off."""
    run_folder(tmp_path / "direct-1", "direct", 1.0, 0.05)
    run_folder(tmp_path / "joint-2", "joint", 1.0, 0.2)
    cut = tmp_path / "joint-3"
    cut.mkdir()
    (cut / "status.json").write_text('{"stage": "fit", "done": false, "resumable": true}')
    return tmp_path
