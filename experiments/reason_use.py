"""What does a trained joint model do with its reason? Its rankings of validation people after different reasons.

    python experiments/reason_use.py runs/joint-nls-... --people 150

own: the reason it writes itself, as at test time. oracle: the one that the teacher wrote knowing the answer (upper
bound, no fair comparison). shuffled: another person's own reason. none: an empty one, as learnt from the transitions
for which no oracle reason passed. People whose last transition has an oracle reason, for all rows the same.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from omegaconf import DictConfig, OmegaConf

from reasoning_occ.careers.split import last_transitions
from reasoning_occ.careers.types import Transition
from reasoning_occ.evaluation.intervals import percentile_interval, resampled_sums
from reasoning_occ.making import make
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.oracle import read_oracle
from reasoning_occ.recommenders.joint import Joint
from reasoning_occ.recommenders.markov import Markov
from reasoning_occ.recommenders.reasoned import GREEDY
from reasoning_occ.task import load


def measures(log_probs: Sequence[np.ndarray], asked: Sequence[Transition], taxonomy: Taxonomy) -> dict[str, np.ndarray]:
    """A figure a person for each metric."""
    truth = [taxonomy.index(t.target) for t in asked]
    rank = np.array([1 + int((scores > scores[at]).sum()) for scores, at in zip(log_probs, truth, strict=True)])
    loss = np.array([-scores[at] for scores, at in zip(log_probs, truth, strict=True)])
    sure = np.array([float(np.exp(scores.max())) for scores in log_probs])
    return {"AccEM": rank == 1, "Hit@5": rank <= 5, "MRR": 1 / rank, "log-loss": loss, "top p": sure}


def main() -> None:
    """Print a line for each kind of reason."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a finished run of method=joint")
    parser.add_argument("--people", type=int, default=150)
    chosen = parser.parse_args()
    cfg = OmegaConf.load(chosen.run / ".hydra" / "config.yaml")
    assert isinstance(cfg, DictConfig)
    task = load(cfg)
    judged = {one.key: one.oracle.text for one in read_oracle(chosen.run / "reasons_valid.jsonl") if one.oracle}
    asked = [t for t in last_transitions(task.valid) if t.key in judged][: chosen.people]
    histories = [t.history for t in asked]
    recommender = make(cfg, task, chosen.run)
    assert isinstance(recommender, Joint)
    recommender.folder = chosen.run
    _, language = recommender.ready()
    prompts = {(t.key[0], t.key[1], "", GREEDY): language.reason_prefix_ids(t.history) for t in asked}
    own = [row["reason"] for rows in recommender.write(prompts) for row in rows]
    reasons = {
        "own": own,
        "oracle": [judged[t.key] for t in asked],
        "shuffled": own[1:] + own[:1],
        "none": [None] * len(own),
    }
    people = [t.key[0] for t in asked]
    markov = Markov(task.taxonomy, 10.0, 1.0)
    markov.fit(task.train, (), chosen.run)
    found = {"markov": [one.log_probs for one in markov.recommend(histories)]}
    for name, texts in reasons.items():
        found[name] = recommender.log_probs(histories, texts)
    print(f"{len(asked)} validation people; mean [95% interval over people]")
    for name, log_probs in found.items():
        figures = measures(log_probs, asked, task.taxonomy)
        told = []
        for metric, values in figures.items():
            sums = resampled_sums(values.astype(float)[:, None], people, 1000, cfg.seed)
            (low,), (high,) = percentile_interval(sums / len(people))
            told.append(f"{metric} {values.mean():.2f} [{low:.2f}, {high:.2f}]")
        print(f"{name:<9} {'   '.join(told)}", flush=True)


if __name__ == "__main__":
    main()
