"""What is other for new people than when a run was scored, and the sentences that say so."""

from pathlib import Path

from omegaconf import DictConfig

from reasoning_occ.config import asks, recommender_node, uses_model, writes_reasons
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.temperature import Temperature
from reasoning_occ.recommend.opened import Opened


def settle(run: Opened, reasons: int | None, base: str | None) -> tuple[str, ...]:
    """Set it in the run's configuration, and say so.

    Args:
        run: as opened; its configuration is changed.
        reasons, base: as in `Recommender.load`.

    Raises:
        UserError: the run has no use for one of them.
    """
    cfg, notes = run.cfg, []
    how = cfg.inference.reason, cfg.inference.samples
    if reasons is not None:
        if not writes_reasons(cfg):
            raise UserError("reasons: this run writes no reasons, so there are none to average over.")
        node = recommender_node(cfg)
        if "reason_first" in node and not node.reason_first:
            raise UserError(
                "reasons: this run writes its reason after it has ranked, so there are none to average over."
            )
        cfg.inference.reason, cfg.inference.samples = "marginal", reasons
    elif cfg.inference.reason in ("oracle", "shuffled"):
        notes.append(
            f"The run was scored with inference.reason={cfg.inference.reason}, which a new person has none of: its own "
            "reason is read."
        )
        cfg.inference.reason = "greedy"
    if cfg.inference.reason == "marginal" and cfg.inference.samples > 1:
        # the rankings after a person's reasons go through the model together, and encode the history once
        cfg.inference.rank_batch = cfg.inference.samples
    if run.temperature is not None and not asks(cfg):
        other = (cfg.inference.reason, cfg.inference.samples) != how and writes_reasons(cfg)
        notes.append(_warmth(run.temperature, how[0] if other else None))
    if cfg.evaluation.horizon > 1:
        notes.append(f"The run was scored {cfg.evaluation.horizon} jobs ahead; told is the next job.")
    if (cfg.view.jobs, cfg.view.education, cfg.view.titles) != ("all", True, "text"):
        notes.append("The run sees less of a history than is shown here (its view).")
    if base is not None:
        _start_from(cfg, base)
    return tuple(notes)


def _warmth(temperature: Temperature, fitted_with: str | None) -> str:
    n = temperature.people
    whose = f"fitted on {n} validation {'person' if n == 1 else 'people'} of the run" if n else "as the run has it"
    other = f" It was fitted with inference.reason={fitted_with}, not for these reasons." if n and fitted_with else ""
    return (
        f"Probabilities are at the temperature {temperature.value:.2f}, {whose}: log-probabilities are divided by it, "
        f"which moves no title's rank.{other}"
    )


def _start_from(cfg: DictConfig, base: str) -> None:
    if not uses_model(cfg):
        raise UserError("base: this run reads no language model.")
    cfg.model.path, cfg.model.hub = (base, cfg.model.hub) if Path(base).expanduser().exists() else (None, base)
    cfg.model.package, cfg.model.tiny = None, False
