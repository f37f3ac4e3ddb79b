"""What can be found wrong with a job before its folder is made, its data read or its model loaded. No torch."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn, get_args

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.config import CONF, asks, class_name, learns_reasons, recommender_node, uses_model
from reasoning_occ.errors import UserError
from reasoning_occ.identity import model_spec, plain, short_name
from reasoning_occ.language.asks import reason_room
from reasoning_occ.validation import validate


def check(cfg: DictConfig) -> None:
    """Find what can't work before anything is read, trained or paid.

    Raises:
        UserError: as `validation.validate`; also settings of a method, its teacher and judge, the place of its model,
            and members of an ensemble that were told the answer.
    """
    validate(cfg)
    _check_sent(cfg)
    check_preference(cfg)
    _check_members(cfg)
    if asks(cfg):
        _recommender_that_asks(cfg)
    if not uses_model(cfg):
        return
    trainer = plain(cfg, "trainer")
    # what auto becomes depends on the machine, and finding out takes torch
    precision = "fp32" if trainer.get("precision") == "auto" else trainer.get("precision")
    try:
        from reasoning_occ.training.settings import TrainingSettings

        TrainingSettings.of({**trainer, "precision": precision})
        # below: what takes numpy, a tenth of a second that a wrong value of the trainer is told without
        from reasoning_occ.asking import Hands, choosing, desk, reasoner, stand_in
        from reasoning_occ.inference.settings import Inference
        from reasoning_occ.models.spec import Family
        from reasoning_occ.models.spec import source as model_source
        from reasoning_occ.occupations import nls

        Inference(**cfg.inference)
        choosing(cfg)
    except TypeError as error:
        raise UserError(f"trainer, inference or oracle: a value has the wrong type ({error}).") from error
    room = reason_room(cfg.model.max_tokens)
    if learns_reasons(cfg) and cfg.inference.max_reason_tokens > room:
        raise UserError(
            f"inference.max_reason_tokens={cfg.inference.max_reason_tokens}: model.max_tokens={cfg.model.max_tokens} "
            f"keeps room for reasons of {room} tokens. Lower the first or raise the second."
        )
    if cfg.model.family not in get_args(Family):
        raise UserError(f"model.family: expected {', '.join(get_args(Family))}; got '{cfg.model.family}'.")
    if learns_reasons(cfg):
        # made to see whether their settings make sense: any taxonomy does for that, and no model is asked for
        hands = Hands(desk(cfg), chat=_none, predict=_none)
        for node in (cfg.teacher, cfg.judge):
            reasoner(node, nls.taxonomy(), hands)
        stand_in(cfg, nls.taxonomy())
    if not cfg.model.tiny:
        model_source(model_spec(cfg))


def _check_sent(cfg: DictConfig) -> None:
    if cfg.logger.kind != "wandb" or not cfg.logger.tables:
        return
    from reasoning_occ.reasons.privacy import FIELDS

    if cfg.privacy.local_only or set(cfg.privacy.send) != set(FIELDS):
        raise UserError(
            "logger.tables=true: reasons and rankings tell of whole careers, so it needs privacy.send to be all fields "
            f"([{','.join(FIELDS)}]) and privacy.local_only=false."
        )


def _check_members(cfg: DictConfig) -> None:
    """An ensemble is a recommender, so none of its members may have been told the answer."""
    if class_name(cfg) != "Ensemble":
        return
    from reasoning_occ.report.jobs import knew_answers

    for job in cfg.baseline.jobs:
        if knew_answers(Path(job)):
            raise UserError(
                f"baseline.jobs: {job} read oracle reasons, whose writer knew the answer; take it out of the ensemble."
            )


def check_preference(cfg: DictConfig) -> None:
    """Refuse preference training that would have nothing to learn from, and settings of it that make no sense.

    Raises:
        UserError: one sentence that says which value is wrong and what to do.
    """
    if cfg.get("preference") is None:
        return
    if not learns_reasons(cfg):
        raise UserError(
            f"preference: {short_name(recommender_node(cfg))} learns no reasons, so there are no pairs of better and "
            "worse ones to prefer by; choose a method that does, such as method=joint, or leave preference out."
        )
    if not cfg.oracle.criteria:
        raise UserError(
            "oracle.criteria=[]: nobody judges, so there are no pairs of better and worse reasons to prefer by; name a "
            "criterion (ablation=no_judge and mistakes_N name none), or leave preference out."
        )
    if cfg.trainer.sharding != "none":
        raise UserError(
            f"preference: it trains on one device, and trainer.sharding={cfg.trainer.sharding} is for models that one "
            "device can't train; leave preference out (experiment=paper_sft is the paper's without it), or take "
            "trainer=ddp if one can."
        )
    from reasoning_occ.training.preference_settings import PreferenceSettings

    PreferenceSettings.of(plain(cfg, "preference"))
    if cfg.teacher.get("candidates") == 1:
        raise UserError(
            "teacher.candidates=1: preference training needs a better and a worse reason for one transition; "
            "ask for 2 candidates or more."
        )


def _recommender_that_asks(cfg: DictConfig) -> None:
    """Made to see whether its settings make sense and its key is there: any taxonomy does for that."""
    from reasoning_occ.asking import Hands, desk, reasoner
    from reasoning_occ.occupations import nls

    reasoner(recommender_node(cfg), nls.taxonomy(), Hands(desk(cfg), chat=_none, predict=_none))


def _none(name: str | None) -> NoReturn:
    raise AssertionError(f"a model was asked for while settings were looked at: {name}")


def one_recommender(overrides: Iterable[str]) -> None:
    """A method and a baseline on one command line would leave the method unused; a row brings its own. Nor may a row
    and an ablation, or an ablation and a method, choose differently.

    Raises:
        UserError: two of the three were given, or two files set one value.
    """
    chosen = dict(word.lstrip("+").split("=", 1) for word in overrides if "=" in word)
    given = [group for group in ("row", "method", "baseline") if group in chosen]
    if len(given) > 1:
        raise UserError(
            f"{' and '.join(given)}: a job scores one recommender; give one of them, or sweep each apart "
            "(row= takes methods and baselines in one sweep)."
        )
    if "row" in chosen and "ablation" in chosen:
        row, ablation = (_sets(group, chosen[group]) for group in ("row", "ablation"))
        for key in sorted(row.keys() & ablation.keys()):
            if row[key] != ablation[key]:
                raise UserError(
                    f"row={chosen['row']} and ablation={chosen['ablation']}: the one sets {key}={_word(row[key])}, the "
                    f"other {key}={_word(ablation[key])}; give one of them."
                )


def _word(value: Any) -> str:
    """A value as it is written on a command line."""
    return "null" if value is None else str(value)


def _sets(group: str, name: str) -> dict[str, Any]:
    """What a file of a group sets anywhere in the configuration: dotted keys and choices of other groups. Nothing where
    there is no such file, which Hydra tells."""
    path = CONF / group / f"{name}.yaml"
    if not path.is_file():
        return {}
    values: Any = OmegaConf.to_container(OmegaConf.load(path))
    choices = {
        str(key).removeprefix("override /"): choice for one in values.pop("defaults", []) for key, choice in one.items()
    }
    return choices | dict(_flat(values, ""))


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
