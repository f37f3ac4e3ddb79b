"""What can be wrong with a composed configuration by itself, before anything is built or loaded. No torch."""

import re
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, OmegaConf

from reasoning_occ.config import (
    asks,
    class_name,
    floor_node,
    known_taxonomy,
    learns_reasons,
    recommender_node,
    trains,
    uses_model,
    writes_reasons,
)
from reasoning_occ.errors import UserError

LOGGERS = ("csv", "wandb")
DECISIONS = ("top", "expected_accrm")
RANKINGS = ("tokens", "head", "copying_head")
# mappings every job has
PARTS = (
    "data",
    "split",
    "view",
    "onet",
    "ablation",
    "oracle",
    "calls",
    "privacy",
    "inference",
    "evaluation",
    "model",
    "trainer",
    "logger",
)
VALUES = ("seed", "ranking", "threads")
# the teacher that can plant mistakes
PLANTS = ".GroundedTeacher"


def validate(cfg: DictConfig) -> None:
    """Stop a job that can't work before anything is loaded.

    Raises:
        UserError: one sentence that says which value is wrong and what to do.
    """
    for missing in _missing(OmegaConf.to_container(cfg), ""):
        raise UserError(f"{missing}: no value given; add {missing}=... to the command.")
    reasons = ("teacher", "judge") if cfg.get("method") is not None and learns_reasons(cfg) else ()
    for key in (*PARTS, *reasons, *VALUES):
        if key not in cfg or (key not in VALUES and not OmegaConf.is_dict(cfg[key])):
            raise UserError(f"{key}: every job needs it; take what removes it out of the command.")
    if cfg.get("method") is None and cfg.get("baseline") is None:
        raise UserError("method: choose a method or a baseline; see --help for their names.")
    for key, value in (("seed", cfg.seed), ("split.seed", cfg.split.seed)):
        _must(value == 0 or _counts(value), key, "a whole number from 0", value)
    _must(cfg.threads is None or _counts(cfg.threads), "threads", "a whole number above 0 or null", cfg.threads)
    people = cfg.data.people
    _must(people == "all" or _counts(people), "data.people", "a number of people above 0, or all", people)
    _validate_taxonomy(cfg.data)
    _validate_split(cfg.split)
    _validate_stays(cfg.data)
    _validate_view(cfg.view)
    _validate_onet(cfg.onet)
    _validate_ablation(cfg)
    _validate_evaluation(cfg)
    _must(_counts(cfg.model.max_tokens), "model.max_tokens", "a whole number above 0", cfg.model.max_tokens)
    if cfg.ranking != "tokens" and cfg.inference.pmi is True:
        raise UserError(f"inference.pmi=true: it corrects titles ranked by their text; take ranking={cfg.ranking} out.")
    _must(cfg.ranking in RANKINGS, "ranking", " or ".join(RANKINGS), cfg.ranking)
    _must(cfg.logger.kind in LOGGERS, "logger.kind", " or ".join(LOGGERS), cfg.logger.kind)
    if cfg.logger.kind == "wandb":
        for key in ("tables", "artifact"):
            _must(isinstance(cfg.logger[key], bool), f"logger.{key}", "true or false", cfg.logger[key])
    if uses_model(cfg) or asks(cfg):
        _validate_reading(cfg)
    if uses_model(cfg) and not trains(cfg):
        _validate_untrained(cfg)


def _validate_evaluation(cfg: DictConfig) -> None:
    choice = cfg.evaluation
    _must(choice.targets in ("last", "all"), "evaluation.targets", "last or all", choice.targets)
    _must(choice.part in ("test", "valid"), "evaluation.part", "test or valid", choice.part)
    _must(choice.decision in DECISIONS, "evaluation.decision", " or ".join(DECISIONS), choice.decision)
    if choice.decision != "top" and asks(cfg):
        raise UserError(
            f"evaluation.decision={choice.decision}: it needs probabilities, and this recommender names one "
            "title; take it out."
        )
    _validate_temperature(cfg)
    _validate_horizon(cfg)
    for key in ("resamples", "people_shown", "group_at_least"):
        _must(_counts(choice[key]), f"evaluation.{key}", "a whole number above 0", choice[key])
    margin = choice.margin
    right = isinstance(margin, int | float) and not isinstance(margin, bool) and margin > 0
    _must(right, "evaluation.margin", "a number above 0", margin)
    _must(OmegaConf.is_list(choice.floors), "evaluation.floors", "a list such as [markov]", choice.floors)
    for floor in choice.floors:
        floor_node(floor)


