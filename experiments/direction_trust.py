"""What does a ranking lose by trusting a reason that states where the next step lies?

    python experiments/direction_trust.py

Ranks by a Markov chain whose mass over directions (back, same work, same industry, both new) is set anew from a
logistic model of the direction: all of it as predicted ("free"), or as good as all on the k likeliest directions, as a
model does that has only seen true statements. "truth told" is the bound. Validation people, last transitions, NLS.
"""

from functools import partial
from pathlib import Path

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from reasoning_occ.careers.nls import NLS
from reasoning_occ.careers.split import last_transitions, split_by_person
from reasoning_occ.reasons.direction import Compass
from reasoning_occ.recommenders.markov import Markov

TRUST = 0.98


def features(taxonomy, history):
    """What the direction model sees: the present job, the one before, and how long the history is."""
    job = history.jobs[-1]
    now = taxonomy[job.occupation]
    seen = {
        "present": now.code,
        "group": now.group,
        "sector": now.sector,
        "jobs": str(min(len(history.jobs), 6)),
        "tenure": (job.facts.tenure_years or 0) / 5,
        "hours": (job.facts.hours or 40) / 40,
        "pay": str(job.facts.pay),
        "returned": len({j.occupation for j in history.jobs}) < len(history.jobs),
    }
    return seen | ({"before": history.jobs[-2].occupation} if len(history.jobs) > 1 else {})


def most(shares, k):
    """Nearly all mass on the `k` likeliest directions, in their proportions."""
    kept = np.argsort(shares)[-k:]
    out = np.full(len(shares), (1 - TRUST) / len(shares))
    out[kept] += TRUST * shares[kept] / shares[kept].sum()
    return out


def main() -> None:
    """Print Hit@5 and MRR of each way, with n."""
    loaded = NLS().load()
    taxonomy, compass = loaded.taxonomy, Compass(loaded.taxonomy)
    split = split_by_person(loaded.careers, seed=0, valid=0.1, test=0.2)
    valid = last_transitions(split.valid)
    words, seen = DictVectorizer(), partial(features, taxonomy)
    learnt = LogisticRegression(C=0.3, max_iter=500).fit(
        words.fit_transform([seen(t.history) for t in split.train]),
        [compass.of(t.history, t.target).name for t in split.train],
    )
    names = list(learnt.classes_)
    predicted = learnt.predict_proba(words.transform([seen(t.history) for t in valid]))
    chain = Markov(taxonomy, back_off=10.0, smoothing=1.0)
    chain.fit(split.train, (), Path())
    ranks: dict[str, list[int]] = {}
    for t, shares, told in zip(valid, predicted, chain.recommend([t.history for t in valid]), strict=True):
        chances, truth = np.exp(told.log_probs), taxonomy.index(t.target)
        present = t.history.jobs[-1].occupation
        where = np.array([-1 if c == present else names.index(compass.of(t.history, c).name) for c in taxonomy.codes])
        mass = np.array([max(chances[where == i].sum(), 1e-12) for i in range(len(names))])
        true = most(np.eye(len(names))[where[truth]], 1)
        ways = {"Markov": mass, "free": shares} | {f"trusts {k}": most(shares, k) for k in (1, 2, 3)}
        for way, wanted in (ways | {"truth told": true}).items():
            scores = np.where(where < 0, 0.0, chances * (wanted / mass)[where])
            ranks.setdefault(way, []).append(1 + int((scores > scores[truth]).sum()))
    right = [
        names[int(p.argmax())] == compass.of(t.history, t.target).name for t, p in zip(valid, predicted, strict=True)
    ]
    print(f"n = {len(valid)} validation people; likeliest direction right: {np.mean(right):.2f}")
    for way, found in ranks.items():
        rank = np.array(found)
        print(f"{way:<12} Hit@5 {(rank <= 5).mean():.3f}   MRR {(1 / rank).mean():.3f}")


if __name__ == "__main__":
    main()
