"""audit.html: what an audit found, for people to read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reasoning_occ.files import whole
from reasoning_occ.report import figures
from reasoning_occ.report.jobs import setting
from reasoning_occ.report.oracle_pictures import scores
from reasoning_occ.report.pictures import Picture
from reasoning_occ.report.render import render
from reasoning_occ.report.sentences import interval, value

PLACEBOS = {
    "person": "told of another person",
    "sentences": "with sentences in another order",
    "occupation": "said to explain another occupation",
}
"""What was done to a reason, in words."""


def write_page(folder: Path, found: Mapping[str, Any]) -> Path:
    """Write audit.html from what audit.json holds.

    Returns:
        The path of the page.
    """
    from markupsafe import Markup

    page = render(
        "audit.html.j2",
        found=found,
        lead=lead(found),
        cost=cost(found["cost"]),
        placebos=PLACEBOS,
        picture=_scores(folder, found["scores"]),
        dose=Markup(figures.dose_response(found["dose"]["rates"])),
    )
    path = folder / "audit.html"
    with whole(path) as file:
        file.write(page)
    return path


def _scores(folder: Path, found: Mapping[str, Any]) -> Picture:
    others = {c: [a - k for a, k in zip(counts["all"], counts["kept"], strict=True)] for c, counts in found.items()}
    return scores(
        {c: {"chosen": counts["kept"], "others": others[c]} for c, counts in found.items()},
        {c: counts["unscored"] for c, counts in found.items()},
        {c: setting(folder, f"oracle.thresholds.{c}") for c in found},
    )


def lead(found: Mapping[str, Any]) -> str:
    """The result in a few sentences."""
    told = [
        f"{entry['hurts']} falls for {_percent(entry['detected'])} of {entry['detected']['n']} reasons {PLACEBOS[kind]}"
        for kind, entry in found["placebos"].items()
        if entry["detected"]["n"]
    ]
    placebos = f"Of reasons made worthless on purpose: {'; '.join(told)}." if told else "No placebo could be scored."
    agreed = found["agreement"]
    if agreed is None:
        return placebos
    alphas = [f"{c} {value(metric, 2)}" for c, metric in agreed["alpha"].items()]
    return f"{placebos} Agreement of {' and '.join(agreed['judges'])} (alpha): {', '.join(alphas)}."


def cost(found: Mapping[str, Any]) -> list[str]:
    """What the reasons cost, in sentences."""
    kept = f"{found['kept']:,} reasons were kept."
    if found["basis"] == "free":
        return [kept, "Teacher and judge are built in or run on this machine: nobody was paid."]
    if found["basis"] == "not there":
        return [kept, "The run's calls are not in its ledger (calls.ledger), so what they cost is unknown."]
    calls = f"{found['calls']:,} calls"
    if found["basis"] == "exact":
        whose = f"The {calls} behind them were made up again and found in the ledger"
        parts = [f"{name} {part['calls']:,} calls, {_usd(part)}" for name, part in found["parts"].items()]
        told = f"{whose}: {'; '.join(parts)}."
    else:
        told = (
            "This run's own calls could not be made up again, so these are totals of the ledger, other runs' calls "
            f"included: {calls} to {', '.join(found['models']) or 'nobody'}, {_usd(found)}."
        )
    each = found["usd_a_reason"]
    ratio = "unknown" if each is None else f"${each:.4f}"
    return [kept, told, f"What a kept reason cost: {ratio}{' at most' if found['basis'] == 'totals' and each else ''}."]


def _usd(found: Mapping[str, Any]) -> str:
    if found["usd"] is not None:
        return f"${found['usd']:.4f}"
    return f"price unknown for {found['unpriced']:,} of them" if found["unpriced"] else "price unknown"


def _percent(metric: Mapping[str, Any]) -> str:
    shown = [f"{100 * float(f'{metric[end]:.2f}'):.0f}" for end in ("value", "low", "high") if metric[end] is not None]
    return f"{shown[0]}% ({shown[1]}-{shown[2]})" if interval(metric, 2) else f"{shown[0]}%"
