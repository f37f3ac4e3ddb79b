"""What is audited: a run's candidates with their transitions, and its judge, as the run made them."""

from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.asking import Hands, reasoner, shown
from reasoning_occ.careers.types import Transition
from reasoning_occ.config import CONF, build, learns_reasons, recommender_node
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.sample import Sample, draw
from reasoning_occ.identity import short_name
from reasoning_occ.making import hands
from reasoning_occ.occupations.taxonomy import Taxonomy
from reasoning_occ.reasons.oracle import Judged, read_oracle
from reasoning_occ.reasons.types import Judge, Teacher
from reasoning_occ.task import load
from reasoning_occ.validation import validate

CONFIG = Path(".hydra") / "config.yaml"
_HYDRA = Path(".hydra") / "hydra.yaml"


@dataclass(frozen=True, slots=True)
class Subject:
    """A run under audit. train: its training transitions as its judge sees them; lines: of its reasons.jsonl."""

    folder: Path
    cfg: DictConfig
    taxonomy: Taxonomy
    hands: Hands
    train: tuple[Transition, ...]
    lines: tuple[Judged, ...]
    sample: Sample
    seed: int

    @property
    def resamples(self) -> int:
        """Bootstrap samples."""
        return self.cfg.evaluation.resamples

    @property
    def judge_name(self) -> str:
        """As pages call the judge."""
        return called(self.cfg.judge)

    def judge(self) -> Judge:
        """The run's judge, fitted."""
        judge: Judge = reasoner(self.cfg.judge, self.taxonomy, self.hands)
        judge.fit(self.train)
        return judge

    def beside(self) -> Judge | None:
        """The built-in judge, fitted; None where it is the run's own."""
        if short_name(self.cfg.judge) == "rubric":
            return None
        node = OmegaConf.load(CONF / "judge" / "rubric.yaml")
        assert isinstance(node, DictConfig)
        judge: Judge = build(node, taxonomy=self.taxonomy)
        judge.fit(self.train)
        return judge

    def teacher(self, mistakes: float) -> Teacher:
        """The built-in teacher, fitted, that writes one candidate, with a planted mistake at this rate."""
        changed = {"seed": self.seed, "candidates": 1, "mistakes": mistakes}
        node = OmegaConf.merge(OmegaConf.load(CONF / "teacher" / "grounded.yaml"), changed)
        assert isinstance(node, DictConfig)
        teacher: Teacher = build(node, taxonomy=self.taxonomy)
        teacher.fit(self.train)
        return teacher


def called(node: DictConfig) -> str:
    """A teacher's or judge's name: its file's, with the model it asks."""
    model = node.get("model")
    return f"{short_name(node)} ({model})" if isinstance(model, str) else short_name(node)


@contextmanager
def subject(folder: Path, n: int, seed: int | None) -> Iterator[Subject]:
    """Open a run for an audit of `n` transitions, from the folder in which it was started: paths of its configuration
    (ledger, data) are meant from there.

    Args:
        folder: the run's.
        n: see `sample.draw`.
        seed: of the sample; None for the run's own.

    Raises:
        UserError: no such run, a run without reasons, or one whose reasons are not all written.
    """
    folder = folder.resolve()
    cfg = _config(folder)
    if not learns_reasons(cfg):
        raise UserError(f"{folder}: {short_name(recommender_node(cfg))} learns from no reasons, so there is no judge.")
    reasons = folder / "reasons.jsonl"
    if not reasons.is_file():
        raise UserError(f"{folder} is not finished: its oracle reasons (reasons.jsonl) are not all there. Run it on.")
    with _where_it_ran(folder):
        validate(cfg)
        task = load(cfg)
        train = shown(cfg, task.train)
        lines = tuple(read_oracle(reasons))
        chosen = cfg.seed if seed is None else seed
        yield Subject(folder, cfg, task.taxonomy, hands(cfg, task), train, lines, draw(lines, train, n, chosen), chosen)


def _config(folder: Path) -> DictConfig:
    from yaml import YAMLError

    if not (folder / CONFIG).is_file():
        raise UserError(f"There is no run {folder}: a run's folder has a {CONFIG}.")
    try:
        cfg = OmegaConf.load(folder / CONFIG)
    except (OSError, YAMLError) as error:
        raise UserError(f"Could not read {folder / CONFIG}: {error}.") from error
    if not isinstance(cfg, DictConfig) or not {"method", "baseline"} & set(cfg):
        raise UserError(f"{folder / CONFIG}: expected the configuration of a run.")
    if "evaluation" in cfg:
        # keys that came after the run was made: it was scored as their defaults say
        cfg.evaluation = OmegaConf.merge(OmegaConf.load(CONF / "config.yaml").evaluation, cfg.evaluation)
    return cfg


def _where_it_ran(folder: Path) -> Any:
    """To the folder from which the run was started, where that is on record and still there."""
    path = folder / _HYDRA
    started = OmegaConf.select(OmegaConf.load(path), "hydra.runtime.cwd") if path.is_file() else None
    return chdir(started if started and Path(started).is_dir() else Path.cwd())