def _validate_temperature(cfg: DictConfig) -> None:
    chosen = cfg.evaluation.temperature
    number = isinstance(chosen, int | float) and not isinstance(chosen, bool) and chosen > 0
    _must(number or chosen == "fit", "evaluation.temperature", "a number above 0, or fit", chosen)
    if chosen != 1 and asks(cfg):
        raise UserError(
            f"evaluation.temperature={chosen}: it needs probabilities, and this recommender names one title; take it "
            "out."
        )
    if chosen == "fit" and cfg.evaluation.part == "valid":
        raise UserError(
            "evaluation.temperature=fit: with evaluation.part=valid it would be fitted on the people who are scored; "
            "take one of the two out."
        )
    if chosen == "fit" and cfg.inference.reason in ("oracle", "shuffled") and uses_model(cfg):
        raise UserError(
            f"evaluation.temperature=fit: inference.reason={cfg.inference.reason} is there for test people alone, so "
            "nothing can be fitted on validation people; take one of the two out."
        )


def _validate_horizon(cfg: DictConfig) -> None:
    choice = cfg.evaluation
    _must(_counts(choice.horizon), "evaluation.horizon", "a whole number above 0", choice.horizon)
    _must(_counts(choice.paths) and choice.paths > 1, "evaluation.paths", "a whole number above 1", choice.paths)
    if choice.horizon == 1:
        return
    told = f"evaluation.horizon={choice.horizon}"
    if asks(cfg):
        raise UserError(f"{told}: it needs probabilities, and this recommender names one title; take it out.")
    if choice.temperature == "fit":
        raise UserError(
            f"{told}: evaluation.temperature=fit is for the next occupation alone; take one of the two out."
        )
    if uses_model(cfg) and cfg.inference.reason in ("oracle", "shuffled"):
        raise UserError(
            f"{told}: inference.reason={cfg.inference.reason} is there for true careers alone, and jobs ahead are "
            "imagined; take one of the two out."
        )


def _validate_untrained(cfg: DictConfig) -> None:
    _must(cfg.ranking == "tokens", "ranking", "tokens, for an untrained model has no ranking head", cfg.ranking)
    if "examples" in (node := recommender_node(cfg)):
        role = "method" if cfg.get("baseline") is None else "baseline"
        _must(_counts(node.examples), f"{role}.examples", "a whole number above 0", node.examples)


def _validate_reading(cfg: DictConfig) -> None:
    """Whether the recommender can read what `inference.reason` chooses."""
    node, chosen = recommender_node(cfg), cfg.inference.reason
    # an oracle reason is read by who learnt from such reasons alone
    reads = learns_reasons(cfg) if chosen == "oracle" else writes_reasons(cfg)
    if chosen not in ("greedy", "none") and not reads:
        raise UserError(
            f"inference.reason={chosen}: this method reads no such reason; choose joint, multi_task or two_model."
        )
    if "ask" in node and node.ask is False and cfg.ranking == "tokens":
        raise UserError(
            "method.ask=false: where nothing is asked no title is written; choose ranking=head or ranking=copying_head."
        )
    if "reason_first" in node and node.reason_first is False:
        if chosen != "greedy":
            raise UserError(
                f"inference.reason={chosen}: with method.reason_first=false no reason is read; take it out."
            )
        if node.get("own_reasons"):
            raise UserError(
                f"method.own_reasons={node.own_reasons}: with method.reason_first=false no reason is read; take it out."
            )
        if cfg.ranking != "tokens":
            raise UserError(
                f"ranking={cfg.ranking}: the head reads what stands last, which is no title with reason_first=false."
            )


def _validate_split(split: DictConfig) -> None:
    _must(split.by in ("person", "file", "data"), "split.by", "person, file or data", split.by)
    if split.cut == "YEAR":
        raise UserError("split.cut: no value given; eval=time needs a year: add split.cut=... to the command.")
    _must(split.cut is None or isinstance(split.cut, int), "split.cut", "a year or null", split.cut)
    if (split.by == "file") != (split.test_file is not None):
        raise UserError("split.test_file: give the file of test people together with split.by=file, and only then.")
    for key in ("valid", "test"):
        share = split[key]
        _must(isinstance(share, int | float) and 0 < share < 1, f"split.{key}", "a share between 0 and 1", share)
    if split.test + split.valid >= 1:
        raise UserError(f"split.valid and split.test: {split.valid} and {split.test} leave nobody to train on.")


