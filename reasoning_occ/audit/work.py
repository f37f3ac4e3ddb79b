"""An audit from its questions to its page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reasoning_occ.audit.cost import cost
from reasoning_occ.audit.subject import Subject, called, subject
from reasoning_occ.errors import UserError
from reasoning_occ.evaluation.audit.agreement import agreement, correlations, histograms, pairwise
from reasoning_occ.evaluation.audit.changes import changes
from reasoning_occ.evaluation.audit.disagreements import disagreements
from reasoning_occ.evaluation.audit.dose import RATES, doses, response
from reasoning_occ.evaluation.audit.humans import key, read_labels, write_template
from reasoning_occ.evaluation.audit.placebo import HURTS, PLACEBOS, placebo
from reasoning_occ.evaluation.audit.repeats import repeats
from reasoning_occ.evaluation.audit.sample import Rated
from reasoning_occ.evaluation.judging import judged
from reasoning_occ.files import write_json
from reasoning_occ.reasons.calls.clerk import BudgetReached
from reasoning_occ.reasons.types import Case, Criterion, Judge, Repeatable, Score, Verdict
from reasoning_occ.report.audit import write_page

PEOPLE = "people"
"""The name under which labels of people stand beside judges."""
SHOWN = 10


def template(folder: Path, path: Path, n: int, seed: int | None) -> Path:
    """Write a file of labels to fill in: one candidate, by chance, for each of `n` transitions drawn.

    Raises:
        UserError: as `subject` and `write_template`.
    """
    path = path.absolute()
    with subject(folder, n, seed) as run:
        write_template(path, run.sample.single, run.taxonomy)
    return path


def audit(folder: Path, n: int, rounds: int, labels: Path | None, seed: int | None) -> Path:
    """Audit a run's judge and write audit.json and audit.html into the run's folder.

    Args:
        folder: the run's.
        n: transitions to audit.
        rounds: how often the same is asked; 0: not at all.
        labels: scores by people, or None.
        seed: of the sample and all draws; None for the run's own.

    Returns:
        The path of the page.

    Raises:
        UserError: as `subject`; labels that can't be read; the run's budget is reached, or its judge refuses.
    """
    labels = None if labels is None else labels.absolute()
    with subject(folder, n, seed) as run:
        people = {} if labels is None else read_labels(labels, {key(asked): asked for asked in run.sample.whole})
        judge = run.judge()
        spent = cost(run)  # first: the audit's own calls go to the same ledger
        beside = _beside(run)
        labelled = _labelled(run, people)
        both = _together([*beside, *labelled])
        found = {
            "run": run.folder.name,
            "judge": run.judge_name,
            "teacher": called(run.cfg.teacher),
            "sample": len(run.sample.single),
            "of": len({asked.transition.key for asked in run.sample.whole}),
            "candidates": len(run.sample.whole),
            "seed": run.seed,
            "resamples": run.resamples,
            "scores": histograms(run.sample.whole),
            "correlations": correlations(run.sample.whole, run.resamples, run.seed),
            "agreement": _agreement(run, beside),
            "people": _people(run, labelled),
            "placebos": _placebos(run, judge),
            "dose": _dose(run, judge),
            "repeats": _repeats(run, judge, rounds),
            "disagreements": disagreements(both, SHOWN, run.taxonomy),
            "cost": spent,
        }
        write_json(run.folder / "audit.json", found)
        return write_page(run.folder, found)


def _ask(run: Subject, judge: Judge, cases: Sequence[Case], what: str) -> list[Verdict]:
    try:
        return judged(judge, cases, what)
    except BudgetReached as error:
        raise UserError(
            "calls.budget_usd: the run's budget is reached. Start the run again with a higher one, then the audit: "
            "no answer that is there is paid again."
        ) from error


def _again(judge: Judge, sample: int) -> Judge:
    """The judge in a round of its own, where there is such a thing."""
    return judge.again(sample) if isinstance(judge, Repeatable) else judge


def _beside(run: Subject) -> list[Rated]:
    """Candidates with several judges' scores: of all what a panel's members said, else the built-in judge beside the
    run's own on those drawn; none where that is the run's own."""
    panel = [Rated(asked, asked.verdict.members) for asked in run.sample.whole if asked.verdict.members]
    other = None if panel else run.beside()
    if other is None:
        return panel
    said = _ask(run, other, [asked.case for asked in run.sample.drawn], "a second judge")
    return [
        Rated(asked, {run.judge_name: asked.verdict.scores, "rubric": verdict.scores})
        for asked, verdict in zip(run.sample.drawn, said, strict=True)
    ]


def _labelled(run: Subject, labels: Mapping[str, Mapping[Criterion, Score]]) -> list[Rated]:
    """Candidates that people scored, with the judge's scores and, of a panel, each member's."""
    return [
        Rated(asked, {PEOPLE: labels[name], run.judge_name: asked.verdict.scores, **asked.verdict.members})
        for asked in run.sample.whole
        if (name := key(asked)) in labels
    ]


def _together(rated: Sequence[Rated]) -> list[Rated]:
    """One entry a candidate, with all scores that any has for it."""
    found: dict[tuple[Any, int], Rated] = {}
    for one in rated:
        at = (one.asked.transition.key, one.asked.number)
        found[at] = Rated(one.asked, {**found[at].scores, **one.scores} if at in found else one.scores)
    return list(found.values())


def _agreement(run: Subject, beside: Sequence[Rated]) -> dict[str, Any] | None:
    if not beside:
        return None
    return {
        "judges": sorted({name for one in beside for name in one.scores}),
        "panel": any(one.asked.verdict.members for one in beside),
        "alpha": agreement(beside, run.resamples, run.seed),
    }


def _people(run: Subject, labelled: Sequence[Rated]) -> dict[str, Any] | None:
    if not labelled:
        return None
    judges = dict.fromkeys(name for one in labelled for name in one.scores if name != PEOPLE)
    return {name: pairwise(labelled, PEOPLE, name, run.resamples, run.seed) for name in judges}


def _placebos(run: Subject, judge: Judge) -> dict[str, Any]:
    """The placebos that could be made, and how many could not. All is asked in a round of its own: the run's scores
    are those for which a reason was chosen, so they would fall at the next asking by themselves."""
    fresh = _again(judge, 1)
    oracle = run.sample.oracle
    targets = [t.target for t in run.train]
    made = {kind: placebo(kind, oracle, targets, run.seed) for kind in PLACEBOS}
    before = _ask(run, fresh, [asked.case for asked in oracle], "oracle reasons")
    cases = [case for kind in PLACEBOS for case in made[kind] if case is not None]
    said = iter(_ask(run, fresh, cases, "placebos"))
    out: dict[str, Any] = {}
    for kind in PLACEBOS:
        at = [i for i, case in enumerate(made[kind]) if case is not None]
        after = [next(said) for _ in at]
        people = [oracle[i].person for i in at]
        compared = changes(people, [before[i] for i in at], after, HURTS[kind], run.resamples, run.seed)
        out[kind] = {**compared, "left_out": len(oracle) - len(at)}
    return out


def _dose(run: Subject, judge: Judge) -> dict[str, Any]:
    given = doses(run.sample.transitions, {rate: run.teacher(rate) for rate in RATES})
    asked = given.places()
    said = _ask(run, judge, [given.case(rate, place) for rate, place in asked], "planted mistakes")
    verdicts = {
        (place, given.written[rate][place].text): verdict for (rate, place), verdict in zip(asked, said, strict=True)
    }
    return response(given, verdicts, run.resamples, run.seed)


def _repeats(run: Subject, judge: Judge, rounds: int) -> dict[str, Any]:
    """The run's own scores are the first round."""
    out: dict[str, Any] = {"rounds": rounds, "repeatable": _again(judge, 1) is not judge, "criteria": None}
    if rounds and out["repeatable"]:
        single = run.sample.single
        cases = [asked.case for asked in single]
        said = [_ask(run, _again(judge, i), cases, f"asked again, {i + 1} of {rounds}") for i in range(1, rounds)]
        people = [asked.person for asked in single]
        kept = [asked.verdict for asked in single]
        out["criteria"] = repeats(people, [kept, *said], run.cfg.oracle.thresholds, run.resamples, run.seed)
    return out
