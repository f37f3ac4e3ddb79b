import re
from xml.etree import ElementTree

from reasoning_occ.evaluation.calibration import Bin
from reasoning_occ.report.content import Row
from reasoning_occ.report.figures import (
    by_past_jobs,
    columns,
    comparison,
    dose_response,
    frequencies,
    losses,
    preferences,
    reliability_curve,
    score_histogram,
)


def metric(value, low=None, high=None):
    return {"value": value, "n": 10, "low": low, "high": high}


PART = {"AccEM": metric(0.2, 0.1, 0.3), "Hit@5": metric(0.5, 0.4, 0.6), "counts": {"people": 9, "transitions": 10}}
ALONE = {"AccEM": metric(1.0), "Hit@5": metric(1.0), "counts": {"people": 1, "transitions": 1}}

CRITERIA = ("factuality", "coherence", "utility")
DOSES = [
    {"rate": 0.0, "scores": dict(zip(CRITERIA, (metric(5.0), metric(4.5, 4.2, 4.8), metric(None)), strict=True))},
    {"rate": 0.5, "scores": dict.fromkeys(CRITERIA, metric(3.0, 2.5, 3.5))},
]

REWARDS = {
    "reward_chosen": [(0, 0.0), (1, 0.5)],
    "reward_rejected": [(0, 0.0), (1, -0.5)],
    "reward_margin": [(0, 0.0), (1, 1.0)],
    "reward_accuracy": [(0, 0.0), (1, 1.0)],
}


def figures():
    return {
        "reliability": reliability_curve([Bin(0.2, 0.0, 30), Bin(0.4, 0.5, 30)], [0.2] * 30 + [0.4] * 30),
        "jobs": by_past_jobs({"0": PART, "10+": ALONE}),
        "comparison": comparison([Row("joint & <more>", PART, False), Row("markov", ALONE, True)], "AccEM"),
        "scores": score_histogram("utility", (0, 0, 3, 0, 1), (5, 0, 2, 0, 0), 4, 3, 5),
        "all scored": score_histogram("coherence", (0, 0, 0, 0, 1), (0, 0, 0, 0, 0), None, None, 1),
        "losses": losses({"loss": [(0, 2.0), (5, 1.0)], "loss_answer": [(5, 1.5)]}),
        "dose": dose_response(DOSES),
        "preferences": preferences(REWARDS),
        "columns": columns("years", {str(year): year % 7 for year in range(1960, 2020)}, "year", "jobs begun"),
        "frequencies": frequencies({"jobs": [90, 8, 1], "targets": [1]}),
    }


def test_each_is_one_svg_in_the_pages_colours():
    ids = []
    for name, svg in figures().items():
        root = ElementTree.fromstring(svg)
        assert root.tag.endswith("svg") and "width" not in root.attrib and "viewBox" in root.attrib
        assert "#01020" not in svg and "currentColor" in svg and "var(--first)" in svg, name
        # what is drawn beside the placeholders would not follow the page into the dark
        assert set(re.findall(r"(?:fill|stroke): (#\w+)", svg)) == set(), name
        ids += [e.attrib["id"] for e in root.iter() if re.match(r"[mp][0-9a-f]{10}", e.attrib.get("id", ""))]
    assert len(ids) == len(set(ids)) > 0


def test_text_says_what_is_drawn():
    drawn = figures()
    assert "n=10" in drawn["jobs"] and "10+" in drawn["jobs"]
    assert "joint &amp; &lt;more&gt;" in drawn["comparison"]
    assert "loss answer" in drawn["losses"]
    assert {"margin", "chosen", "rejected", "share of pairs"} <= set(_words(drawn["preferences"]))
    assert all(criterion in drawn["dose"] for criterion in CRITERIA) and "0.5" in drawn["dose"]
    assert "none" in _words(drawn["scores"]) and "none" not in _words(drawn["all scored"])


def test_labels_of_columns_have_room():
    many = {str(year): 1 for year in range(1960, 2020)}
    assert len([word for word in _words(columns("a", many, "", "")) if word in many]) < 10
    few = {str(n): 1 for n in range(13)}
    assert set(few) <= set(_words(columns("b", few, "", "")))


def _words(svg):
    return [e.text for e in ElementTree.fromstring(svg).iter() if e.tag.endswith("text")]


def test_bars_of_scores_are_as_high_as_their_counts():
    svg = score_histogram("utility", (0, 0, 4, 0, 0), (0, 0, 4, 0, 0), None, None, 8)
    columns = [d for d in re.findall(r'<path d="([^"]*)"[^>]*clip-path', svg) if d.count("L") == 3]
    heights = [max(y) - min(y) for y in ([float(n) for n in re.findall(r"[ML] \S+ (\S+)", d)] for d in columns)]
    assert (
        sorted(round(h, 3) for h in heights)[-2:] == [round(max(heights), 3)] * 2 and sum(h > 0 for h in heights) == 2
    )