def _validate_taxonomy(data: DictConfig) -> None:
    if "taxonomy" not in data:
        return
    known_taxonomy(data.taxonomy)
    if data.get("crosswalk") and "crosswalk" not in data.source and data.taxonomy != "census2002":
        raise UserError(
            f"data.crosswalk: data={data.name} reads one for data.taxonomy=census2002 alone, and this is "
            f"data.taxonomy={data.taxonomy}; take it out."
        )


def _validate_stays(data: DictConfig) -> None:
    stays = data.get("stays")
    _must(stays is None or isinstance(stays, bool), "data.stays", "true or false", stays)
    if stays and "stays" not in data.source:
        raise UserError(
            f"data.stays=true: data={data.name} merges equal neighbouring jobs and has no stays; choose other data, or "
            "take eval=with_stays out of the command."
        )


def _validate_view(view: DictConfig) -> None:
    _must(isinstance(view.education, bool), "view.education", "true or false", view.education)
    _must(view.jobs in ("all", "last"), "view.jobs", "all or last", view.jobs)
    _must(view.titles in ("text", "codes"), "view.titles", "text or codes", view.titles)


def _validate_onet(onet: DictConfig) -> None:
    url, sha256 = onet.url, onet.sha256
    _must(isinstance(onet.download, bool), "onet.download", "true or false", onet.download)
    known = isinstance(url, str) and url.startswith(("http://", "https://"))
    _must(known, "onet.url", "an address that begins with http:// or https://", url)
    digits = isinstance(sha256, str) and re.fullmatch("[0-9a-fA-F]{64}", sha256) is not None
    _must(sha256 is None or digits, "onet.sha256", "64 hex digits in quotation marks, or null", sha256)
    _must(onet.titles is None or _counts(onet.titles), "onet.titles", "a number above 0 or null", onet.titles)


def _validate_ablation(cfg: DictConfig) -> None:
    """An ablation of reasons says nothing of a job that learns from none, and the other way round."""
    name, needs = cfg.ablation.name, cfg.ablation.needs
    _must(needs in ("any", "reasons", "no_reasons"), "ablation.needs", "any, reasons or no_reasons", needs)
    if needs == "reasons" and not learns_reasons(cfg):
        raise UserError(
            f"ablation={name}: this job learns from no reasons; choose a method that does, as method=joint."
        )
    if learns_reasons(cfg) and "mistakes" in cfg.teacher and not str(cfg.teacher._target_).endswith(PLANTS):
        ours = f"ablation={name}" if needs == "reasons" else "teacher.mistakes"
        raise UserError(f"{ours}: only teacher=grounded can plant mistakes; take the other teacher out of the command.")
    if learns_reasons(cfg) and "hindsight" in cfg.teacher:
        _validate_hindsight(cfg)
    if needs == "no_reasons" and (cfg.get("baseline") is not None or class_name(cfg) != "direct"):
        raise UserError(f"ablation={name}: it is method=direct; take the other method or baseline out of the command.")


def _validate_hindsight(cfg: DictConfig) -> None:
    """Where the teacher doesn't look at the next occupation, nothing else that chooses reasons may."""
    hindsight = cfg.teacher.hindsight
    _must(isinstance(hindsight, bool), "teacher.hindsight", "true or false", hindsight)
    if not str(cfg.teacher._target_).endswith(PLANTS):
        raise UserError(
            "teacher.hindsight: only teacher=grounded can leave the next occupation out; take the other teacher, or "
            "ablation=no_hindsight, out of the command."
        )
    if hindsight:
        return
    if "utility" in (cfg.oracle.criteria or ()):
        raise UserError(
            "teacher.hindsight=false: utility is judged with the next occupation at hand and would choose the reasons "
            "that speak for it; add oracle.criteria=[factuality,coherence], or choose ablation=no_hindsight."
        )
    if cfg.inference.reason == "oracle":
        raise UserError(
            "inference.reason=oracle: with teacher.hindsight=false no reason knows the answer, so there is no upper "
            "bound to measure; take one of them out."
        )


def _must(holds: bool, key: str, expected: str, came: Any) -> None:
    if not holds:
        raise UserError(f"{key}: expected {expected}; got '{came}'.")


def _counts(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _missing(values: Any, prefix: str) -> Iterator[str]:
    """The dotted keys whose value must be given. Interpolations stay as written: one may point at such a key."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _missing(value, f"{prefix}{key}.")
        elif value == "???":
            yield f"{prefix}{key}"
