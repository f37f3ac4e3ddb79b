"""The sides of sequence_check.py: our sequence models, and public ones, RecBole's in an environment of its own."""

import json
import os
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from jaxtyping import Float
from omegaconf import DictConfig, OmegaConf

from reasoning_occ import run  # noqa: F401  (registers the resolver that names runs)
from reasoning_occ.careers.types import Transition
from reasoning_occ.config import CONF
from reasoning_occ.errors import UserError
from reasoning_occ.making import make
from reasoning_occ.recommenders.base import Recommendation, allowed
from reasoning_occ.task import Task
from reasoning_occ.validation import validate

MODELS = {"gru4rec": "GRU4Rec", "sasrec": "SASRec", "bert4rec": "BERT4Rec"}
"""Ours, and RecBole's name."""
RECBOLE, BERT, BERT_LESS = "RecBole", "BERT", "BERT, present left out"
SIDES = {
    RECBOLE: (Path(__file__).with_name("recbole_side.py"), {}),
    BERT: (Path(__file__).with_name("transformers_side.py"), {"present_left_out": False}),
    BERT_LESS: (Path(__file__).with_name("transformers_side.py"), {"present_left_out": True}),
}
"""Public implementations: what trains one, and what it is told besides the settings."""
RATES = {"gru4rec": (0.001, 0.1), "sasrec": (0.001, 0.01), "bert4rec": (0.001, 0.01)}
"""Learning rate and weight decay on all sides, fixed before the first look at test people."""
PLAIN = ["side=[]", "copy=false", "groups=false", "titles=false"]
# RecBole 1.2.1 pins a ray and needs a numpy and a pandas of its day; torch goes first, so that no looser demand brings
# another build
PACKAGES = (
    ["torch==2.13.0"],
    [
        "numpy==1.26.4",
        "pandas==2.2.3",
        "scipy==1.15.3",
        "scikit-learn",
        "colorlog==4.7.2",
        "colorama==0.4.4",
        "tqdm",
        "pyyaml",
        "tensorboard",
        "texttable",
        "psutil",
    ],
    ["--no-deps", "recbole==1.2.1", "thop"],
)

Ranked = Float[np.ndarray, "transitions occupations"]
"""Natural log-probabilities, -inf where not allowed."""


def environment(folder: Path) -> Path:
    """The Python of RecBole's environment, which is made where it isn't there or was left half-made.

    Raises:
        UserError: pip can't install it.
    """
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.is_file():
        venv.create(folder, with_pip=True)
        for packages in PACKAGES:
            print(f"Installing {', '.join(p for p in packages if p[0] != '-')} in {folder}", flush=True)
            if subprocess.run([python, "-m", "pip", "install", "-q", *packages], check=False).returncode:
                raise UserError(
                    f"{folder}: pip could not install RecBole's environment (why: above). It takes Python 3.11 or "
                    "3.12; mend the cause and start again, what is there is kept."
                )
        ready.touch()
    return python


def configured(name: str, seed: int, words: Sequence[str]) -> DictConfig:
    """The job of our side.

    Raises:
        UserError: it can't work.
    """
    lr, decay = RATES[name]
    plain = [f"baseline.{word}" for word in (*PLAIN, f"lr={lr}", f"weight_decay={decay}")]
    with initialize_config_dir(str(CONF.resolve()), version_base="1.3"):
        cfg = compose("config", ["data.people=all", f"baseline={name}", *plain, f"seed={seed}", *words])
    validate(cfg)
    return cfg


def settings(cfg: DictConfig, task: Task) -> dict[str, Any]:
    """Our settings in RecBole's words. Its rows are transitions, ours people: a step sees as many of them."""
    own: Any = OmegaConf.to_container(cfg.baseline)
    people = len({t.history.person.id for t in task.train})
    one_a_person = own.get("masked") is not None
    shared = {
        "learning_rate": own["lr"],
        "weight_decay": own["weight_decay"],
        "clip_grad_norm": {"max_norm": 1.0},
        "epochs": own["epochs"],
        # it stops when this many epochs were no better and one more is not
        "stopping_step": own["patience"] - 1,
        "train_batch_size": own["batch"] if one_a_person else round(own["batch"] * len(task.train) / people),
        "eval_batch_size": 1024,
        "hidden_size": own["width"],
        "MAX_ITEM_LIST_LENGTH": own.get("positions", 32),
    }
    if "heads" not in own:
        return shared | {
            "embedding_size": own["width"],
            "num_layers": own["layers"],
            "dropout_prob": own["dropout"],
        }
    return shared | {
        "n_layers": own["layers"],
        "n_heads": own["heads"],
        "inner_size": 2 * own["width"],
        "hidden_dropout_prob": own["dropout"],
        "attn_dropout_prob": own["dropout"],
        **({"mask_ratio": own["masked"]} if one_a_person else {}),
    }


def ours(cfg: DictConfig, task: Task) -> Ranked:
    """Test people ranked by our model."""
    with TemporaryDirectory() as folder:
        recommender = make(cfg, task, Path(folder))
        recommender.fit(task.train, task.valid, Path(folder))
        told = recommender.recommend([t.history for t in task.test])
        return np.stack([one.log_probs for one in told if isinstance(one, Recommendation)])


def public(name: str) -> tuple[str, ...]:
    """The public implementations that one of our models stands beside."""
    return tuple(SIDES) if name == "bert4rec" else (RECBOLE,)


def theirs(python: Path, side: str, told: dict[str, Any], task: Task, threads: int) -> Ranked:
    """Test people ranked by a public implementation: a softmax of its scores over what is allowed, as in ours.

    Raises:
        UserError: the training failed.
    """
    with TemporaryDirectory() as folder:
        (Path(folder) / "task.json").write_text(json.dumps(told), encoding="utf-8")
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run(
            [python, "-W", "ignore", SIDES[side][0], folder],
            check=False,
            cwd=folder,
            env=clean | {"OMP_NUM_THREADS": str(threads)},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise UserError(f"{told['model']} of {side} failed; its last words: {done.stderr[-2000:]}")
        scores = np.load(Path(folder) / "scores.npy").astype(np.float64)
    masked = np.where([allowed(t.history, task.taxonomy) for t in task.test], scores, -np.inf)
    return masked - np.logaddexp.reduce(masked, axis=1, keepdims=True)


def exchanged(cfg: DictConfig, task: Task, name: str, side: str) -> dict[str, Any]:
    """What a public implementation is told; see recbole_side.py."""
    return {
        "model": MODELS[name],
        "seed": cfg.seed,
        "settings": settings(cfg, task) | SIDES[side][1],
        "occupations": len(task.taxonomy),
        **{part: exported(getattr(task, part), task) for part in ("train", "valid", "test")},
    }


def exported(transitions: Sequence[Transition], task: Task) -> list[dict[str, Any]]:
    """Transitions as rows of plain numbers: jobs and what came next, by their place in the taxonomy."""
    at = task.taxonomy.index
    return [
        {
            "person": t.history.person.id,
            "jobs": [at(job.occupation) for job in t.history.jobs],
            "next": at(t.target),
        }
        for t in transitions
    ]
