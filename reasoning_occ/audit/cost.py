"""What a kept reason cost."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from reasoning_occ.asking import Hands, asking_nodes, choosing, reasoner
from reasoning_occ.audit.subject import Subject
from reasoning_occ.progress import console
from reasoning_occ.reasons.bill import Archive, Bill, judged_again, written_again
from reasoning_occ.reasons.calls.ledger import Ledger


def cost(run: Subject) -> dict[str, Any]:
    """What the answers behind a run's training reasons cost when they were first asked for.

    Returns:
        `{"basis", "kept", "calls", "unpriced", "usd", "usd_a_reason", "parts", "models"}`. basis: "free" where nobody
        else was asked; "exact" where the run's calls could be made up again and found in the ledger; "totals" where
        not, so that these are all calls of the ledger to those models, other runs' included; "not there" where the
        ledger has none of them. usd: None where it is unknown. parts: calls and usd of teacher and judge, where exact.
    """
    kept = sum(line.chosen is not None for line in run.lines)
    ledger = Path(run.cfg.calls.ledger)
    asked = dict(node for role in ("teacher", "judge") for node in asking_nodes(run.cfg[role], role))
    found: dict[str, Any] = {"basis": "not there", "calls": None, "unpriced": None, "usd": None}
    found |= {"parts": {}, "models": []}
    with console.status("Looking up what the reasons cost"):
        bills = {name: _bill(name, node, run, ledger) for name, node in asked.items()} if ledger.is_file() else {}
    if not asked:
        found |= {"basis": "free", "calls": 0, "unpriced": 0, "usd": 0.0}
    elif any(bill.answers for bill, _ in bills.values()):
        models = sorted({model for bill, _ in bills.values() for model in bill.models})
        found["models"] = [" ".join(model) for model in models]
        if all(exact for _, exact in bills.values()):
            parts = {name: (len(bill.answers), bill.unpriced, bill.usd) for name, (bill, _) in bills.items()}
            found |= {"basis": "exact"} | _sum(list(parts.values()))
            found["parts"] = {name: _sum([part]) for name, part in parts.items()}
        else:
            rows = [row for row in Ledger(ledger).totals() if (row["provider"], row["model"]) in models]
            each = [(row["calls"], row["calls"] - row["priced"], row["usd"]) for row in rows]
            found |= {"basis": "totals"} | _sum(each)
    usd = found["usd"]
    return {**found, "kept": kept, "usd_a_reason": usd / kept if usd is not None and kept else None}


def _bill(name: str, node: DictConfig, run: Subject, ledger: Path) -> tuple[Bill, bool]:
    """The bill of the teacher, of the judge or of one inside it, and whether it is whole."""
    archive = Archive(ledger, list(run.cfg.privacy.send))
    by_key = {t.key: t for t in run.train}
    asker = reasoner(node, run.taxonomy, Hands(archive, chat=_nobody, predict=_nobody))
    if name == "teacher":
        same = written_again(asker, run.lines, by_key, choosing(run.cfg)[0].counted, run.cfg.oracle.retries)
        return archive.bill, same and not archive.bill.missing
    same = judged_again(asker, run.lines, by_key)
    # what one inside another judge said is not all on record: its calls are whole if none is missing
    return archive.bill, same if name == "judge" else not archive.bill.missing


def _nobody(name: str | None) -> Any:
    raise AssertionError(f"whoever makes calls needs no model in this process: {name}")


def _sum(parts: list[tuple[int, int, float | None]]) -> dict[str, Any]:
    calls, unpriced = sum(part[0] for part in parts), sum(part[1] for part in parts)
    usd = None if unpriced or not calls else sum(part[2] or 0.0 for part in parts)
    return {"calls": calls, "unpriced": unpriced, "usd": usd}
